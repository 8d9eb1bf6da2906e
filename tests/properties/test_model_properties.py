"""Networks for any arguments, sizes and dtypes: what was promised, or a refusal by name."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junk import (
    accepted,
    anything,
    boolean,
    by_argument,
    either,
    examples,
    image_shape,
    integer,
    none,
    normalization,
    number,
    one_of,
    positive,
    probability,
    sequence,
    shortcut,
    text,
)

from reslib import models

NAME = either(none, text)
PYRAMID = (
    {"width": 1, "blocks": (1,), "input_shape": (8, 8, 1), "classes": 2},
    {
        "width": positive,
        "channels": either(none, positive),
        "levels": one_of("all", "finest", "coarsest"),
        "fusion": one_of("add", "concat"),
        "lateral": boolean,
        "top_down": boolean,
        "blocks": sequence(positive),
        "shortcut": shortcut,
        "block": one_of("basic", "bottleneck", "one_layer", "pre_activation"),
        "stem_strides": one_of(1, 2, 4),
        "input_shape": sequence(positive, 3),
        "classes": positive,
        "backbone": none,
        "name": NAME,
    },
)
# What is a function, but none that gives an activation or initial values, fails with its own words.
INITIALIZER = one_of("zeros")
CASES = {
    models.cifar_resnet: (
        {"depth": 8, "width": 1, "input_shape": (4, 4, 1)},
        {
            "depth": integer(8, multiple_of=6, rest=2),
            "shortcut": shortcut,
            "width": positive,
            "input_shape": image_shape,
            "classes": positive,
            "normalization": normalization,
            "identity_start": boolean,
            "block": one_of("basic", "pre_activation", "one_layer"),  # of a depth of 8
            # What is nothing beside 1 gives the last block no chance.
            "survival_probability": number(lambda value: 0 < value <= 1 and 1 - (1 - value) > 0),
            "name": NAME,
        },
    ),
    models.mlp: (
        {"depth": 1, "width": 2, "input_shape": (3,)},
        {
            "depth": positive,
            "width": positive,
            "input_shape": sequence(positive),
            "classes": positive,
            "activation": one_of("relu"),
            "residual": boolean,
            "normalization": normalization,
            "kernel_initializer": INITIALIZER,
            "bias_initializer": INITIALIZER,
            "residual_scale": number(lambda value: value == 1),  # others need residual=True
            "dropout": number(lambda value: 0 <= value < 1),
            "name": NAME,
        },
    ),
    models.pyramid_detector: PYRAMID,
    models.pyramid_segmenter: PYRAMID,
    models.resnet: (
        {"depth": 18, "width": 1, "input_shape": (32, 32, 1), "classes": 2},
        {
            "depth": one_of(18, 34, 50, 101, 152),
            "shortcut": shortcut,
            "width": positive,
            "input_shape": image_shape,
            "classes": positive,
            "version": one_of("v1", "v1.5"),
            "identity_start": boolean,
            "survival_probability": probability,
            "name": NAME,
        },
    ),
    models.row_resnet: (
        {"depth": 4, "width": 1, "input_shape": (5, 1)},
        {
            "depth": integer(4, multiple_of=2),
            "shortcut": one_of("A", None),
            "gate_price": either(none, number(lambda value: value >= 0)),
            "gate_start": number(),
            "width": positive,
            "input_shape": lambda value: (
                sequence(either(none, positive), 2)(value) and value[1] is not None
            ),
            "classes": positive,
            "name": NAME,
        },
    ),
    models.stage_outputs: ({}, {"model": one_of()}),
}


def may_be_built(value):
    """Neither a function in place of a name, nor a network that fills the memory."""
    return not callable(value) and not (type(value) is int and value > 100)


@pytest.mark.parametrize("make, good, argument, is_valid", **by_argument(CASES))
@given(value=anything.filter(may_be_built))
@examples(15)
def test_what_is_valid_is_taken_and_nothing_else(make, good, argument, is_valid, value):
    if make is models.resnet and (is_valid(value) or argument == "name"):
        return  # half a second each, since Keras sees the name last; they are built elsewhere
    assert accepted(argument, lambda **a: make(**{**good, **a}), value) == is_valid(value)


@pytest.mark.parametrize("make", [models.pyramid_detector, models.pyramid_segmenter])
@pytest.mark.parametrize(
    "backbone",
    [
        keras.Sequential(),
        keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 1)]),
        models.cifar_resnet(8, width=1, input_shape=(None, 4, 1)),
    ],
    ids=["unbuilt", "without-blocks", "of-unknown-size"],
)
def test_other_models_are_no_backbones(make, backbone):
    with pytest.raises(ValueError, match="backbone"):
        make(backbone=backbone)


def trained(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def block_parameters(block, shortcut, entering, inside, projected):
    """Trained ones of a block whose 3×3 convolutions have `inside` channels."""
    if block == "bottleneck":
        branch = entering * inside + 9 * inside**2 + inside * 4 * inside + 12 * inside
        return branch + projected * (entering * 4 * inside + 8 * inside)
    first, second = 9 * entering * inside, 9 * inside**2
    if block == "one_layer":
        return first + 2 * inside + projected * (entering * inside + 2 * inside)
    if block == "pre_activation":
        branch = 2 * entering + first + 2 * inside + second
        return branch + projected * entering * inside
    return first + second + 4 * inside + projected * (entering * inside + 2 * inside)


@given(
    n=st.integers(1, 2),
    block=st.sampled_from(["basic", "bottleneck", "one_layer", "pre_activation"]),
    shortcut=st.sampled_from(["A", "B", "C", None]),
    width=st.integers(1, 3),
    channels=st.integers(1, 3),
    classes=st.integers(1, 3),
)
@examples(8)
def test_number_of_parameters_of_any_depth(n, block, shortcut, width, channels, classes):
    """Counted from the paper's description, for each number n of blocks in a stage."""
    convolutions = {"basic": 2, "bottleneck": 3, "one_layer": 1, "pre_activation": 2}[block]
    expansion = 4 if block == "bottleneck" else 1
    expected = 9 * channels * width + (0 if block == "pre_activation" else 2 * width)
    entering = width
    for stage in range(3):
        inside = width * 2**stage
        for i in range(n):
            changes = entering != expansion * inside or (stage > 0 and i == 0)
            projected = shortcut == "C" or (shortcut == "B" and changes)
            expected += block_parameters(block, shortcut, entering, inside, projected)
            entering = expansion * inside
    expected += (2 * entering if block == "pre_activation" else 0) + (entering + 1) * classes
    model = models.cifar_resnet(
        3 * convolutions * n + 2, shortcut, width, (8, 8, channels), classes, block=block
    )
    assert trained(model) == expected


@given(
    depth=st.integers(1, 5),
    width=st.integers(1, 4),
    inputs=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    classes=st.integers(1, 4),
    activation=st.sampled_from(["relu", "tanh", "crelu"]),
    residual=st.booleans(),
    normalization=st.sampled_from(["batch", None]),
)
@examples(10)
def test_number_of_parameters_of_any_mlp(
    depth, width, inputs, classes, activation, residual, normalization
):
    handed_on = width * (2 if activation == "crelu" else 1)
    kernels = np.prod(inputs) * width + (depth - 1) * handed_on * width + handed_on * classes
    others = depth * width * (2 if normalization else 1) + classes
    model = models.mlp(depth, width, inputs, classes, activation, residual, normalization)
    assert trained(model) == kernels + others


MADE = {
    "cifar_resnet": lambda shape: models.cifar_resnet(8, width=1, input_shape=shape),
    "pre_activation": lambda shape: models.cifar_resnet(
        8, width=1, input_shape=shape, block="pre_activation"
    ),
    "mlp": lambda shape: models.mlp(2, 3, shape, normalization="batch", residual=True),
    "pyramid_detector": lambda shape: models.pyramid_detector(1, input_shape=shape, blocks=(1, 1)),
    "pyramid_segmenter": lambda shape: models.pyramid_segmenter(
        1, input_shape=shape, blocks=(1, 1)
    ),
}


@pytest.mark.parametrize(
    "policy, sides",
    [
        ("float32", (1, 9)),
        ("float64", (7, 4)),
        ("mixed_float16", (1, 1)),
        ("mixed_bfloat16", (5, 3)),
    ],
)
@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
def test_answers_are_float32_whatever_the_policy(make, policy, sides):
    """And finite, of the shape announced, also for a picture of one pixel."""
    keras.config.set_dtype_policy(policy)
    try:
        model = make((*sides, 2))
    finally:
        keras.config.set_dtype_policy("float32")
    x = np.random.default_rng(0).normal(size=(3, *sides, 2))
    for training in (True, False):
        answers = keras.tree.flatten(model(x, training=training))
        for answer, announced in zip(answers, model.outputs, strict=True):
            assert (None, *answer.shape[1:]) == tuple(announced.shape) and len(answer) == 3
            assert keras.backend.standardize_dtype(answer.dtype) == announced.dtype == "float32"
            assert np.isfinite(answer).all()


@given(depth=st.sampled_from([18, 34]), sides=st.tuples(st.integers(1, 40), st.integers(1, 40)))
@examples(2)
def test_stages_halve_pictures_of_any_size(depth, sides):
    """In ImageNet's networks from a quarter on, in CIFAR's from the whole on."""
    for model, first, stages in (
        (models.cifar_resnet(8, width=1, input_shape=(*sides, 1)), 0, 3),
        (models.resnet(depth, width=1, input_shape=(*sides, 1), classes=2), 2, 4),
    ):
        expected = [tuple(-(-side // 2**i) for side in sides) for i in range(first, first + stages)]
        assert [maps.shape[1:3] for maps in models.stage_outputs(model)] == expected
