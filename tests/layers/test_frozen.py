"""What is frozen stays frozen: in every layer, as a whole or in part, on every way to a new one."""

import copy

import keras
import numpy as np
import pytest
from check import random_inputs, tensorflow_only

from reslib.framework import parts_of
from reslib.layers import (
    BottleneckBlock,
    FeaturePyramid,
    NormalizedConv2D,
    OneLayerBlock,
    PreActivationBlock,
    ResidualBlock,
)

SHAPE = (2, 5, 6, 3)
# name: how to make it, parts that can be frozen on their own, shapes in
LAYERS = {
    "convolution": (lambda **k: NormalizedConv2D(4, 3, strides=2, **k), ["normalization"], SHAPE),
    "residual": (
        lambda **k: ResidualBlock(4, shortcut="B", survival_probability=0.5, **k),
        ["conv1", "shortcut/normalization"],
        SHAPE,
    ),
    "bottleneck": (lambda **k: BottleneckBlock(4, **k), ["conv3/convolution"], SHAPE),
    "one-layer": (lambda **k: OneLayerBlock(4, shortcut="C", **k), ["shortcut"], SHAPE),
    "pre-activation": (lambda **k: PreActivationBlock(4, **k), ["normalization", "conv2"], SHAPE),
    "pyramid": (
        lambda **k: FeaturePyramid(4, fusion="concat", extra_levels=1, **k),
        ["lateral1", "merge1", "output3/convolution"],
        (SHAPE, (2, 3, 3, 5)),
    ),
}


def by_file(ending):
    def copied(model, folder):
        model.save(folder / f"model{ending}")
        return keras.saving.load_model(folder / f"model{ending}")

    return copied


def by_weights(model, folder):
    """A file of weights says nothing of what is frozen: the model that takes them decides."""
    model.save_weights(folder / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.load_weights(folder / "model.weights.h5")
    return other


def by_clone(model, folder):
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    return other


WAYS = {
    "keras": by_file(".keras"),
    "h5": by_file(".h5"),
    "weights": by_weights,
    "clone": by_clone,
    "deepcopy": lambda model, folder: copy.deepcopy(model),
}


@pytest.fixture(params=LAYERS.values(), ids=LAYERS)
def case(request):
    return request.param


def model_of(layer, shapes):
    inputs = keras.tree.map_shape_structure(lambda shape: keras.Input(shape[1:]), shapes)
    return keras.Model(inputs, layer(inputs))


def freeze(layer, names):
    for part in parts_of(layer):
        if part.path.removeprefix(f"{layer.path}/") in names:
            part.trainable = False


def trained(model):
    return [weight.path for weight in model.trainable_variables]


def flags(layer):
    return {part.path: part.trainable for part in parts_of(layer)}


@pytest.mark.parametrize("frozen", ["nothing", "all", "parts"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_same_weights_are_trained_on_every_way(case, way, frozen, tmp_path):
    """And the outputs stay: a frozen normalization never uses the statistics of the batch."""
    make, names, shapes = case
    layer = make(name="some_layer")
    model = model_of(layer, shapes)
    everything = trained(model)
    if frozen == "all":
        layer.trainable = False
        assert trained(model) == []
    if frozen == "parts":
        freeze(layer, names)
        assert 0 < len(trained(model)) < len(everything)
    other = way(model, tmp_path)
    assert trained(other) == trained(model)
    assert flags(other.get_layer("some_layer")) == flags(layer)

    x = keras.tree.map_shape_structure(random_inputs, shapes)
    for ours, theirs in zip(
        keras.tree.flatten(model(x)), keras.tree.flatten(other(x)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_copy_of_a_copy_and_a_config_alone_keep_it(case, tmp_path):
    make, names, shapes = case
    layer = make()
    model_of(layer, shapes)
    freeze(layer, names)
    config = layer.get_config()
    unbuilt = type(layer).from_config(config)
    assert unbuilt.get_config() == config
    model_of(again := type(layer).from_config(unbuilt.get_config()), shapes)
    assert again.get_config() == config


def test_made_frozen_is_frozen_inside(case):
    """Before and after it is built; and what is thawed is thawed inside."""
    make, _, shapes = case
    layer = make(trainable=False)
    assert not any(part.trainable for part in parts_of(layer) if part.weights)
    model = model_of(layer, shapes)
    assert layer.weights and trained(model) == []
    assert not any(part.trainable for part in parts_of(layer) if part.weights)
    layer.trainable = True
    assert trained(model) == trained(model_of(make(name=layer.name), shapes))


def test_frozen_before_it_is_built(case):
    make, _, shapes = case
    layer = make()
    layer.trainable = False
    assert trained(model_of(layer, shapes)) == []


@tensorflow_only(reason="about TensorFlow's SavedModel")
def test_export_keeps_it(tmp_path):
    import tensorflow as tf

    layer = ResidualBlock(4, shortcut="B")
    model = model_of(layer, SHAPE)
    layer.conv1.trainable = False
    other = by_file(".keras")(model, tmp_path)
    for i, one in enumerate((model, other)):
        one.export(tmp_path / str(i), verbose=False)
        exported = tf.saved_model.load(tmp_path / str(i))
        assert len(exported.trainable_variables) == len(model.trainable_variables) == 6
