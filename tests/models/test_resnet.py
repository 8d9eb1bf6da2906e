"""The ImageNet networks: known counts, and the outputs of implementations that are not ours."""

import functools

import build_keras_hub_reference as keras_hub_tool
import keras
import numpy as np
import pytest
from build_torch_reference import draw_weights

from reslib.framework import parts_of
from reslib.layers import NormalizedConv2D
from reslib.models import load_keras_applications, resnet
from reslib.probes import layer_table

# depth: trained parameters, billions of multiply-adds at 224×224
KNOWN = {
    18: (11_689_512, 1.814),
    34: (21_797_672, 3.664),
    50: (25_557_032, 4.089),
    101: (44_549_160, 7.801),
    152: (60_192_808, 11.514),
}
# Sums over thousands of numbers come in another order elsewhere; differences of 2e-6 of the largest
# number were seen.
OF_THE_LARGEST = 2e-5


@functools.cache
def network(depth, version="v1.5"):
    """For tests that only look, or set all weights themselves."""
    return resnet(depth, version=version, input_shape=(None, None, 3))


def images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def assert_equal(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=OF_THE_LARGEST * np.abs(theirs).max())


@pytest.mark.parametrize("depth", KNOWN)
def test_known_counts(depth):
    """Parameters and multiply-adds as published, for torchvision's among others."""
    table = layer_table(network(depth), (224, 224, 3))
    parameters, billions = KNOWN[depth]
    assert table.parameters.sum() == parameters
    assert round(table.multiply_adds.sum() / 1e9, 3) == billions


def test_known_counts_with_the_stride_on_the_1x1():
    """The paper's ResNet-50 has 3.8 billion multiply-adds; Araujo et al. give a field of 483."""
    table = layer_table(network(50, "v1"), (224, 224, 3))
    assert table.parameters.sum() == KNOWN[50][0]
    assert round(table.multiply_adds.sum() / 1e9, 3) == 3.858
    assert table.receptive_field.max() == 483


@pytest.mark.parametrize("depth, known", [(18, 11_186_112), (34, 21_301_696), (50, 23_561_152)])
def test_all_weights_of_the_backbone(depth, known):
    """keras-hub's count, without the logits but with the moving statistics."""
    model = network(depth)
    assert model.count_params() - model.get_layer("logits").count_params() == known


@pytest.mark.parametrize("depth", [18, 50])
def test_depth_is_the_number_of_weight_layers(depth):
    plain = resnet(depth, None, width=2, input_shape=(32, 32, 3))
    assert len([w for w in plain.trainable_weights if w.name == "kernel"]) == depth
    assert plain.name == f"plain_{depth}" and network(depth).name == f"resnet_{depth}"


@pytest.mark.parametrize("depth, version", [(18, "v1.5"), (50, "v1.5"), (50, "v1")])
def test_odd_sizes_are_rounded_up(depth, version):
    """The known answer of a 63×65 image, known or not beforehand."""
    for shape in ((63, 65, 1), (None, None, 1)):
        model = resnet(depth, version=version, width=1, input_shape=shape)
        names = ["stem", *(f"stage{stage}_block1" for stage in (1, 2, 3, 4))]
        outputs = keras.Model(model.input, [model.get_layer(name).output for name in names])
        sizes = [y.shape[1:3] for y in outputs(images(1, 63, 65, 1))]
        assert sizes == [(32, 33), (16, 17), (8, 9), (4, 5), (2, 3)]


def units(model):
    """All convolutions with their normalizations, by the names from which weights are drawn."""
    return [unit for unit in parts_of(model) if isinstance(unit, NormalizedConv2D)]


@functools.cache
def last_maps(depth):
    """What the last stage of our network gives, with drawn weights."""
    model = network(depth)
    for unit in units(model):
        unit.set_weights(draw_weights(unit.path, unit.convolution.kernel.shape))
    assert sum(len(unit.weights) for unit in units(model)) + 2 == len(model.weights)
    backbone = keras.Model(model.input, model.get_layer("pool").input)
    return {
        size: np.asarray(backbone(keras_hub_tool.draw_image(shape), training=False))
        for size, shape in keras_hub_tool.SIZES.items()
    }


@pytest.mark.parametrize("size", keras_hub_tool.SIZES)
@pytest.mark.parametrize("depth", keras_hub_tool.NETWORKS)
def test_gives_what_keras_hub_gave(depth, size):
    with np.load(keras_hub_tool.FILE, allow_pickle=False) as stored:
        assert_equal(last_maps(depth)[size], stored[f"{depth}/{size}"])


@pytest.mark.parametrize("depth", keras_hub_tool.NETWORKS)
def test_gives_what_keras_hub_gives(depth):
    pytest.importorskip("keras_hub")
    for size, theirs in keras_hub_tool.reference(depth).items():
        assert_equal(last_maps(depth)[size], theirs)


@pytest.fixture(scope="module")
def applications():
    """ResNet50 of keras.applications for images of any size; no weight is zero or one."""
    base = keras.applications.ResNet50(
        include_top=False, weights=None, pooling="avg", input_shape=(None, None, 3)
    )
    outputs = keras.layers.Dense(1000, name="predictions")(base.output)
    model = keras.Model(base.input, outputs, name="resnet50")
    random = np.random.default_rng(0)
    for weight in model.weights:
        if weight.name == "kernel":
            value = random.normal(size=weight.shape) * np.sqrt(2 / np.prod(weight.shape[:-1]))
        elif weight.name in ("gamma", "moving_variance"):
            value = random.uniform(0.5, 1.5, weight.shape)
        else:
            value = random.normal(size=weight.shape)
        weight.assign(value)
    return model


@pytest.mark.parametrize("size", [(64, 64), (65, 47)], ids=["even", "odd"])
def test_gives_what_keras_applications_gives(applications, size):
    """With the weights converted, biases and epsilon included."""
    model = load_keras_applications(network(50, "v1"), applications)
    x = images(2, *size, 3)
    assert_equal(model(x, training=False), applications(x, training=False))


def test_bias_and_epsilon_are_taken_over_exactly(applications):
    """One unit in numbers, with variances so small that the other epsilon is felt."""
    convolution, norm = (applications.get_layer(f"conv3_block1_0_{k}") for k in ("conv", "bn"))
    norm.moving_variance.assign(norm.moving_variance * 1e-6)
    model = load_keras_applications(network(50, "v1"), applications)
    unit = model.get_layer("stage2_block1").shortcut_layer
    np.testing.assert_array_equal(unit.convolution.kernel, convolution.kernel)
    np.testing.assert_allclose(
        unit.norm.moving_mean, norm.moving_mean - convolution.bias, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        unit.norm.moving_variance + unit.norm.epsilon, norm.moving_variance + 1.001e-5, rtol=1e-5
    )


def test_conversion_without_top_leaves_the_logits(applications):
    model = resnet(50, version="v1", input_shape=(32, 32, 3), classes=7)
    before = model.get_layer("logits").get_weights()
    headless = keras.Model(applications.input, applications.get_layer("avg_pool").output)
    load_keras_applications(model, headless)
    np.testing.assert_array_equal(model.get_layer("logits").kernel, before[0])
    stem = model.get_layer("stem").convolution.kernel
    np.testing.assert_array_equal(stem, applications.get_layer("conv1_conv").kernel)


def small_resnet(depth, **arguments):
    return resnet(depth, width=1, input_shape=(32, 32, 3), **arguments)


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda: small_resnet(50), 'version="v1".*received resnet_50 with version=.v1.5.'),
        (lambda: small_resnet(18, version="v1"), "50, 101 or 152 layers.*received resnet_18"),
        (
            lambda: small_resnet(50, version="v1", shortcut="C"),
            "source must have a layer 'conv2_block2_0_conv', resnet50 has none",
        ),
        (
            lambda: small_resnet(50, version="v1", shortcut="A"),
            "no other layers than resnet_50, resnet50 also has conv2_block1_0_conv",
        ),
        (
            lambda: small_resnet(101, version="v1"),
            "source must have a layer 'conv4_block7_._conv', resnet50 has none",
        ),
        (
            lambda: small_resnet(50, version="v1"),
            r"stem/convolution/kernel has \(7, 7, 3, 1\), conv1 in resnet50 has \(7, 7, 3, 64\)",
        ),
    ],
    ids=["version", "depth-18", "option-C", "option-A", "depth-101", "width"],
)
def test_conversion_that_does_not_fit_is_refused(applications, make, error):
    """And nothing has been changed then."""
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match=error):
        load_keras_applications(model, applications)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_mixed_precision_ends_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = resnet(50, width=2, input_shape=(32, 32, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("stage4_block3").compute_dtype == "bfloat16"
    assert model(images(2, 32, 32, 3)).dtype == "float32"
    assert {weight.dtype for weight in model.weights} == {"float32"}


def test_identity_start_leaves_the_shortcuts_alone():
    """The blocks that keep the size pass on what they get."""
    model = resnet(18, width=2, input_shape=(32, 32, 3), identity_start=True)
    maps = [model.get_layer(f"stage3_block{block}").output for block in (1, 2)]
    first, second = keras.Model(model.input, maps)(images(2, 32, 32, 3), training=True)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "arguments",
    [
        {"depth": 20},
        {"depth": "50"},
        {"depth": 50.0},
        {"shortcut": "D"},
        {"width": 0},
        {"classes": 0},
        {"input_shape": (32, 32)},
        {"version": "v2"},
        {"survival_probability": 2},
        {"identity_start": True, "shortcut": None},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_bad_argument_is_refused_by_name(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        resnet(**{"depth": 18, **arguments})
