"""The other kinds of block: each equals its formula, and starts as it says."""

import keras
import numpy as np
import pytest
from check import gradients, with_random_weights

from reslib.layers import (
    BottleneckBlock,
    IdentityShortcut,
    OneLayerBlock,
    PreActivationBlock,
    ResidualBlock,
    StochasticDepth,
)

BLOCKS = [ResidualBlock, BottleneckBlock, OneLayerBlock, PreActivationBlock]


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def relu(x):
    return np.maximum(x, 0)


def built(block, shape, **arguments):
    layer = block(**arguments)
    layer.build(shape)
    return with_random_weights(layer)


def convolve(x, kernel, strides=1):
    """A convolution without bias, padded by half the kernel on every side, one number at a time."""
    reach = kernel.shape[0] // 2
    padded = np.pad(x, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    rows, columns = range(0, x.shape[1], strides), range(0, x.shape[2], strides)
    size = kernel.shape[0]
    out = [
        [np.tensordot(padded[:, i : i + size, j : j + size], kernel, 3) for j in columns]
        for i in rows
    ]
    return np.array(out).transpose(2, 0, 1, 3)


def normalize(x, norm):
    gamma, beta, mean, variance = (np.asarray(weight) for weight in norm.get_weights())
    return gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta


def subsample_and_fill(x, filters, strides):
    out = np.zeros((x.shape[0], -(-x.shape[1] // strides), -(-x.shape[2] // strides), filters))
    out[..., : x.shape[-1]] = x[:, ::strides, ::strides]
    return out


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("version", ["v1", "v1.5"])
@pytest.mark.parametrize("shortcut", ["A", "B", None])
def test_bottleneck_equals_its_formula(shortcut, version, strides):
    """Figure 5 of the paper in NumPy; the version says which convolution takes the stride."""
    x = images(2, 6, 5, 3)
    block = built(
        BottleneckBlock, x.shape, filters=8, strides=strides, shortcut=shortcut, version=version
    )
    steps = (strides, 1, 1) if version == "v1" else (1, strides, 1)
    y = x
    for part, step in zip((block.conv1, block.conv2, block.conv3), steps, strict=True):
        y = normalize(convolve(y, part.convolution.kernel.numpy(), step), part.norm)
        if part is not block.conv3:
            y = relu(y)
    if shortcut == "A":
        y = y + subsample_and_fill(x, 8, strides)
    if shortcut == "B":
        projection = block.shortcut_layer
        kernel = projection.convolution.kernel.numpy()
        y = y + normalize(convolve(x, kernel, strides), projection.norm)
    np.testing.assert_allclose(block(x), relu(y), rtol=1e-4, atol=1e-4)


def test_bottleneck_works_on_a_quarter_of_the_channels():
    block = built(BottleneckBlock, (1, 8, 8, 64), filters=256)
    kernels = [part.convolution.kernel.shape for part in (block.conv1, block.conv2, block.conv3)]
    assert kernels == [(1, 1, 64, 64), (3, 3, 64, 64), (1, 1, 64, 256)]


def test_v1_does_not_see_three_of_four_positions():
    """Its strided 1×1 convolution skips odd rows and columns; v1.5 sees all."""
    x = images(1, 6, 6, 4)
    other = x.copy()
    other[:, 1::2] += 1
    other[:, :, 1::2] += 1
    for version, same in (("v1", True), ("v1.5", False)):
        block = built(BottleneckBlock, x.shape, filters=4, strides=2, version=version)
        assert np.array_equal(block(x), block(other)) == same


@pytest.mark.parametrize("strides, filters", [(1, 4), (1, 5), (2, 5)])
@pytest.mark.parametrize("shortcut", ["A", "B", "C", None])
def test_pre_activation_equals_its_formula(shortcut, strides, filters):
    """Figure 4 (e) of the paper: identities pass on the input, projections what was activated."""
    x = images(2, 6, 5, 4)
    block = built(PreActivationBlock, x.shape, filters=filters, strides=strides, shortcut=shortcut)
    activated = relu(normalize(x, block.norm))
    y = convolve(activated, block.conv1.convolution.kernel.numpy(), strides)
    y = convolve(relu(normalize(y, block.conv1.norm)), block.conv2.convolution.kernel.numpy())
    if isinstance(block.shortcut_layer, IdentityShortcut):
        y = y + subsample_and_fill(x, filters, strides)
    elif shortcut is not None:
        y = y + convolve(activated, block.shortcut_layer.convolution.kernel.numpy(), strides)
    np.testing.assert_allclose(block(x), y, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("normalization", ["batch", None])
@pytest.mark.parametrize("shortcut", ["A", "B"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("block", BLOCKS)
def test_identity_start_passes_the_input_on(block, training, shortcut, normalization):
    """All of it with pre-activation, where no ReLU follows the sum; else what is not negative."""
    layer = block(4, shortcut=shortcut, normalization=normalization, identity_start=True)
    x = images(2, 5, 6, 4)
    expected = x if block is PreActivationBlock else relu(x)
    np.testing.assert_array_equal(layer(x, training=training), expected)


@pytest.mark.parametrize("normalization", ["batch", None])
@pytest.mark.parametrize("block", BLOCKS)
def test_identity_start_does_not_last(block, normalization):
    """The weights that start at zero feel a gradient, and after some steps all others do."""
    keras.utils.set_random_seed(0)
    layer = block(16, normalization=normalization, identity_start=True)
    model = keras.Sequential([keras.Input((5, 6, 16)), layer])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    x, y = images(8, 5, 6, 16), images(8, 5, 6, 16, seed=1)
    before = [weight.numpy() for weight in layer.trainable_weights]
    for _ in range(3):
        model.train_on_batch(x, y)
    for old, weight in zip(before, layer.trainable_weights, strict=True):
        assert not np.array_equal(old, weight), weight.path


@pytest.mark.parametrize("block", BLOCKS)
def test_plain_twin_has_the_weights_of_option_a(block):
    """Same names and shapes, in the same order; the outputs differ by the shortcut."""
    x = images(2, 5, 6, 4)
    residual, plain = (built(block, x.shape, filters=4, shortcut=s) for s in ("A", None))
    assert [(w.path.split("/", 1)[1], w.shape) for w in residual.weights] == [
        (w.path.split("/", 1)[1], w.shape) for w in plain.weights
    ]
    difference = np.asarray(residual(x)) - np.asarray(plain(x))
    if block is PreActivationBlock:
        np.testing.assert_allclose(difference, x, rtol=1e-3, atol=1e-3)
    else:
        assert np.abs(difference).max() > 0.1


@pytest.mark.parametrize("strides, filters", [(1, 4), (2, 4), (2, 6)])
def test_one_layer_block_is_a_plain_layer(strides, filters):
    """Without normalization W x + x = (W + I) x, whose kernel has the ones in its middle."""
    x = images(2, 5, 6, 4)
    arguments = {"filters": filters, "strides": strides, "normalization": None}
    residual, plain = (built(OneLayerBlock, x.shape, shortcut=s, **arguments) for s in ("A", None))
    kernel, bias = residual.get_weights()
    kernel[1, 1] += np.eye(4, filters)
    plain.set_weights([kernel, bias])
    np.testing.assert_allclose(plain(x), residual(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("block", BLOCKS)
def test_odd_sizes_are_rounded_up(block):
    """The known answer of a 63×65 image."""
    assert block(4, strides=2)(images(1, 63, 65, 1)).shape == (1, 32, 33, 4)


def test_stochastic_depth_drops_whole_batches():
    """All of the batch or none of it, unscaled, as often as the probability says."""
    layer = StochasticDepth(0.75, seed=0)
    x = images(3, 4)
    outputs = [np.asarray(layer(x, training=True)) for _ in range(400)]
    survived = [np.array_equal(y, x) for y in outputs]
    assert all(kept or not y.any() for kept, y in zip(survived, outputs, strict=True))
    assert abs(np.mean(survived) - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 400)


def test_stochastic_depth_gives_its_mean_in_inference():
    x = images(3, 4)
    np.testing.assert_array_equal(StochasticDepth(0.75)(x), 0.75 * x)
    np.testing.assert_array_equal(StochasticDepth(1.0)(x, training=True), x)


@pytest.mark.parametrize("block", BLOCKS)
def test_dropped_block_is_its_shortcut(block):
    """In training it is the whole block or the shortcut alone; in inference F counts for half.

    Weights and inputs are positive here, so no ReLU hides a sum."""
    x = np.abs(images(2, 5, 6, 4))
    whole, half = (
        built(block, x.shape, filters=4, normalization=None, survival_probability=p)
        for p in (1.0, 0.5)
    )
    shortcut, everything = x, np.asarray(whole(x))
    keras.utils.set_random_seed(0)
    seen = set()
    for _ in range(20):
        y = np.asarray(half(x, training=True))
        dropped = np.array_equal(y, shortcut)
        assert dropped or np.array_equal(y, everything)
        seen.add(dropped)
    assert seen == {True, False}
    np.testing.assert_allclose(half(x), (shortcut + everything) / 2, rtol=1e-5)


def test_dropped_block_gets_no_gradient_but_passes_it_on():
    keras.utils.set_random_seed(0)
    block = ResidualBlock(4, survival_probability=1e-9)
    x = np.abs(images(2, 5, 6, 4))
    block.build(x.shape)
    found = gradients(block, x, keras.ops.sum)
    np.testing.assert_array_equal(found.pop("inputs"), np.ones(x.shape))
    assert len(found) == 6 and not any(np.any(gradient) for gradient in found.values())
