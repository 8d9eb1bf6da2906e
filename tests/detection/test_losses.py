"""The losses: zero for perfect answers, equal to what they generalize, and they lead there."""

import keras
import numpy as np
import pytest

from reslib.detection import Grid, distance_loss, focal_loss, iou
from reslib.models import pyramid_detector
from reslib.probes import gradient
from reslib.probes.gradients import state_of

GRID = Grid((32, 32), (2, 4, 8, 16))
BOXES = np.array([[[2, 3, 12, 9], [14, 15, 31, 32]], [[0, 0, 32, 20], [20, 22, 25, 31]]])
LABELS = np.array([[1, 3], [2, 2]])
CLASSES, DISTANCES = GRID.encode(BOXES, LABELS)
TRUTH = np.eye(4, dtype="float32")[CLASSES][..., 1:]
values = keras.ops.convert_to_numpy


def random_answers():
    random = np.random.default_rng(0)
    logits = random.normal(size=(*CLASSES.shape, 3)).astype("float32")
    return logits, random.uniform(0.1, 5, DISTANCES.shape).astype("float32")


def test_zero_for_perfect_answers():
    logits = np.where(np.eye(4)[CLASSES][..., 1:], 50, -50).astype("float32")
    assert (values(focal_loss(CLASSES, logits)) < 1e-6).all()
    perfect = np.where(DISTANCES.any(-1, keepdims=True), DISTANCES, np.float32(7))
    np.testing.assert_allclose(values(distance_loss(DISTANCES, perfect)), [0, 0], atol=1e-6)


def test_focal_loss_without_focus_is_half_the_cross_entropy():
    logits, _ = random_answers()
    expected = values(keras.losses.binary_crossentropy(TRUTH, logits, True))
    expected = np.sum(3 * expected, axis=1) / (CLASSES > 0).sum(axis=1)
    np.testing.assert_allclose(values(focal_loss(CLASSES, logits, 0.5, 0)), expected / 2, 1e-5)


def test_focal_loss_equals_that_of_keras():
    logits, _ = random_answers()
    terms = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=True, alpha=0.25, gamma=2, from_logits=True, reduction=None
    )(TRUTH, logits)
    expected = np.sum(3 * values(terms), axis=1) / (CLASSES > 0).sum(axis=1)
    np.testing.assert_allclose(values(focal_loss(CLASSES, logits)), expected, rtol=1e-5)


def test_distance_loss_is_the_mean_of_one_minus_iou():
    _, predicted = random_answers()
    loss = 1 - iou(GRID.decode(DISTANCES), GRID.decode(predicted))
    expected = [row[seen].mean() for row, seen in zip(loss, CLASSES > 0, strict=True)]
    np.testing.assert_allclose(values(distance_loss(DISTANCES, predicted)), expected, rtol=1e-4)


def test_a_picture_without_objects_is_no_special_case():
    logits, predicted = random_answers()
    assert (values(distance_loss(np.zeros_like(DISTANCES), predicted)) == 0).all()
    assert (values(focal_loss(np.zeros_like(CLASSES), logits)) > 0).all()


def test_steps_lower_both_losses_and_reach_every_weight():
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 1)).astype("float32")
    for levels, classes, distances in (
        ("all", CLASSES, DISTANCES),
        ("coarsest", *Grid((32, 32), (16,)).encode(BOXES, LABELS)),
    ):
        keras.utils.set_random_seed(0)
        model = pyramid_detector(2, 4, levels=levels, input_shape=(32, 32, 1), classes=3)
        optimizer = keras.optimizers.Adam(0.003)

        def parts(weights, model=model, classes=classes, distances=distances):
            state = state_of(model)[1]
            logits, predicted = model.stateless_call(list(weights), state, x, training=True)[0]
            return (
                keras.ops.mean(focal_loss(classes, logits)),
                keras.ops.mean(distance_loss(distances, predicted)),
            )

        history = []
        for _ in range(5):
            weights = state_of(model)[0]
            history.append([float(values(part)) for part in parts(weights)])
            gradients = gradient(lambda *weights, parts=parts: sum(parts(weights)), weights)
            assert all(np.isfinite(g).all() and g.any() for g in gradients)
            optimizer.apply(gradients, model.trainable_variables)
        assert history[-1][0] < history[0][0] and history[-1][1] < history[0][1]


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX has no double precision unasked")
def test_gradients_against_finite_differences():
    answers = [a.astype("float64") for a in random_answers()]
    direction = [np.random.default_rng(1).normal(size=a.shape) for a in answers]
    distances = DISTANCES.astype("float64")

    def loss(logits, predicted):
        return keras.ops.sum(focal_loss(CLASSES, logits)) + keras.ops.sum(
            distance_loss(distances, predicted)
        )

    def ahead(step):
        tensors = (a + step * d for a, d in zip(answers, direction, strict=True))
        return float(values(loss(*map(keras.ops.convert_to_tensor, tensors))))

    gradients = gradient(loss, answers)
    slope = sum(np.sum(g * d) for g, d in zip(gradients, direction, strict=True))
    assert abs((ahead(1e-6) - ahead(-1e-6)) / 2e-6 - slope) < 1e-4 * abs(slope)


@pytest.mark.parametrize(
    "loss, arguments, name",
    [
        (focal_loss, (CLASSES, np.zeros((2, 5, 3))), "logits"),
        (focal_loss, (CLASSES[0], np.zeros((5, 3))), "classes"),
        (distance_loss, (DISTANCES, DISTANCES[:, :1]), "predicted"),
        (distance_loss, (DISTANCES[..., :2], DISTANCES[..., :2]), "distances"),
    ],
)
def test_other_shapes_are_refused(loss, arguments, name):
    with pytest.raises(ValueError, match=f"{name} must have the shape .*received"):
        loss(*arguments)
