"""The layers of the library, each held against what any layer must do."""

import functools
import json

import keras
import numpy as np
import pytest
from check import (
    BACKEND,
    check_config,
    check_file,
    check_gradients,
    check_mixed_precision,
    check_shapes,
    check_weights,
    random_inputs,
    with_random_weights,
)

from reslib.layers import (
    BatchNormalization,
    BottleneckBlock,
    Gate,
    IdentityShortcut,
    MirroredReLU,
    NormalizedConv2D,
    OneLayerBlock,
    PreActivationBlock,
    ResidualBlock,
    ResidualBlock1D,
    StochasticDepth,
)

# name: how to make it, shape in, shape out, arrays of weights that are trained and that are not
CASES = {
    "batch-normalization": (BatchNormalization, {}, (4, 5, 6, 3), (4, 5, 6, 3), 2, 2),
    "batch-normalization-2d": (BatchNormalization, {"scale": False}, (4, 3), (4, 3), 1, 2),
    "mirrored-relu": (MirroredReLU, {}, (4, 5, 3), (4, 5, 6), 0, 0),
    "identity": (IdentityShortcut, {"filters": 3}, (4, 5, 6, 3), (4, 5, 6, 3), 0, 0),
    "identity-strided": (
        IdentityShortcut,
        {"filters": 5, "strides": 2},
        (4, 5, 6, 3),
        (4, 3, 3, 5),
        0,
        0,
    ),
    "convolution": (
        NormalizedConv2D,
        {"filters": 2, "kernel_size": 3, "activation": "relu"},
        (4, 5, 6, 3),
        (4, 5, 6, 2),
        3,
        2,
    ),
    "convolution-strided": (
        NormalizedConv2D,
        {"filters": 2, "kernel_size": 5, "strides": 3, "gamma_initializer": "zeros"},
        (4, 7, 6, 3),
        (4, 3, 2, 2),
        3,
        2,
    ),
    "convolution-1x1": (
        NormalizedConv2D,
        {"filters": 2, "kernel_size": 1, "strides": 2},
        (4, 5, 6, 3),
        (4, 3, 3, 2),
        3,
        2,
    ),
    "convolution-bare": (
        NormalizedConv2D,
        {"filters": 2, "kernel_size": 3, "normalization": None, "activation": "tanh"},
        (4, 5, 6, 3),
        (4, 5, 6, 2),
        2,
        0,
    ),
}
CASES["convolution-alone"] = (
    NormalizedConv2D,
    {"filters": 2, "kernel_size": 3, "normalization": None, "use_bias": False},
    (4, 5, 6, 3),
    (4, 5, 6, 2),
    1,
    0,
)
CASES["stochastic-depth"] = (
    StochasticDepth,
    {"survival_probability": 0.9, "seed": 1},
    (4, 3),
    (4, 3),
    0,
    0,
)
CASES["row-residual"] = (ResidualBlock1D, {"filters": 4}, (4, 6, 4), (4, 6, 4), 6, 4)
CASES["gate"] = (Gate, {"price": 0.5, "start": 2.0}, (4, 3), (4, 3), 1, 0)
CASES["row-gated"] = (ResidualBlock1D, {"filters": 4, "gate_price": 0}, (4, 6, 4), (4, 6, 4), 5, 4)
CASES["row-plain"] = (
    ResidualBlock1D,
    {"filters": 4, "shortcut": None},
    (4, 6, 3),
    (4, 6, 4),
    6,
    4,
)
# block: arrays of weights in its branch and in a projection, each trained and not
BLOCKS = {
    ResidualBlock: ((6, 4), (3, 2)),
    BottleneckBlock: ((9, 6), (3, 2)),
    OneLayerBlock: ((3, 2), (3, 2)),
    PreActivationBlock: ((6, 4), (1, 0)),
}
SIZES = ((1, 4, (4, 5, 6, 4)), (1, 8, (4, 5, 6, 8)), (2, 8, (4, 3, 3, 8)))
for block, (branch, projection) in BLOCKS.items():
    for shortcut in ("A", "B", "C", None):
        # The blocks share their shortcuts: one of them meets every size.
        for strides, filters, out in SIZES if block is ResidualBlock else SIZES[-1:]:
            projected = shortcut == "C" or (shortcut == "B" and (strides, filters) != (1, 4))
            CASES[f"{block.__name__}-{shortcut}-{strides}-{filters}"] = (
                block,
                {"filters": filters, "strides": strides, "shortcut": shortcut},
                (4, 5, 6, 4),
                out,
                *(np.add(branch, projection).tolist() if projected else branch),
            )
CASES["bottleneck-v1"] = (
    BottleneckBlock,
    {"filters": 8, "strides": 2, "version": "v1"},
    (4, 5, 6, 3),
    (4, 3, 3, 8),
    9,
    6,
)
CASES["pre-activation-bare"] = (
    PreActivationBlock,
    {"filters": 4, "shortcut": "C", "normalization": None, "identity_start": True},
    (4, 5, 6, 3),
    (4, 5, 6, 4),
    6,
    0,
)
CASES["block-that-survives"] = (  # but for once in a billion steps
    ResidualBlock,
    {"filters": 4, "survival_probability": 1 - 1e-9},
    (4, 5, 6, 3),
    (4, 5, 6, 4),
    6,
    4,
)
CASES["block-identity-start"] = (
    ResidualBlock,
    {"filters": 4, "strides": 2, "shortcut": "B", "identity_start": True},
    (4, 5, 6, 3),
    (4, 3, 3, 4),
    9,
    6,
)
CASES["block-bare"] = (
    ResidualBlock,
    {"filters": 4, "shortcut": "C", "normalization": None},
    (4, 5, 6, 3),
    (4, 5, 6, 4),
    6,
    0,
)


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    layer, arguments, *facts = request.param
    return functools.partial(layer, **arguments), *facts


def test_config_makes_the_layer_again(case):
    check_config(case[0])


def test_numpy_integers_are_integers(case):
    """As they come out of a table; the config holds Python's, so that it can be written down."""
    make = case[0]
    numbers = {k: np.int64(v) for k, v in make.keywords.items() if type(v) is int}
    layer = functools.partial(make, **numbers)()
    assert layer.get_config() == make(name=layer.name).get_config()
    json.dumps(layer.get_config())


def test_file_brings_the_layer_back(case, tmp_path):
    check_file(case[0], case[1], tmp_path / "model.keras")


def test_shape_is_the_one_announced(case):
    check_shapes(*case[:3])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_reaches_every_part(case, policy):
    check_mixed_precision(case[0], case[1], policy)


def test_number_of_weights(case):
    check_weights(case[0], case[1], *case[3:])


def test_gradients_reach_all_weights(case):
    check_gradients(*case[:2])


CHANNELS_FIRST = [name for name, (_, _, shape, *_) in CASES.items() if len(shape) == 4]


@pytest.mark.parametrize("name", CHANNELS_FIRST)
def test_channels_first_is_channels_last_transposed(name):
    """The same weights give the same images, whichever way their axes are ordered."""
    layer, arguments, shape, output_shape, *_ = CASES[name]
    setting = {"axis": 1} if layer is BatchNormalization else {"data_format": "channels_first"}
    last, first = layer(**arguments), layer(**arguments, **setting)
    x = random_inputs(shape)
    x_first = x.transpose(0, 3, 1, 2)
    last.build(x.shape)
    first.build(x_first.shape)
    with_random_weights(last)
    first.set_weights(last.get_weights())

    side = [output_shape[i] for i in (0, 3, 1, 2)]
    assert list(first.compute_output_shape(x_first.shape)) == side
    assert list(first(keras.Input(x_first.shape[1:])).shape) == [None, *side[1:]]
    for training in (False, True):
        try:
            outputs = first(x_first, training=training)
        except Exception as error:
            # TensorFlow has these convolutions on GPUs alone.
            if BACKEND != "tensorflow" or "NHWC" not in str(error):
                raise
            pytest.skip(f"this device has no such kernel: {error}")
        np.testing.assert_allclose(
            np.transpose(outputs, (0, 2, 3, 1)), last(x, training=training), rtol=1e-4, atol=1e-5
        )


REFUSED = [
    (Gate, {"price": -0.1}, "price"),
    (Gate, {"price": "0"}, "price"),
    (Gate, {"start": "shut"}, "start"),
    (ResidualBlock1D, {"filters": 4, "gate_price": -1}, "price"),
    (ResidualBlock1D, {"filters": 4, "shortcut": None, "gate_price": 0.0}, "gate_price"),
    (IdentityShortcut, {"filters": 0}, "filters"),
    (IdentityShortcut, {"filters": 2.0}, "filters"),
    (IdentityShortcut, {"filters": True}, "filters"),
    (IdentityShortcut, {"filters": 2, "strides": -1}, "strides"),
    (IdentityShortcut, {"filters": 2, "strides": (2, 2)}, "strides"),
    (IdentityShortcut, {"filters": 2, "data_format": "NHWC"}, "data_format"),
    (NormalizedConv2D, {"filters": "2", "kernel_size": 3}, "filters"),
    (NormalizedConv2D, {"filters": 2, "kernel_size": 2}, "kernel_size"),
    (NormalizedConv2D, {"filters": 2, "kernel_size": (3, 3)}, "kernel_size"),
    (NormalizedConv2D, {"filters": 2, "kernel_size": 3, "strides": 0}, "strides"),
    (NormalizedConv2D, {"filters": 2, "kernel_size": 3, "activation": "reul"}, "activation"),
    (NormalizedConv2D, {"filters": 2, "kernel_size": 3, "normalization": "b"}, "normalization"),
    (NormalizedConv2D, {"filters": 2, "kernel_size": 3, "gamma_initializer": 0}, "gamma_init"),
    (ResidualBlock, {"filters": -4}, "filters"),
    (ResidualBlock, {"filters": 4, "strides": 1.5}, "strides"),
    (ResidualBlock, {"filters": 4, "shortcut": "D"}, "shortcut"),
    (ResidualBlock, {"filters": 4, "shortcut": False}, "shortcut"),
    (ResidualBlock, {"filters": 4, "shortcut": np.ones(3)}, "shortcut"),
    (ResidualBlock, {"filters": 4, "normalization": True}, "normalization"),
    (ResidualBlock, {"filters": 4, "data_format": 3}, "data_format"),
    (ResidualBlock, {"filters": 4, "shortcut": None, "identity_start": True}, "identity_start"),
    (ResidualBlock, {"filters": 4, "survival_probability": 0}, "survival_probability"),
    (ResidualBlock, {"filters": 4, "shortcut": None, "survival_probability": 0.5}, "survival_prob"),
    (BottleneckBlock, {"filters": 6}, "filters"),
    (BottleneckBlock, {"filters": 4.0}, "filters"),
    (BottleneckBlock, {"filters": 4, "version": "v2"}, "version"),
    (BottleneckBlock, {"filters": 4, "version": 1}, "version"),
    (PreActivationBlock, {"filters": 4, "shortcut": "d"}, "shortcut"),
    (PreActivationBlock, {"filters": 4, "shortcut": None, "identity_start": True}, "identity_st"),
    (StochasticDepth, {"survival_probability": 1.1}, "survival_probability"),
    (StochasticDepth, {"survival_probability": "0.5"}, "survival_probability"),
    (StochasticDepth, {"survival_probability": True}, "survival_probability"),
    (StochasticDepth, {"survival_probability": float("nan")}, "survival_probability"),
]


@pytest.mark.parametrize(
    "layer, arguments, name",
    REFUSED,
    ids=[f"{a[0].__name__}-{a[2]}-{i}" for i, a in enumerate(REFUSED)],
)
def test_bad_argument_is_refused_by_name(layer, arguments, name):
    with pytest.raises(ValueError, match=name):
        layer(**arguments)


@pytest.mark.parametrize("shape", [(None, 4), (None, 8, 8), (None, 8, 8, None), (1, 2, 3, 4, 5)])
@pytest.mark.parametrize(
    "layer",
    [IdentityShortcut(4), NormalizedConv2D(4, 3), *(block(4) for block in BLOCKS)],
    ids=lambda layer: layer.name,
)
def test_only_images_with_known_channels_are_accepted(layer, shape):
    with pytest.raises(ValueError, match=type(layer).__name__):
        type(layer).from_config(layer.get_config()).build(shape)


@pytest.mark.parametrize("make", [IdentityShortcut, *BLOCKS])
def test_identity_shortcut_cannot_drop_channels(make):
    with pytest.raises(ValueError, match="filters must be at least 5.*received 4"):
        make(filters=4)(np.ones((1, 8, 8, 5)))


@pytest.mark.parametrize("shortcut", ["B", "C", None])
@pytest.mark.parametrize("block", BLOCKS)
def test_projections_and_plain_blocks_can_drop_channels(block, shortcut):
    assert block(4, shortcut=shortcut)(np.ones((1, 8, 8, 5))).shape == (1, 8, 8, 4)
