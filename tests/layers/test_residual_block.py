"""What makes a residual block one: identities that hold exactly, and windows that line up."""

import keras
import numpy as np
import pytest
from check import gradients, with_random_weights

from reslib.layers import IdentityShortcut, NormalizedConv2D, ResidualBlock


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def relu(x):
    return np.maximum(x, 0)


@pytest.mark.parametrize("normalization", ["batch", None])
@pytest.mark.parametrize("shortcut", ["A", "B"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
def test_identity_start_passes_the_input_on(training, shortcut, normalization):
    """With as many channels and no stride the block begins as `relu(x)`, exactly."""
    block = ResidualBlock(3, shortcut=shortcut, normalization=normalization, identity_start=True)
    x = images(4, 5, 6, 3)
    np.testing.assert_array_equal(block(x, training=training), relu(x))


def test_without_identity_start_the_input_is_changed():
    x = images(4, 5, 6, 3)
    assert not np.allclose(ResidualBlock(3)(x, training=True), relu(x), atol=0.1)


@pytest.mark.parametrize("strides, filters", [(1, 3), (2, 3), (2, 5)])
def test_plain_block_is_option_a_less_the_shortcut(strides, filters):
    """With the same weights A gives `relu(F(x) + shortcut(x))`, and the plain block `relu(F(x))`.

    F(x) is taken from the plain block, from behind its second convolution."""
    residual, plain = (ResidualBlock(filters, strides, shortcut=option) for option in ("A", None))
    x = images(4, 5, 6, 3)
    for block in (residual, plain):
        block.build(x.shape)
    assert [w.path.split("/", 1)[1] for w in residual.weights] == [
        w.path.split("/", 1)[1] for w in plain.weights
    ]
    with_random_weights(residual)
    plain.set_weights(residual.get_weights())

    change = plain.conv2(plain.conv1(x))
    skipped = np.zeros(change.shape, "float32")
    skipped[..., :3] = x[:, ::strides, ::strides]
    np.testing.assert_array_equal(plain(x), relu(change))
    np.testing.assert_allclose(residual(x), relu(change + skipped), rtol=1e-6)
    assert not np.allclose(residual(x), plain(x))


def test_identity_shortcut_subsamples_and_fills_with_zeros():
    x = images(2, 5, 6, 3)
    out = np.asarray(IdentityShortcut(5, strides=2)(x))
    np.testing.assert_array_equal(out[..., :3], x[:, ::2, ::2])
    np.testing.assert_array_equal(out[..., 3:], 0)
    np.testing.assert_array_equal(IdentityShortcut(3)(x), x)


def test_projection_takes_the_rows_that_the_identity_would():
    """A 1×1 projection with unit kernel is the identity shortcut."""
    x = images(2, 5, 6, 3)
    projection = NormalizedConv2D(5, 1, strides=2, normalization=None)
    projection.build(x.shape)
    projection.set_weights([np.eye(3, 5)[None, None], np.zeros(5)])
    np.testing.assert_allclose(projection(x), IdentityShortcut(5, strides=2)(x), rtol=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (7, 8), (5, 9), (1, 2)])
@pytest.mark.parametrize("kernel_size, strides", [(3, 1), (3, 2), (5, 2), (5, 3), (1, 2)])
def test_convolution_is_padded_the_same_on_every_side(size, kernel_size, strides):
    """Windows are centred on the rows and columns 0, s, 2s, …: the ones that a shortcut keeps.

    So torch's `Conv2d(padding=k // 2, stride=s)` does it; the loop here says it in NumPy."""
    x = images(2, *size, 3)
    layer = NormalizedConv2D(4, kernel_size, strides=strides, normalization=None)
    layer.build(x.shape)
    kernel = images(kernel_size, kernel_size, 3, 4, seed=1)
    layer.set_weights([kernel, np.zeros(4)])

    reach = kernel_size // 2
    padded = np.pad(x, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    rows = [
        [
            np.tensordot(padded[:, i : i + kernel_size, j : j + kernel_size], kernel, 3)
            for j in range(0, size[1], strides)
        ]
        for i in range(0, size[0], strides)
    ]
    expected = np.array(rows).transpose(2, 0, 1, 3)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size, channels, batch", [(64, 2, 1), (64, 4, 1), (48, 4, 2), (32, 2, 1)])
def test_gradient_of_a_strided_projection(size, channels, batch):
    """With an image of ones each number of the kernel feels every position of the output once.

    TensorFlow's own gradient of a strided 1×1 convolution crashes at these sizes."""
    layer = NormalizedConv2D(4, 1, strides=2, normalization=None)
    image = np.ones((batch, size, size, channels), "float32")
    layer.build(image.shape)
    for _ in range(50):
        gradient = gradients(layer, image, keras.ops.sum)[layer.convolution.kernel.path]
        np.testing.assert_array_equal(gradient, np.full((1, 1, channels, 4), batch * size**2 / 4))


@pytest.mark.parametrize("shortcut", ["A", "B", "C", None])
def test_odd_sizes_are_rounded_up(shortcut):
    """The known answer of a 63×65 image."""
    assert ResidualBlock(2, strides=2, shortcut=shortcut)(images(1, 63, 65, 1)).shape == (
        1,
        32,
        33,
        2,
    )


def test_batch_normalization_has_the_papers_settings():
    """Momentum 0.9 and epsilon 1e-5, not Keras's 0.99 and 1e-3; kernels have no bias."""
    block = ResidualBlock(4, shortcut="C")
    block.build((None, 8, 8, 3))
    for part in (block.conv1, block.conv2, block.shortcut_layer):
        assert (part.norm.momentum, part.norm.epsilon) == (0.9, 1e-5)
        assert not part.convolution.use_bias


def test_convolution_keeps_the_variance_of_a_rectified_signal():
    """He initialization: the mean square of the output is twice that of the input."""
    keras.utils.set_random_seed(0)
    x = relu(images(4, 16, 16, 32))
    layer = NormalizedConv2D(256, 3, normalization=None)
    interior = np.asarray(layer(x))[:, 1:-1, 1:-1]
    np.testing.assert_allclose(np.mean(interior**2) / np.mean(x**2), 2, rtol=0.1)
