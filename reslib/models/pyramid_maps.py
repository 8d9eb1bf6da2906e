"""The part that the networks on a feature pyramid share: backbone, maps and pyramid."""

import keras

from reslib.layers import FeaturePyramid, NormalizedConv2D, arguments
from reslib.models import parts
from reslib.models.stage_outputs import stage_outputs


def pyramid_maps(
    backbone, channels, levels="all", fusion="add", lateral=True, top_down=True, **options
):
    """What a network on a feature pyramid begins with.

    Args:
        backbone: A model for `reslib.models.stage_outputs`, or `None` for a new one.
        channels: Integer, channels of the pyramid.
        levels: `"all"`, `"finest"` or `"coarsest"`, what the network's head looks at.
        fusion: As in `reslib.layers.FeaturePyramid`.
        lateral: As there.
        top_down: As there.
        **options: `width`, `blocks`, `shortcut`, `block`, `stem_strides` and `input_shape` of the
            new backbone.

    Returns:
        The symbolic images, the tuple of the backbone's maps that are used, finest first, and the
        `FeaturePyramid` that waits for them.

    Raises:
        ValueError: for an argument other than those above.
    """
    arguments.one_of("levels", levels, ("all", "finest", "coarsest"))
    if backbone is None:
        backbone = _backbone(**options)
    images = backbone.input
    if None in images.shape[1:]:
        raise ValueError(
            "input_shape must hold known sizes, the backbone's as well, "
            f"received {tuple(images.shape[1:])}"
        )

    maps = stage_outputs(backbone)
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
    return images, maps, pyramid


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
