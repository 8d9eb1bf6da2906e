"""The maps inside a backbone that a feature pyramid is built on."""

from __future__ import annotations

import re

import keras

# Ours, and those of keras.applications.
BLOCK = re.compile(r"(?P<stage>stage\d+)_block\d+|(?P<conv>conv\d+)_block\d+_out")


def stage_outputs(model: keras.Model) -> tuple[keras.KerasTensor, ...]:
    """Return what the last block of each stage gives, finest first.

    These are the maps C2 to C5 of an ImageNet network, and three of a CIFAR network. (In a
    network of pre-activation blocks they are sums, before any normalization and ReLU.)

    Args:
        model: `reslib.models.resnet` or `cifar_resnet`; or a ResNet of `keras.applications` with
            its activations behind the sums, such as `keras.applications.ResNet50`.

    Returns:
        A tuple of symbolic tensors, for `reslib.layers.FeaturePyramid` and `keras.Model`.

    Raises:
        ValueError: if it is no such model, or none of its layers has the name of a block.

    Reference:
        Lin et al., 2017, "Feature Pyramid Networks for Object Detection", section 3.

    Example:

    >>> from reslib.models import cifar_resnet
    >>> [tuple(maps.shape) for maps in stage_outputs(cifar_resnet(8))]
    [(None, 32, 32, 16), (None, 16, 16, 32), (None, 8, 8, 64)]
    """
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise ValueError(f"model must be a keras.Model of connected layers, received {model!r}")
    last = {}  # the layers come in the order of the network
    for layer in model.layers:
        if match := BLOCK.fullmatch(layer.name):
            last[match["stage"] or match["conv"]] = layer.output
    if not last:
        raise ValueError(
            "model must have blocks called stage1_block1, … (reslib.models) or conv2_block1_out, "
            f"… (keras.applications), {model.name} has none"
        )
    return tuple(last.values())
