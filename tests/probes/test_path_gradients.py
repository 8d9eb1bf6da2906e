"""Gradients along single paths, held against products of matrices and the whole gradient."""

import itertools
import math

import keras
import numpy as np
import pytest

from reslib.layers import OneLayerBlock
from reslib.models import cifar_resnet
from reslib.probes import gradient, path_gradients

SHAPE = (6, 6, 1)
KINDS = {  # with the shortcuts that change the gradient on their own, too
    "basic": {"shortcut": "A"},
    "projections": {"shortcut": "C"},
    "bottleneck": {"block": "bottleneck", "shortcut": "B"},
    "pre-activation": {"block": "pre_activation", "shortcut": "B"},
    "stochastic depth": {"survival_probability": 0.5},
}


def batch(count=5):
    random = np.random.default_rng(0)
    return random.normal(size=(count, *SHAPE)).astype("float32"), random.integers(0, 10, count)


def network(block="basic", **options):
    keras.utils.set_random_seed(0)
    depth = 11 if block == "bottleneck" else 8
    return cifar_resnet(depth, width=4, input_shape=SHAPE, block=block, **options)


def every_path(blocks):
    return list(itertools.product([False, True], repeat=blocks))


def whole_gradient(model, x, y):
    loss = keras.losses.sparse_categorical_crossentropy
    return gradient(lambda x: keras.ops.sum(loss(y, model(x), from_logits=True)), [x])[0]


def test_linear_blocks_give_products_of_their_matrices():
    """y = v (W₃ + I)(W₂ + I)(W₁ + I) x, multiplied out: one term for each path."""
    random = np.random.default_rng(0)
    matrices, v = random.uniform(0.1, 1, (3, 4, 4)), random.normal(size=4)
    blocks = [OneLayerBlock(4, normalization=None) for _ in matrices]
    readout = keras.layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((1, 1, 4)), *blocks, keras.layers.Flatten(), readout])
    for block, matrix in zip(blocks, matrices, strict=True):
        kernel = np.zeros((3, 3, 4, 4))
        kernel[1, 1] = matrix.T  # Keras multiplies from the left
        block.conv1.convolution.kernel.assign(kernel)
    readout.kernel.assign(v[:, None])

    x = random.uniform(0.1, 1, (2, 1, 1, 4))  # all is positive, so that no ReLU cuts anything off
    paths = every_path(3)
    gradients = path_gradients(model, x, np.zeros(2), paths, loss=lambda y, outputs: outputs[:, 0])
    for path, found in zip(paths, gradients, strict=True):
        expected = v
        for matrix, taken in reversed(list(zip(matrices, path, strict=True))):
            expected = expected @ matrix if taken else expected
        np.testing.assert_allclose(found[:, 0, 0], [expected, expected], rtol=1e-5)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS.keys())
def test_all_paths_add_up_to_the_gradient(options):
    """Also with ReLU, normalization and projections: going back, all of them are linear."""
    model, (x, y) = network(**options), batch()
    gradients, whole = path_gradients(model, x, y, every_path(3)), whole_gradient(model, x, y)
    size = np.abs(whole).max()
    np.testing.assert_allclose(gradients.sum(axis=0), whole, atol=1e-4 * size)
    assert np.abs(gradients[:-1].sum(axis=0) - whole).max() > 1e-2 * size  # one path missing


@pytest.mark.parametrize("block", ["basic", "pre_activation"])
def test_branches_at_zero_leave_one_path(block):
    """Only the path of length 0 carries anything, and it carries all."""
    model, (x, y) = network(block, identity_start=True), batch()
    gradients = path_gradients(model, x, y, every_path(3))
    np.testing.assert_allclose(gradients[0], whole_gradient(model, x, y), rtol=1e-4, atol=1e-7)
    assert (gradients[1:] == 0).all() and (gradients[0] != 0).any()


def test_number_of_paths_is_binomial():
    lengths = np.sum(every_path(9), axis=1)
    assert np.bincount(lengths).tolist() == [math.comb(9, k) for k in range(10)]


def test_rows_follow_the_paths_whatever_the_size_of_a_batch():
    model, (x, y) = network(), batch()
    paths = every_path(3)
    gradients = path_gradients(model, x, y, paths)
    assert gradients.shape == (8, *x.shape)
    for size in (1, 12):
        again = path_gradients(model, x, y, paths[::-1], batch_size=size)[::-1]
        np.testing.assert_allclose(again, gradients, rtol=1e-3, atol=1e-6)
    alone = path_gradients(model, x[2:3], y[2:3], paths[5:6])
    np.testing.assert_allclose(alone[0, 0], gradients[5, 2], rtol=1e-3, atol=1e-6)


def test_model_is_left_as_it_was():
    model = network(survival_probability=0.5)
    before, attributes = model.get_weights(), [set(vars(layer)) for layer in model.layers]
    path_gradients(model, *batch(), every_path(3))
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [set(vars(layer)) for layer in model.layers] == attributes


def test_images_in_bytes_are_numbers_too():
    model, (x, y) = network(), batch()
    x = np.round(50 * np.abs(x)).astype("uint8")
    gradients = path_gradients(model, x, y, every_path(3))
    np.testing.assert_array_equal(
        gradients, path_gradients(model, x.astype("float32"), y, every_path(3))
    )


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"y": np.arange(4)}, "y must hold labels from 0 to 9, one for each answer"),
        ({"y": np.full(5, 10)}, "y must hold labels from 0 to 9"),
        ({"x": np.zeros((0, *SHAPE)), "y": np.zeros(0, int)}, "x must hold at least one"),
        ({"paths": np.zeros((0, 3), bool)}, "paths must be booleans"),
        ({"batch_size": 0}, "batch_size must be"),
    ],
)
def test_bad_argument_is_refused_by_name(changes, message):
    x, y = batch()
    with pytest.raises(ValueError, match=message):
        path_gradients(network(), **{"x": x, "y": y, "paths": every_path(3), **changes})


@pytest.mark.parametrize("paths", [[[True, False]], [True] * 3, [[1, 0, 1]]])
def test_other_paths_are_refused(paths):
    with pytest.raises(ValueError, match=r"paths must be booleans of the shape \(paths, 3\)"):
        path_gradients(network(), *batch(), paths)


def test_plain_network_is_refused():
    with pytest.raises(ValueError, match="model must have a shortcut .* of plain_8 has none"):
        path_gradients(network(shortcut=None), *batch(), every_path(3))
