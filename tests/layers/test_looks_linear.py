"""Mirrored rectifiers and the initialization that makes them start linear."""

import keras
import numpy as np
import pytest

from reslib.layers import LooksLinear, MirroredReLU


def test_mirrored_relu_loses_nothing():
    """x = relu(x) - relu(-x), and the length of x is kept."""
    x = np.random.default_rng(0).normal(size=(4, 2, 3)).astype("float32")
    y = np.asarray(MirroredReLU()(x))
    assert y.shape == (4, 2, 6) and (y >= 0).all()
    np.testing.assert_array_equal(y[..., :3] - y[..., 3:], x)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 4), (8, 2), (8, 6), (3, 3, 8, 4)], ids=str)
def test_kernel_is_mirrored_and_orthogonal(shape):
    kernel = np.asarray(LooksLinear(gain=2.0)(shape))
    assert kernel.shape == shape
    half, mirrored = np.split(kernel, 2, axis=-2)
    np.testing.assert_array_equal(mirrored, -half)
    matrix = half.reshape(-1, shape[-1]) / 2
    gram = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


def test_both_together_are_linear():
    layer = keras.layers.Dense(3, kernel_initializer=LooksLinear())
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    y = np.asarray(layer(MirroredReLU()(x)))
    half = layer.kernel.numpy()[:3]
    np.testing.assert_allclose(y, x @ half, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-5)


def test_config_and_seed():
    """A seed decides the values; without one each initializer has its own."""
    made = LooksLinear(gain=0.5, seed=3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert type(again) is LooksLinear
    np.testing.assert_array_equal(again((4, 2)), made((4, 2)))
    assert not np.allclose(LooksLinear()((4, 2)), LooksLinear()((4, 2)))


@pytest.mark.parametrize("shape", [(3, 4), (4,)], ids=str)
def test_kernel_that_is_not_mirrored_is_refused(shape):
    with pytest.raises(ValueError, match="even number of inputs"):
        LooksLinear()(shape)


def test_unknown_channels_are_refused():
    with pytest.raises(ValueError, match="MirroredReLU.*None"):
        MirroredReLU()(keras.KerasTensor((4, None)))
