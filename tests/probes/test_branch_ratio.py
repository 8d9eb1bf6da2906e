"""The size of F(x), held against blocks whose F is known."""

import keras
import numpy as np
import pytest

from reslib.layers import OneLayerBlock
from reslib.models import cifar_resnet
from reslib.probes import branch_ratio

SHAPE = (9, 8, 1)


def images(count=12, seed=0):
    return np.random.default_rng(seed).normal(size=(count, *SHAPE)).astype("float32")


def network(block="basic", shortcut="A", **options):
    keras.utils.set_random_seed(0)
    depth = {"one_layer": 5}.get(block, 8)
    return cifar_resnet(depth, shortcut, 4, SHAPE, block=block, **options)


def test_known_factors():
    """Kernels that multiply what they get by a number: F(x) = c x."""
    factors = [0.25, 3.0]
    model = keras.Sequential(
        [keras.Input((5, 5, 2))] + [OneLayerBlock(2, normalization=None) for _ in factors]
    )
    for block, factor in zip(model.layers, factors, strict=True):
        kernel = np.zeros((3, 3, 2, 2))
        kernel[1, 1] = factor * np.eye(2)
        block.conv1.convolution.kernel.assign(kernel)
    x = np.random.default_rng(0).uniform(size=(7, 5, 5, 2))
    ratios = branch_ratio(model, x)
    np.testing.assert_allclose(ratios, factors, rtol=1e-5)
    assert list(ratios.index) == [block.path for block in model.layers]


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_equals_what_the_parts_give(shortcut):
    model, x = network(shortcut=shortcut), images()
    expected = []
    for name in ("stage1_block1", "stage2_block1", "stage3_block1"):
        block = model.get_layer(name)
        inputs = keras.Model(model.input, block.input)(x)
        branch, passed = block.conv2(block.conv1(inputs)), block.shortcut_layer(inputs)
        sizes = (np.linalg.norm(keras.ops.convert_to_numpy(part)) for part in (branch, passed))
        expected.append(next(sizes) / next(sizes))
    np.testing.assert_allclose(branch_ratio(model, x), expected, rtol=1e-4)


@pytest.mark.parametrize("block", ["basic", "one_layer", "pre_activation"])
def test_is_zero_where_the_block_does_nothing(block):
    assert (branch_ratio(network(block, identity_start=True), images()) == 0).all()


def test_survival_scales_it():
    """In inference a block that survives half of the steps adds half of its F."""
    whole, x = network(), images()
    half = network(survival_probability=0.5)
    half.set_weights(whole.get_weights())
    first = "stage1_block1"  # only the first block gets the same input in both
    survival = half.get_layer(first).survival_probability
    assert survival < 1
    assert branch_ratio(half, x)[first] == pytest.approx(survival * branch_ratio(whole, x)[first])


def test_size_of_the_batches_does_not_matter_and_the_model_stays():
    model, x = network(), images()
    before, attributes = model.get_weights(), [set(vars(layer)) for layer in model.layers]
    np.testing.assert_allclose(branch_ratio(model, x, batch_size=5), branch_ratio(model, x), 1e-4)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [set(vars(layer)) for layer in model.layers] == attributes


def test_statistics_of_the_batch_give_each_branch_the_size_one():
    """Of a network just built F has variance 1 in each channel, whatever its kernels."""
    model, x = network(), images()
    before = model.get_weights()
    ratios = branch_ratio(model, x, batch_statistics=True)
    stem = model.get_layer("stem")(x, training=True)
    size = np.sqrt(np.mean(np.square(keras.ops.convert_to_numpy(stem))))
    assert ratios.iloc[0] == pytest.approx(1 / size, rel=1e-3)
    assert abs(branch_ratio(model, x).iloc[0] / ratios.iloc[0] - 1) > 0.01
    model.set_weights(before)
    branch_ratio(model, x, batch_statistics=True)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_plain_network_is_refused():
    with pytest.raises(ValueError, match="must have a shortcut .* stage1_block1 of plain_8"):
        branch_ratio(network(shortcut=None), images())


def test_no_inputs_are_refused():
    with pytest.raises(ValueError, match="x must hold at least one input"):
        branch_ratio(network(), images(0))
