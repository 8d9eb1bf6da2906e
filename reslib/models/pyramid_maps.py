"""The part that the networks on a feature pyramid share: all but their heads."""

import keras

from reslib import arguments
from reslib.layers import FeaturePyramid, NormalizedConv2D
from reslib.models import parts
from reslib.models.stage_outputs import stage_outputs


def pyramid_maps(
    width,
    channels,
    levels,
    fusion,
    lateral,
    top_down,
    blocks,
    shortcut,
    block,
    stem_strides,
    input_shape,
    backbone,
):
    """What a network on a feature pyramid has before its head.

    The arguments are those of `reslib.models.pyramid_segmenter`.

    Returns:
        The symbolic images, the tuple of the backbone's maps that are used, finest first, and the
        `FeaturePyramid` that waits for them.

    Raises:
        ValueError: for an argument other than those above.
    """
    arguments.positive_integer("width", width)
    channels = arguments.positive_integer("channels", 2 * width if channels is None else channels)
    arguments.one_of("levels", levels, ("all", "finest", "coarsest"))
    if backbone is None:
        backbone = _backbone(width, blocks, shortcut, block, stem_strides, input_shape)
    try:
        maps = stage_outputs(backbone)
    except ValueError as error:
        raise ValueError(f"backbone: {error}") from None
    if len(backbone.inputs) != 1 or None in backbone.inputs[0].shape[1:]:
        raise ValueError(
            "input_shape must hold known sizes, the backbone's as well, received "
            + " and ".join(str(tuple(images.shape[1:])) for images in backbone.inputs)
        )

    if levels == "coarsest":
        maps = maps[-1:]
    elif levels == "finest" and not top_down:
        maps = maps[:1]
    pyramid = FeaturePyramid(
        channels,
        fusion=fusion,
        lateral=lateral,
        top_down=top_down,
        outputs="finest" if levels == "finest" else "all",
        data_format="channels_last",
        name="pyramid",
    )
    return backbone.inputs[0], maps, pyramid


def _backbone(width, blocks, shortcut, block, stem_strides, input_shape):
    arguments.one_of("block", block, parts.BLOCKS)
    arguments.one_of("stem_strides", stem_strides, (1, 2, 4))
    if not isinstance(blocks, (tuple, list)) or not blocks:
        raise ValueError(f"blocks must be a tuple of positive integers, received {blocks!r}")
    for number in blocks:
        arguments.positive_integer("blocks (each)", number)
    inputs = keras.Input(parts.image_shape(input_shape), name="images")
    x = NormalizedConv2D(
        width,
        3,
        strides=stem_strides,
        activation="relu",
        data_format="channels_last",
        name="stem",
    )(inputs)
    x = parts.stages(x, block, blocks, width, shortcut=shortcut)
    return keras.Model(inputs, x, name="backbone")
