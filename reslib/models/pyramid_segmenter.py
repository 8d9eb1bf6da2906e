"""A network that names the class of every pixel, with a feature pyramid that can be taken apart."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from reslib import arguments
from reslib.layers import BatchNormalization, UpSamplingTo
from reslib.models.pyramid_features import (
    feature_pyramid,
    pyramid_features,
    residual_backbone,
)


def pyramid_segmenter(
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
    classes: int = 11,
    backbone: keras.Model | None = None,
    name: str | None = None,
) -> keras.Model:
    """Make a residual backbone, a feature pyramid, and one head for all of its levels.

    The head is a 3×3 convolution with a ReLU and a 1×1 convolution to the logits. Its kernels serve
    all levels; the batch normalization between them is each level's own, since levels differ in
    the size of their values. Each level's logits are enlarged along straight lines to the size of
    the finest; their mean is enlarged to that of the image.

    What the switches leave, with the rows of table 1 in the paper on feature pyramids (where the
    head gives boxes, each from one level):

    - the pyramid, (c): the defaults;
    - the coarsest map of the backbone only, (b): `levels="coarsest"`, whatever the other switches;
    - the finest map of the backbone only, no row: `levels="finest", top_down=False`; the network
      then ends with the first stage;
    - without the top-down path, (d): `top_down=False`; here the logits of the levels still meet;
    - without lateral connections, (e): `lateral=False`;
    - the finest level of the pyramid only, (f): `levels="finest"`;
    - concatenation in place of the sums, no row: `fusion="concat"`.

    Args:
        width: Integer, channels inside the blocks of the first stage; they double from stage to
            stage.
        channels: Integer, channels of the pyramid and of the head; by default twice `width`.
        levels: `"all"`, `"finest"` or `"coarsest"`, what the head looks at.
        fusion: As in `reslib.layers.FeaturePyramid`.
        lateral: As there.
        top_down: As there.
        blocks: Integers, the number of blocks in each stage.
        shortcut: `"A"`, `"B"`, `"C"` or `None`, as in `reslib.layers.ResidualBlock`.
        block: `"basic"`, `"bottleneck"`, `"one_layer"` or `"pre_activation"`, as in
            `reslib.models.cifar_resnet`.
        stem_strides: 1, 2 or 4, stride of the first convolution, so of the finest map. Each stage
            after the first halves the resolution.
        input_shape: `(height, width, channels)`, all known.
        classes: Integer, the number of outputs for each pixel.
        backbone: A model for `reslib.models.stage_outputs` to use in place of a new one; `width`
            then only sets `channels`, and `blocks`, `shortcut`, `block`, `stem_strides` and
            `input_shape` mean nothing. Its layers are shared, not copied.
        name: Name of the model, by default `"pyramid_segmenter"`.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, height, width, classes)`.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        Lin et al., 2017, "Feature Pyramid Networks for Object Detection", section 3 and table 1;
        the normalization: Tan et al., 2020, "EfficientDet", whose head shares its kernels alike.

    Example:

    >>> pyramid_segmenter().output_shape
    (None, 64, 64, 11)
    """
    classes = arguments.positive_integer("classes", classes)
    pyramid = feature_pyramid(width, channels, levels, fusion, lateral, top_down)
    if backbone is None:
        backbone = residual_backbone(width, blocks, shortcut, block, stem_strides, input_shape)
    # The layers of the pyramid are made when it is called. Made here, before, the head draws its
    # weights first, as in the networks that the course has measured.
    head = keras.layers.Conv2D(
        pyramid.channels,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        data_format="channels_last",
        name="head",
    )
    # float32, so that a softmax under mixed precision keeps its digits.
    logits = keras.layers.Conv2D(
        classes, 1, data_format="channels_last", dtype="float32", name="logits"
    )
    outputs = []
    for i, x in enumerate(pyramid_features(backbone, pyramid, levels)):
        x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"head_norm{i + 1}")(head(x))
        outputs.append(logits(keras.layers.ReLU(name=f"head_relu{i + 1}")(x)))
    outputs = [_enlarged(x, outputs[0], f"enlarged{i + 1}") for i, x in enumerate(outputs)]
    x = outputs[0]
    if len(outputs) > 1:
        x = keras.layers.Average(dtype="float32", name="mean")(outputs)
    name = "pyramid_segmenter" if name is None else name
    images = backbone.inputs[0]
    return keras.Model(images, _enlarged(x, images, "pixels"), name=name)


def _enlarged(x, like, name):
    """Enlarge by the power of two between the two sizes; in float32, as the logits are."""
    sides = list(zip(like.shape[1:3], x.shape[1:3], strict=True))
    factor = 1
    while any(-(-fine // factor) > coarse for fine, coarse in sides):
        factor *= 2
    if factor == 1:
        return x
    return UpSamplingTo(
        factor, "bilinear", data_format="channels_last", dtype="float32", name=name
    )((x, like))
