"""The losses: zero for perfect answers, equal to what they generalize, and they lead there."""

import keras
import numpy as np
import tensorflow as tf

from reslib.detection import Grid, distance_loss, focal_loss, iou
from reslib.models import pyramid_detector

GRID = Grid((32, 32), (2, 4, 8, 16))
BOXES = np.array([[[2, 3, 12, 9], [14, 15, 31, 32]], [[0, 0, 32, 20], [20, 22, 25, 31]]])
LABELS = np.array([[1, 3], [2, 2]])
CLASSES, DISTANCES = GRID.encode(BOXES, LABELS)


def random_answers():
    random = np.random.default_rng(0)
    logits = random.normal(size=(*CLASSES.shape, 3)).astype("float32")
    return logits, random.uniform(0.1, 5, DISTANCES.shape).astype("float32")


def test_zero_for_perfect_answers():
    logits = np.where(np.eye(4)[CLASSES][..., 1:], 50, -50).astype("float32")
    assert (focal_loss(CLASSES, logits).numpy() < 1e-6).all()
    perfect = np.where(DISTANCES.any(-1, keepdims=True), DISTANCES, 7)
    np.testing.assert_allclose(distance_loss(DISTANCES, perfect), [0, 0], atol=1e-6)


def test_focal_loss_without_focus_is_half_the_cross_entropy():
    logits, _ = random_answers()
    expected = keras.losses.binary_crossentropy(np.eye(4)[CLASSES][..., 1:], logits, True)
    expected = np.sum(3 * expected, axis=1) / (CLASSES > 0).sum(axis=1)
    np.testing.assert_allclose(focal_loss(CLASSES, logits, 0.5, 0), expected / 2, rtol=1e-5)


def test_focal_loss_equals_that_of_keras():
    logits, _ = random_answers()
    terms = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=True, alpha=0.25, gamma=2, from_logits=True, reduction=None
    )(np.eye(4)[CLASSES][..., 1:], logits)
    expected = np.sum(3 * terms, axis=1) / (CLASSES > 0).sum(axis=1)
    np.testing.assert_allclose(focal_loss(CLASSES, logits), expected, rtol=1e-5)


def test_distance_loss_is_the_mean_of_one_minus_iou():
    _, predicted = random_answers()
    loss = 1 - iou(GRID.decode(DISTANCES), GRID.decode(predicted)).numpy()
    expected = [row[seen].mean() for row, seen in zip(loss, CLASSES > 0, strict=True)]
    np.testing.assert_allclose(distance_loss(DISTANCES, predicted), expected, rtol=1e-4)


def test_a_picture_without_objects_is_no_special_case():
    logits, predicted = random_answers()
    assert (distance_loss(np.zeros_like(DISTANCES), predicted).numpy() == 0).all()
    assert (focal_loss(np.zeros_like(CLASSES), logits).numpy() > 0).all()


def test_steps_lower_both_losses_and_reach_every_weight():
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 1)).astype("float32")
    for levels, classes, distances in (
        ("all", CLASSES, DISTANCES),
        ("coarsest", *Grid((32, 32), (16,)).encode(BOXES, LABELS)),
    ):
        keras.utils.set_random_seed(0)
        model = pyramid_detector(2, 4, levels=levels, input_shape=(32, 32, 1), classes=3)
        optimizer = keras.optimizers.Adam(0.003)
        history = []
        for _ in range(5):
            with tf.GradientTape() as tape:
                logits, predicted = model(x, training=True)
                parts = (
                    tf.reduce_mean(focal_loss(classes, logits)),
                    tf.reduce_mean(distance_loss(distances, predicted)),
                )
                loss = sum(parts)
            gradients = tape.gradient(loss, [w.value for w in model.trainable_weights])
            assert all(g is not None and np.isfinite(g).all() for g in gradients)
            optimizer.apply(gradients, model.trainable_weights)
            history.append([float(part) for part in parts])
        assert history[-1][0] < history[0][0] and history[-1][1] < history[0][1]


def test_gradients_against_finite_differences():
    logits, predicted = (tf.Variable(a.astype("float64")) for a in random_answers())
    direction = [np.random.default_rng(1).normal(size=v.shape) for v in (logits, predicted)]

    def loss(step=0.0):
        return tf.reduce_sum(focal_loss(CLASSES, logits + step * direction[0])) + tf.reduce_sum(
            distance_loss(DISTANCES.astype("float64"), predicted + step * direction[1])
        )

    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, [logits, predicted])
    slope = sum(float(tf.reduce_sum(g * d)) for g, d in zip(gradients, direction, strict=True))
    assert abs(float(loss(1e-6) - loss(-1e-6)) / 2e-6 - slope) < 1e-4 * abs(slope)
