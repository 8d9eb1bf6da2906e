"""Layers for any arguments, sizes and dtypes: what was promised, or a refusal by name."""

import itertools

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
    data_format,
    either,
    examples,
    integer,
    none,
    normalization,
    number,
    one_of,
    positive,
    probability,
    shortcut,
)

from reslib import layers
from reslib.layers.image_layer import ImageLayer

SEED = either(none, lambda value: integer(0)(value) and value < 2**32)
BLOCK = {
    "filters": positive,
    "strides": positive,
    "shortcut": shortcut,
    "normalization": normalization,
    "identity_start": boolean,
    "survival_probability": probability,
}
CASES = {
    layers.BatchNormalization: (
        {},
        {
            "axis": integer(-(10**400)),
            "momentum": number(lambda value: 0 <= value <= 1),
            "epsilon": number(lambda value: value >= 0),
            "center": boolean,
            "scale": boolean,
        },
    ),
    layers.BottleneckBlock: (
        {"filters": 4},
        {**BLOCK, "filters": integer(4, multiple_of=4), "version": one_of("v1", "v1.5")},
    ),
    layers.Gate: ({}, {"price": number(lambda value: value >= 0), "start": number()}),
    layers.FeaturePyramid: (
        {"channels": 2},
        {
            "channels": positive,
            "fusion": one_of("add", "concat"),
            "lateral": boolean,
            "top_down": boolean,
            "outputs": one_of("all", "finest"),
            "extra_levels": integer(0),
            "extra_from": one_of("pyramid", "backbone"),
        },
    ),
    layers.IdentityShortcut: (
        {"filters": 4},
        {"filters": positive, "strides": positive},
    ),
    layers.LooksLinear: ({}, {"gain": number(), "seed": SEED}),
    layers.MirroredReLU: ({}, {}),
    layers.NormalizedConv2D: (
        {"filters": 2, "kernel_size": 3},
        {
            "filters": positive,
            "kernel_size": integer(1, multiple_of=2, rest=1),
            "strides": positive,
            "activation": either(none, callable, one_of("relu")),
            "normalization": normalization,
            "use_bias": either(none, boolean),
            "gamma_initializer": one_of("ones", "zeros"),
        },
    ),
    layers.OneLayerBlock: ({"filters": 4}, BLOCK),
    layers.PreActivationBlock: ({"filters": 4}, BLOCK),
    layers.ResidualBlock: ({"filters": 4}, BLOCK),
    layers.ResidualBlock1D: (
        {"filters": 4},
        {
            "filters": positive,
            "shortcut": one_of("A", None),
            "gate_price": either(none, number(lambda value: value >= 0)),
            "gate_start": number(),
        },
    ),
    layers.StochasticDepth: (
        {"survival_probability": 0.5},
        {"survival_probability": probability, "seed": SEED},
    ),
    layers.UpSamplingTo: (
        {},
        {
            "factor": positive,
            "interpolation": one_of("nearest", "bilinear"),
        },
    ),
}
BLOCKS = [getattr(layers, name) for name in layers.__all__ if name.endswith("Block")]


def test_no_layer_is_left_out():
    assert {layer.__name__ for layer in CASES} == set(layers.__all__)


@pytest.mark.parametrize("layer, good, argument, is_valid", **by_argument(CASES))
@given(value=anything)
@examples(40)
def test_what_is_valid_is_taken_and_nothing_else(layer, good, argument, is_valid, value):
    assert accepted(argument, lambda **a: layer(**{**good, **a}), value) == is_valid(value)


@pytest.mark.parametrize("layer", [row for row in CASES if issubclass(row, ImageLayer)])
@given(value=anything)
@examples(20)
def test_data_format_is_one_of_two(layer, value):
    """`data_format` is an argument of them all, and checked in one place."""
    good, _ = CASES[layer]
    valid = data_format(value)
    assert accepted("data_format", lambda **a: layer(**{**good, **a}), value) == valid


def images(*shape):
    return np.random.default_rng(0).normal(size=shape)


def check_call(layer, inputs, shape, policy):
    """The same shape and dtype are announced and come out, in training and outside."""
    announced = layer.compute_output_shape(keras.tree.map_structure(np.shape, inputs))
    for training in (True, False):
        outputs = keras.tree.flatten(layer(inputs, training=training))
        dtypes = {keras.backend.standardize_dtype(x.dtype) for x in outputs}
        assert [tuple(x.shape) for x in outputs] == shape
        assert dtypes == {policy.removeprefix("mixed_")}
        assert all(np.isfinite(np.asarray(x, "float64")).all() for x in outputs)
    assert (list(announced) if isinstance(inputs, tuple) else [tuple(announced)]) == shape
    kept = {weight.dtype for weight in layer.weights if "seed" not in weight.path}
    assert kept <= {"float64" if policy == "float64" else "float32"}


policies = st.sampled_from(["float32", "float64", "mixed_float16", "mixed_bfloat16"])
sides = st.integers(1, 7)


@pytest.mark.parametrize("block", BLOCKS)
@given(
    policy=policies,
    batch=st.integers(1, 3),
    height=sides,
    width=sides,
    channels=st.integers(1, 4),
    strides=st.integers(1, 4),
    shortcut=st.sampled_from(["A", "B", "C", None]),
    normalization=st.sampled_from(["batch", None]),
)
@examples(8)
def test_blocks_of_any_size_and_dtype(
    block, policy, batch, height, width, channels, strides, shortcut, normalization
):
    """Also maps of one pixel, and strides that leap over all of them."""
    layer = block(4, strides, shortcut, normalization, dtype=policy)
    shape = (batch, -(-height // strides), -(-width // strides), 4)
    check_call(layer, images(batch, height, width, channels), [shape], policy)


@given(policy=policies, height=sides, width=sides, kernel=st.integers(0, 3), strides=sides)
@examples(8)
def test_convolutions_of_any_size_and_dtype(policy, height, width, kernel, strides):
    layer = layers.NormalizedConv2D(3, 2 * kernel + 1, strides, activation="relu", dtype=policy)
    shape = (2, -(-height // strides), -(-width // strides), 3)
    check_call(layer, images(2, height, width, 1), [shape], policy)


@given(policy=policies, shape=st.lists(st.integers(1, 4), min_size=2, max_size=5))
@examples(8)
def test_layers_that_take_any_rank(policy, shape):
    for layer, out in (
        (layers.BatchNormalization(dtype=policy), shape),
        (layers.MirroredReLU(dtype=policy), [*shape[:-1], 2 * shape[-1]]),
        (layers.StochasticDepth(0.5, dtype=policy), shape),
    ):
        check_call(layer, images(*shape), [tuple(out)], policy)


@given(
    policy=policies,
    height=sides,
    width=sides,
    levels=st.integers(1, 3),
    extra_levels=st.integers(0, 2),
    fusion=st.sampled_from(["add", "concat"]),
)
@examples(8)
def test_pyramids_of_any_size_and_dtype(policy, height, width, levels, extra_levels, fusion):
    sizes = [(height, width)]
    for _ in range(levels + extra_levels - 1):
        sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
    maps = tuple(images(2, *size, i + 1) for i, size in enumerate(sizes[:levels]))
    layer = layers.FeaturePyramid(3, fusion, extra_levels=extra_levels, dtype=policy)
    check_call(layer, maps, [(2, *size, 3) for size in sizes], policy)


@given(policy=policies, height=sides, width=sides, factor=st.integers(1, 4))
@examples(8)
def test_enlarging_to_any_size_and_dtype(policy, height, width, factor):
    coarse = images(2, -(-height // factor), -(-width // factor), 3)
    layer = layers.UpSamplingTo(factor, "bilinear", dtype=policy)
    outputs = layer((coarse, images(2, height, width, 1)))
    assert outputs.shape == (2, height, width, 3)
    assert keras.backend.standardize_dtype(outputs.dtype) == policy.removeprefix("mixed_")
    assert np.isfinite(np.asarray(outputs, "float64")).all()


shapes = st.lists(st.one_of(st.none(), st.integers(1, 5)), max_size=6).map(tuple)
no_images = shapes.filter(lambda shape: len(shape) != 4 or shape[3] is None)


@pytest.mark.parametrize("method", ["build", "compute_output_shape"])
@pytest.mark.parametrize(
    "layer", [*BLOCKS, layers.IdentityShortcut, lambda n: layers.NormalizedConv2D(n, 3)]
)
@given(shape=no_images)
@examples(20)
def test_nothing_but_images_is_taken(layer, method, shape):
    layer = layer(4)
    with pytest.raises(ValueError, match=type(layer).__name__):
        getattr(layer, method)(shape)


@given(shape=shapes.filter(lambda shape: len(shape) < 2 or shape[-1] is None))
@examples(20)
def test_mirroring_needs_channels(shape):
    for method in ("build", "compute_output_shape"):
        with pytest.raises(ValueError, match="MirroredReLU"):
            getattr(layers.MirroredReLU(), method)(shape)


@given(shape=shapes, axis=st.integers(-7, 7))
@examples(40)
def test_normalization_needs_its_axis(shape, axis):
    layer = layers.BatchNormalization(axis)
    if -len(shape) <= axis < len(shape) and shape[axis] is not None:
        layer.build(shape)
        assert layer.gamma.shape == (shape[axis],)
    else:
        with pytest.raises(ValueError, match="axis"):
            layer.build(shape)


@given(maps=st.one_of(shapes, st.lists(shapes, max_size=3).map(tuple)))
@examples(60)
def test_only_maps_that_halve_are_taken_together(maps):
    """A single tensor, too few maps, other ranks, unknown channels, sizes that do not fit."""
    fit = len(maps) > 0 and all(isinstance(s, tuple) and len(s) == 4 and s[3] for s in maps)
    fit = fit and all(
        None in (fine[i], coarse[i]) or coarse[i] == -(-fine[i] // 2)
        for fine, coarse in itertools.pairwise(maps)
        for i in (1, 2)
    )
    for layer, given_maps, fits in (
        (layers.FeaturePyramid(2), maps, fit),
        (layers.UpSamplingTo(), maps[::-1], fit and len(maps) == 2),
    ):
        if fits:
            layer.build(given_maps)
        else:
            with pytest.raises(ValueError, match=type(layer).__name__):
                layer.build(given_maps)
