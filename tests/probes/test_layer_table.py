"""The table of a model, held against known counts, and its fields against gradients."""

import functools

import keras
import numpy as np
import pytest

from reslib.framework import parts_of
from reslib.layers import BottleneckBlock, NormalizedConv2D, PreActivationBlock, ResidualBlock
from reslib.models import cifar_resnet
from reslib.probes import gradient, layer_table

# depth: trained parameters, multiply-adds and receptive field of the paper's nets, option A
KNOWN = {
    20: (269_722, 40_551_040, 81),
    32: (464_154, 68_862_592, 137),
    44: (658_586, 97_174_144, 193),
    56: (853_018, 125_485_696, 249),
    110: (1_727_962, 252_887_680, 501),
}


def totals(table):
    fields = table.receptive_field.dropna()
    return table.parameters.sum(), table.multiply_adds.sum(), fields.max()


@pytest.mark.parametrize("depth", KNOWN)
def test_known_counts(depth):
    assert totals(layer_table(cifar_resnet(depth))) == KNOWN[depth]


# What 1×1 kernels add: B projects where the size changes, C at each of the nine blocks.
PROJECTIONS = {
    "B": 16 * 32 * 16**2 + 32 * 64 * 8**2,
    "C": 3 * 16 * 16 * 32**2 + (16 + 2 * 32) * 32 * 16**2 + (32 + 2 * 64) * 64 * 8**2,
    None: 0,
}


@pytest.mark.parametrize("shortcut, parameters", [("B", 272_474), ("C", 283_962), (None, 269_722)])
def test_known_counts_of_projections(shortcut, parameters):
    """1×1 kernels cost something, and see nothing more."""
    expected = parameters, 40_551_040 + PROJECTIONS[shortcut], 81
    assert totals(layer_table(cifar_resnet(20, shortcut))) == expected


def test_rows_are_the_layers_of_the_model():
    table = layer_table(cifar_resnet(8, width=4, input_shape=(13, 10, 1)))
    assert list(table.index) == [
        "stem", "stage1_block1", "stage2_block1", "stage3_block1", "pool", "logits"
    ]  # fmt: skip
    assert list(table.output_shape) == [
        (13, 10, 4),
        (13, 10, 4),
        (7, 5, 8),
        (4, 3, 16),
        (16,),
        (10,),
    ]
    assert table.receptive_field.isna().tolist() == [False] * 4 + [True] * 2


@pytest.mark.parametrize("block", ["basic", "pre_activation", "bottleneck"])
def test_opened_layers_add_up_to_the_whole(block):
    model = cifar_resnet(20, "C", width=4, block=block)
    closed, opened = (layer_table(model, expand_nested=nested) for nested in (False, True))
    assert totals(opened) == totals(closed)
    assert "stage1_block1/conv1/convolution" in opened.index
    kernels = [w for w in model.trainable_weights if w.name == "kernel"]
    assert (opened.multiply_adds > 0).sum() == len(kernels)
    assert closed.parameters.sum() == sum(np.prod(w.shape) for w in model.trainable_weights)


LAYERS = keras.layers
CHAINS = {
    "convolutions": [LAYERS.Conv2D(2, 3), LAYERS.Conv2D(2, 5, strides=2), LAYERS.Conv2D(1, 3)],
    "dilation": [LAYERS.Conv2D(2, 3, dilation_rate=2), LAYERS.Conv2D(2, 3)],
    "depthwise": [LAYERS.DepthwiseConv2D(3), LAYERS.AveragePooling2D(2), LAYERS.Conv2D(2, 3)],
    "pool": [LAYERS.Conv2D(2, 7, 2), LAYERS.AveragePooling2D(3, 2), LAYERS.Conv2D(2, 3)],
    "strides": [NormalizedConv2D(2, 3, 2), NormalizedConv2D(2, 3, 2), NormalizedConv2D(2, 3)],
    "blocks": [ResidualBlock(4, 2, "B"), ResidualBlock(4), ResidualBlock(8, 2)],
    "bottlenecks-v1": [BottleneckBlock(4, 2, "C", version="v1"), BottleneckBlock(4)],
    "bottlenecks": [BottleneckBlock(4, 2, "C"), BottleneckBlock(4)],
    "pre-activation": [PreActivationBlock(4, 2, "B"), PreActivationBlock(4), LAYERS.ReLU()],
    "upsampled": [LAYERS.AveragePooling2D(4), LAYERS.UpSampling2D(2), LAYERS.Conv2D(1, 3)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_field_is_where_the_gradient_comes_from(name):
    """Rows of the image on which a position in the middle depends, where all weights are positive.

    Behind an upsampling it depends on the position how many there are; the most count."""
    layers = [type(layer).from_config(layer.get_config()) for layer in CHAINS[name]]
    model = keras.Sequential([keras.Input((64, 64, 2)), *layers])
    for weight in model.weights:
        weight.assign(np.ones(weight.shape))
    image = np.ones((1, 64, 64, 2), "float32")
    extents = []
    for step in range(2):

        def middle(image, step=step):
            outputs = model(image)
            return keras.ops.sum(outputs[0, outputs.shape[1] // 2 + step, outputs.shape[2] // 2])

        rows = np.flatnonzero(np.abs(gradient(middle, [image])[0]).sum((0, 2, 3)))
        extents.append(rows[-1] - rows[0] + 1)
    assert layer_table(model).receptive_field.iloc[-1] == max(extents)


def test_multiply_adds_of_each_kind_of_kernel():
    """Kernel by kernel from the definition."""
    model = keras.Sequential(
        [
            keras.Input((9, 8, 4)),
            LAYERS.Conv2D(6, 3),  # 7×6 positions
            LAYERS.Conv2D(8, (1, 3), groups=2, padding="same"),
            LAYERS.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
            LAYERS.Dense(5),  # on each position
            LAYERS.Flatten(),
            LAYERS.Dense(3),
        ]
    )
    assert layer_table(model).multiply_adds.tolist() == [
        7 * 6 * (3 * 3 * 4 * 6),
        7 * 6 * (1 * 3 * 3 * 8),
        7 * 6 * (3 * 3 * 8 * 2),
        7 * 6 * (16 * 5),
        0,
        7 * 6 * 5 * 3,
    ]


def test_block_made_by_hand_costs_the_same():
    """A functional graph of Keras's layers and bare sums, against the library's block."""
    convolution = functools.partial(LAYERS.Conv2D, 3, 3, padding="same", use_bias=False)
    inputs = keras.Input((8, 8, 3))
    x = inputs
    for _ in range(2):
        skipped = x
        x = keras.ops.relu(LAYERS.BatchNormalization()(convolution()(x)))
        x = LAYERS.BatchNormalization()(convolution()(x))
        x = keras.ops.relu(x + skipped)
    by_hand = keras.Model(inputs, LAYERS.Conv2D(2, 3)(x))
    blocks = keras.Sequential([inputs, ResidualBlock(3), ResidualBlock(3), LAYERS.Conv2D(2, 3)])
    assert totals(layer_table(by_hand)) == totals(layer_table(blocks))
    assert totals(layer_table(blocks))[2] == 11


def test_shared_weights_count_once():
    shared = LAYERS.Conv2D(3, 3, padding="same")
    model = keras.Sequential([keras.Input((8, 8, 3)), shared])
    inputs = keras.Input((8, 8, 3))
    twice = keras.Model(inputs, shared(shared(inputs)))
    once, both = layer_table(model), layer_table(twice)
    assert totals(both) == (once.parameters.sum(), 2 * once.multiply_adds.sum(), 5)


def test_vectors_have_no_receptive_field():
    """A dense layer on a vector sees all of it."""
    model = keras.Sequential([keras.Input((6,)), LAYERS.Dense(4), LAYERS.ReLU(), LAYERS.Dense(3)])
    table = layer_table(model)
    assert totals(table)[:2] == (6 * 4 + 4 + 4 * 3 + 3, 6 * 4 + 4 * 3)
    assert table.receptive_field.isna().all()


def test_mixed_precision_changes_nothing():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = cifar_resnet(20)
    finally:
        keras.config.set_dtype_policy("float32")
    assert totals(layer_table(model)) == KNOWN[20]


def test_frozen_weights_are_not_counted():
    model = cifar_resnet(8, width=2)
    model.get_layer("stem").trainable = False
    assert layer_table(model).parameters["stem"] == 0


def test_model_is_left_as_it_was():
    model = cifar_resnet(8, width=2, survival_probability=0.5)
    before = model.get_weights()
    layer_table(model)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any("call" in vars(layer) for layer in parts_of(model))


def test_size_must_be_known_or_given():
    model = cifar_resnet(20, input_shape=(None, None, 3))
    with pytest.raises(ValueError, match="input_shape must be given"):
        layer_table(model)
    assert totals(layer_table(model, (32, 32, 3))) == KNOWN[20]


def test_model_with_several_inputs_or_none_is_refused():
    first, second = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    for model, number in (
        (keras.Model([first, second], first + second), 2),
        (keras.Sequential(), "none yet"),
    ):
        with pytest.raises(ValueError, match=f"model must be built and have one input.*{number}"):
            layer_table(model)
