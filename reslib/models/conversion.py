"""Weights of `keras.applications`, brought into our networks."""

from __future__ import annotations

import re

import keras

from reslib.framework import parts_of
from reslib.layers import BottleneckBlock, NormalizedConv2D


def load_keras_applications(model: keras.Model, source: keras.Model) -> keras.Model:
    """Give a residual network the weights of its counterpart in `keras.applications`.

    Both then compute the same, up to rounding, though they are made differently: there the
    convolutions have biases and the normalizations a larger epsilon. Biases are taken off the
    moving means, and what epsilon is larger goes on the moving variances.

    Args:
        model: `reslib.models.resnet(depth, version="v1")`, of 50, 101 or 152 layers.
        source: `keras.applications.ResNet50`, `ResNet101` or `ResNet152`. Where it has no top the
            logits of `model` are left as they are.

    Returns:
        `model`. It wants its images as `keras.applications.resnet.preprocess_input` makes them,
        and gives logits.

    Raises:
        ValueError: if a layer is missing in `source`, has no place in `model`, or has another
            shape. No weight has been changed then.

    Example:

    >>> source = keras.applications.ResNet50(weights="imagenet")  # doctest: +SKIP
    >>> model = load_keras_applications(resnet(50, version="v1"), source)  # doctest: +SKIP
    """
    blocks = [layer for layer in model.layers if isinstance(layer, BottleneckBlock)]
    if not blocks or any(block.version != "v1" for block in blocks):
        raise ValueError(
            'model must be a resnet of 50, 101 or 152 layers with version="v1" (the networks of '
            "keras.applications take their strides in the first 1×1 convolution), received "
            f"{model.name}" + (f" with version={blocks[0].version!r}" if blocks else "")
        )
    left = {layer.name: layer for layer in source.layers if layer.weights}

    def take(name):
        if name not in left:
            raise ValueError(f"source must have a layer {name!r}, {source.name} has none")
        return left.pop(name)

    new_weights = []
    for unit in parts_of(model):
        if isinstance(unit, NormalizedConv2D):
            name = _name_in_keras_applications(unit.path)
            convolution, norm = take(f"{name}_conv"), take(f"{name}_bn")
            kernel, *bias = convolution.get_weights()
            gamma, beta, mean, variance = norm.get_weights()
            mean = mean - sum(bias)
            variance = variance + (norm.epsilon - unit.norm.epsilon)
            new_weights.append((unit, [kernel, gamma, beta, mean, variance], name))
    if "predictions" in left:
        logits = model.get_layer("logits")
        new_weights.append((logits, take("predictions").get_weights(), "predictions"))
    if left:
        raise ValueError(
            f"source must have no other layers than {model.name}, {source.name} also has "
            + ", ".join(left)
        )
    for layer, weights, name in new_weights:
        for weight, new in zip(layer.weights, weights, strict=True):
            if weight.shape != new.shape:
                raise ValueError(
                    f"source must have weights of the shapes of {model.name}: {weight.path} has "
                    f"{tuple(weight.shape)}, {name} in {source.name} has {new.shape}"
                )
    for layer, weights, _ in new_weights:
        layer.set_weights(weights)
    return model


def _name_in_keras_applications(path):
    """Return `"conv2_block1_2"` for `"stage1_block1/conv2"`, and `"conv1"` for the stem."""
    if path == "stem":
        return "conv1"
    stage, block, part = re.fullmatch(r"stage(\d+)_block(\d+)/(?:conv)?(\w+)", path).groups()
    return f"conv{int(stage) + 1}_block{block}_{'0' if part == 'shortcut' else part}"
