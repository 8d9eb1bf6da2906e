"""What the networks on a feature pyramid share: all but their heads."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from reslib import arguments
from reslib.layers import FeaturePyramid
from reslib.models import residual_stages as resnets
from reslib.models.stage_outputs import stage_outputs


def residual_backbone(
    width: int,
    blocks: Sequence[int],
    shortcut: str | None,
    block: str,
    stem_strides: int,
    input_shape: Sequence[int],
) -> keras.Model:
    """Make a backbone: a strided stem, and stages of residual blocks.

    The arguments are those of `reslib.models.pyramid_segmenter`, as those below.
    """
    arguments.one_of("block", block, resnets.BLOCKS)
    stem_strides = arguments.integer(
        "stem_strides", stem_strides, "1, 2 or 4", (1, 2, 4).__contains__
    )
    if not isinstance(blocks, (tuple, list)) or not blocks:
        raise ValueError(f"blocks must be a tuple of positive integers, received {blocks!r}")
    blocks = [arguments.positive_integer("blocks (each)", number) for number in blocks]
    width = arguments.positive_integer("width", width)
    inputs = keras.Input(resnets.image_shape(input_shape), name="images")
    x = resnets.stem(inputs, width, strides=stem_strides)
    x = resnets.stages(x, block, blocks, width, shortcut=shortcut)
    return keras.Model(inputs, x, name="backbone")


def feature_pyramid(
    width: int, channels: int | None, levels: str, fusion: str, lateral: bool, top_down: bool
) -> FeaturePyramid:
    """Make the pyramid that waits for the maps of a backbone."""
    width = arguments.positive_integer("width", width)
    arguments.one_of("levels", levels, ("all", "finest", "coarsest"))
    return FeaturePyramid(
        2 * width if channels is None else channels,
        fusion=fusion,
        lateral=lateral,
        top_down=top_down,
        outputs="finest" if levels == "finest" else "all",
        data_format="channels_last",
        name="pyramid",
    )


def pyramid_features(
    backbone: keras.Model, pyramid: FeaturePyramid, levels: str
) -> list[keras.KerasTensor]:
    """Return what the pyramid makes of the backbone's maps, finest first.

    Raises:
        ValueError: if it is no such backbone, or one of unknown size.
    """
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
    elif levels == "finest" and not pyramid.top_down:
        maps = maps[:1]
    return keras.tree.flatten(pyramid(maps))
