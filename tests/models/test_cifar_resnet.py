"""The CIFAR networks: their size, their shapes, and what they compute before any training."""

import functools
import math

import keras
import numpy as np
import pytest

from reslib.layers import ResidualBlock
from reslib.models import cifar_resnet

network = functools.cache(cifar_resnet)  # for tests that only look

PARAMETERS = {  # trained ones, of the paper's widths
    20: {"A": 269_722, "B": 272_474, "C": 283_962},
    32: {"A": 464_154, "B": 466_906, "C": 489_594},
    44: {"A": 658_586, "B": 661_338, "C": 695_226},
    56: {"A": 853_018, "B": 855_770, "C": 900_858},
    110: {"A": 1_727_962, "B": 1_730_714, "C": 1_826_202},
    1202: {"A": 19_421_274, "B": 19_424_026, "C": 20_538_714},
}


def trained_parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def with_random_weights(model):
    random = np.random.default_rng(1)
    for weight in model.weights:
        if weight.path.endswith("kernel"):
            fan_in = np.prod(weight.shape[:-1])
            weight.assign(random.normal(size=weight.shape) * np.sqrt(2 / fan_in))
        else:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return model


@pytest.mark.parametrize("shortcut", ["A", "B", "C", None])
@pytest.mark.parametrize("depth", [20, 32, 44, 56])
def test_number_of_trained_parameters(depth, shortcut):
    """The counts known from the paper's architecture; the plain net has those of option A."""
    assert trained_parameters(network(depth, shortcut)) == PARAMETERS[depth][shortcut or "A"]


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
@pytest.mark.parametrize("depth", [110, 1202])
def test_number_of_trained_parameters_of_deep_nets(depth, shortcut):
    """Six more layers always add the same number: two small nets give a deep one's away."""
    at_14, at_20 = (trained_parameters(network(d, shortcut)) for d in (14, 20))
    assert at_20 + (depth - 20) // 6 * (at_20 - at_14) == PARAMETERS[depth][shortcut]


@pytest.mark.parametrize(
    "block, depth, expected",
    [
        ("pre_activation", 20, 272_282),
        ("pre_activation", 56, 855_578),
        ("bottleneck", 164, 1_704_154),
    ],
)
def test_number_of_trained_parameters_of_other_blocks(block, depth, expected):
    """The counts that pytorchcv publishes for its CIFAR-10 networks, which are of option B."""
    assert trained_parameters(cifar_resnet(depth, "B", block=block)) == expected


def test_deep_net_has_the_parameters_counted():
    assert trained_parameters(cifar_resnet(110)) == PARAMETERS[110]["A"]


def test_number_of_all_parameters():
    """Keras counts the moving statistics too."""
    assert network(20).count_params() == 271_098


@pytest.mark.parametrize("depth", [8, 20, 56])
def test_depth_is_the_number_of_weight_layers(depth):
    """Kernels on the way from input to output; a plain net has no others."""
    kernels = [w for w in network(depth, None).trainable_weights if w.name == "kernel"]
    assert len(kernels) == depth


@pytest.mark.parametrize("shortcut, outside", [("A", 0), ("B", 2), ("C", 9)])
def test_projections_come_on_top_of_the_depth(shortcut, outside):
    """B projects where the size changes, C at each of the nine blocks."""
    kernels = [w for w in network(20, shortcut).trainable_weights if w.name == "kernel"]
    assert len(kernels) == 20 + outside


def test_plain_net_has_the_weights_of_option_a():
    """Same names, same shapes, same order: either can be given the other's."""
    plain, residual = network(20, None), network(20, "A")
    assert [(w.path, w.shape) for w in plain.weights] == [
        (w.path, w.shape) for w in residual.weights
    ]


@pytest.mark.parametrize("block, depth", [("bottleneck", 29), ("pre_activation", 20)])
def test_other_blocks_count_for_the_depth_as_well(block, depth):
    """A bottleneck adds three layers, a pre-activation block two."""
    plain = cifar_resnet(depth, None, block=block, width=2)
    assert len([w for w in plain.trainable_weights if w.name == "kernel"]) == depth
    stages = [plain.get_layer(f"stage{stage}_block3").output.shape[-1] for stage in (1, 2, 3)]
    assert stages == ([8, 16, 32] if block == "bottleneck" else [2, 4, 8])


def test_survival_falls_linearly():
    """Huang et al.: the last of L blocks survives with p, block l with 1 - l / L · (1 - p)."""
    model = cifar_resnet(14, survival_probability=0.4, width=2)
    survival = [layer.survival_probability for layer in model.layers if "block" in layer.name]
    np.testing.assert_allclose(survival, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])


def test_names_say_what_the_network_is():
    assert network(8).name == "resnet_8" and network(8, None).name == "plain_8"
    assert cifar_resnet(8, name="mine").name == "mine"
    assert cifar_resnet(11, block="bottleneck").name == "resnet_bottleneck_11"
    blocks = [layer.name for layer in network(14).layers if isinstance(layer, ResidualBlock)]
    assert blocks == [f"stage{s}_block{b}" for s in (1, 2, 3) for b in (1, 2)]


@pytest.mark.parametrize("shortcut", ["A", "B", None])
def test_odd_sizes_are_rounded_up(shortcut):
    """The known answer: stages of 63×65, 32×33 and 16×17, known or not beforehand."""
    for shape in ((63, 65, 1), (None, None, 1)):
        model = cifar_resnet(8, shortcut, width=2, input_shape=shape)
        stages = [model.get_layer(f"stage{stage}_block1").output for stage in (1, 2, 3)]
        outputs = keras.Model(model.input, stages)(images(1, 63, 65, 1))
        assert [y.shape for y in outputs] == [(1, 63, 65, 2), (1, 32, 33, 4), (1, 16, 17, 8)]


def test_unknown_size_computes_the_same():
    """A network for images of any size is the one for this size."""
    fixed = with_random_weights(cifar_resnet(8, width=2, input_shape=(9, 12, 3)))
    free = cifar_resnet(8, width=2, input_shape=(None, None, 3))
    free.set_weights(fixed.get_weights())
    x = images(2, 9, 12, 3)
    np.testing.assert_allclose(free(x), fixed(x), rtol=1e-5)
    assert free(images(1, 6, 5, 3)).shape == (1, 10)


def test_width_and_classes():
    model = cifar_resnet(8, width=3, classes=7, input_shape=(8, 8, 1))
    assert model.output_shape == (None, 7)
    assert [model.get_layer(f"stage{s}_block1").filters for s in (1, 2, 3)] == [3, 6, 12]


def shallow_and_deep(**arguments):
    """Networks of 8 and 26 layers; the deep one has the weights of the shallow one, and more."""
    shallow, deep = (
        cifar_resnet(depth, width=4, input_shape=(12, 12, 3), **arguments) for depth in (8, 26)
    )
    for layer in shallow.layers:
        if layer.weights:
            deep.get_layer(layer.name).set_weights(layer.get_weights())
    return shallow, deep


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("block", ["basic", "pre_activation"])
@pytest.mark.parametrize("shortcut", ["A", "B"])
def test_identity_start_makes_depth_irrelevant(shortcut, block, training):
    """The blocks that keep the size begin by passing on what they get: 26 layers equal 8."""
    shallow, deep = shallow_and_deep(shortcut=shortcut, block=block, identity_start=True)
    x = images(4, 12, 12, 3)
    np.testing.assert_array_equal(deep(x, training=training), shallow(x, training=training))


def test_depth_matters_without_identity_start():
    shallow, deep = shallow_and_deep()
    x = images(4, 12, 12, 3)
    assert not np.allclose(deep(x, training=True), shallow(x, training=True), atol=0.1)


@pytest.mark.parametrize("normalization", ["batch", None])
@pytest.mark.parametrize(
    "depth, arguments",
    [
        (8, {}),
        (8, {"shortcut": "C"}),
        (8, {"shortcut": None}),
        (8, {"block": "pre_activation", "survival_probability": 0.5}),
        (11, {"block": "bottleneck"}),
    ],
    ids=str,
)
def test_file_brings_the_network_back(depth, arguments, normalization, tmp_path):
    """A `.keras` file gives a network with the same outputs."""
    model = cifar_resnet(
        depth, width=2, input_shape=(None, None, 3), normalization=normalization, **arguments
    )
    with_random_weights(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = images(2, 9, 8, 3)
    np.testing.assert_array_equal(loaded(x), model(x))


def test_without_normalization_convolutions_have_a_bias():
    names = {w.name for w in cifar_resnet(8, normalization=None).weights}
    assert names == {"kernel", "bias"}


def test_mixed_precision_ends_in_float32():
    """Logits keep their digits, and so do weights."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = cifar_resnet(8, "B", width=2, input_shape=(8, 8, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("stage3_block1").compute_dtype == "bfloat16"
    assert model(images(2, 8, 8, 3)).dtype == "float32"
    assert {weight.dtype for weight in model.weights} == {"float32"}


@pytest.mark.parametrize("depth", [21, 2, 0, -4, 20.0, True, "20", None])
def test_wrong_depth_is_refused(depth):
    with pytest.raises(ValueError) as error:
        cifar_resnet(depth)
    assert str(error.value) == (
        f"depth must be 6n+2 (8, 14, 20, 32, 44, 56, 110, …), received {depth!r}"
    )


def test_wrong_depth_of_bottlenecks_is_refused():
    with pytest.raises(ValueError, match=r"depth must be 9n\+2 \(11, 20, .*, received 8$"):
        cifar_resnet(8, block="bottleneck")


@pytest.mark.parametrize(
    "arguments",
    [
        {"shortcut": "D"},
        {"width": 0},
        {"classes": 1.5},
        {"input_shape": (32, 32)},
        {"input_shape": (32, 32, None)},
        {"normalization": "layer"},
        {"identity_start": True, "shortcut": None},
        {"block": "preactivation"},
        {"survival_probability": 0},
        {"survival_probability": 0.5, "shortcut": None},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_bad_argument_is_refused_by_name(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        cifar_resnet(8, **arguments)
