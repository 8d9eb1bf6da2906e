"""The maps inside a backbone that a feature pyramid is built on."""

import re

# Ours, and those of keras.applications.
BLOCK = re.compile(r"(?P<stage>stage\d+)_block\d+|(?P<conv>conv\d+)_block\d+_out")


def stage_outputs(model):
    """What the last block of each stage gives, finest first.

    These are the maps C2 to C5 of an ImageNet network, and three of a CIFAR network. (In a
    network of pre-activation blocks they are sums, before any normalization and ReLU.)

    Args:
        model: `reslib.models.resnet` or `cifar_resnet`; or a ResNet of `keras.applications` with
            its activations behind the sums, such as `keras.applications.ResNet50`.

    Returns:
        A tuple of symbolic tensors, for `reslib.layers.FeaturePyramid` and `keras.Model`.

    Raises:
        ValueError: if no layer of the model has the name of a block.

    Reference:
        Lin et al., 2017, "Feature Pyramid Networks for Object Detection", section 3.

    Example:

    >>> from reslib.models import cifar_resnet
    >>> [tuple(maps.shape) for maps in stage_outputs(cifar_resnet(8))]
    [(None, 32, 32, 16), (None, 16, 16, 32), (None, 8, 8, 64)]
    """
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
