"""A network that finds objects, on a feature pyramid or on a single map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from reslib import arguments
from reslib.models.pyramid_features import (
    feature_pyramid,
    pyramid_features,
    residual_backbone,
)

PRIOR = 0.01  # the probability of an object with which every position starts


def pyramid_detector(
    width: int = 8,
    channels: int | None = None,
    levels: str = "all",
    fusion: str = "add",
    lateral: bool = True,
    top_down: bool = True,
    blocks: Sequence[int] = (1, 1, 1, 1),
    shortcut: str | None = "B",
    block: str = "basic",
    stem_strides: int = 2,
    input_shape: Sequence[int] = (64, 64, 1),
    classes: int = 10,
    backbone: keras.Model | None = None,
    name: str | None = None,
) -> keras.Model:
    """Make a residual backbone, a feature pyramid, and one anchor-free head for all of its levels.

    At each position of each level the head says, for each class, whether the position lies in an
    object of that class, and how far from the position the sides of that object are. It counts
    these distances in cells of the level, so that one head can serve objects of every size: an
    object twice as large, on a level twice as coarse, looks the same to it. What the answers mean
    in pixels, and which objects belong to which level, says `reslib.detection.Grid`.

    The head is two 3×3 convolutions with ReLUs, and a 3×3 convolution to each of the two answers.
    FCOS has more of them, and a third answer (how near the position is to the object's centre).

    Args:
        classes: Integer, the number of classes, without a background.
        name: Name of the model, by default `"pyramid_detector"`.
        Others: As in `reslib.models.pyramid_segmenter`. A single level (`levels="finest"` or
            `"coarsest"`) must find objects of every size.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to a tuple of the logits
        `(batch, positions, classes)` and the distances `(batch, positions, 4)` to the top, left,
        bottom and right, in cells, all above 0. The positions are those of the finest level row by
        row, then those of the next.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        Tian et al., 2019, "FCOS: Fully Convolutional One-Stage Object Detection", section 3.
        The start at a small probability: Lin et al., 2017, "Focal Loss for Dense Object
        Detection", section 3.3.

    Example:

    >>> tuple(pyramid_detector().output_shape)  # 1360 = 32² + 16² + 8² + 4² positions
    ((None, 1360, 10), (None, 1360, 4))
    """
    classes = arguments.positive_integer("classes", classes)
    pyramid = feature_pyramid(width, channels, levels, fusion, lateral, top_down)
    if backbone is None:
        backbone = residual_backbone(width, blocks, shortcut, block, stem_strides, input_shape)
    features = pyramid_features(backbone, pyramid, levels)
    for name_of_layer in ("head1", "head2"):
        convolution = _convolution(
            pyramid.channels, name_of_layer, activation="relu", kernel_initializer="he_normal"
        )
        features = [convolution(x) for x in features]
    outputs = (
        # float32, so that sigmoid and exponential under mixed precision keep their digits.
        _convolution(
            classes,
            "logits",
            bias_initializer=keras.initializers.Constant(-math.log((1 - PRIOR) / PRIOR)),
            dtype="float32",
        ),
        _convolution(4, "distances", activation="exponential", dtype="float32"),
    )
    return keras.Model(
        backbone.inputs[0],
        tuple(_in_one_row(convolution, features) for convolution in outputs),
        name="pyramid_detector" if name is None else name,
    )


def _convolution(filters, name, **options):
    return keras.layers.Conv2D(
        filters, 3, padding="same", data_format="channels_last", name=name, **options
    )


def _in_one_row(convolution, features):
    """Put the answers of all levels into one row, one position after the other."""
    flat = keras.layers.Reshape(
        (-1, convolution.filters), dtype="float32", name=f"{convolution.name}_flat"
    )
    rows = [flat(convolution(x)) for x in features]
    if len(rows) == 1:
        return rows[0]
    return keras.layers.Concatenate(axis=1, dtype="float32", name=f"{convolution.name}_all")(rows)
