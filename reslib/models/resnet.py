"""The residual networks of the paper's ImageNet study."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from reslib import arguments
from reslib.models import residual_stages as resnets

# depth: kind of block, and how many of them in each of the four stages
STAGES = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}


def resnet(
    depth: int,
    shortcut: str | None = "B",
    width: int = 64,
    input_shape: Sequence[int | None] = (224, 224, 3),
    classes: int = 1000,
    version: str = "v1.5",
    identity_start: bool = False,
    survival_probability: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Make a network of `depth` weight layers for images of a few hundred pixels.

    A 7×7 convolution and a 3×3 maximum, each with a stride of 2, four stages of blocks, and a
    dense layer on the mean over all positions. The stages work at 1/4, 1/8, 1/16 and 1/32 of the
    resolution. Up to 34 layers the blocks have two 3×3 convolutions, beyond that they are
    bottlenecks. Every window is padded the same on all sides, as in PyTorch.

    Args:
        depth: Integer, 18, 34, 50, 101 or 152.
        shortcut: `"A"`, `"B"` or `"C"` as in `reslib.layers.ResidualBlock`; `None` gives the
            plain network, with the weights of option A.
        width: Integer, channels inside the blocks of the first stage. They double from stage to
            stage.
        input_shape: `(height, width, channels)`; height and width may be `None`.
        classes: Integer, the number of outputs.
        version: `"v1.5"`, or `"v1"` for bottlenecks that take their stride in the first 1×1
            convolution, as the paper's do. Without a meaning for 18 and 34 layers.
        identity_start: Start each block as the identity; refused with `shortcut=None`.
        survival_probability: Float in (0, 1], how often the last block survives a training step,
            as in `reslib.models.cifar_resnet`.
        name: Name of the model; by default one that says what it is, such as `"resnet_50"`.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, classes)`. The blocks are its layers `"stage1_block1"`, `"stage1_block2"`, …

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", table 1.

    Example:

    >>> resnet(18).count_params()  # 11,689,512 trained, the rest are statistics
    11699112
    """
    one_of_them = f"one of {', '.join(map(str, STAGES))}"
    block, blocks = STAGES[arguments.integer("depth", depth, one_of_them, STAGES.__contains__)]
    arguments.one_of("version", version, ("v1", "v1.5"))
    options = {"version": version} if block == "bottleneck" else {}
    width = arguments.positive_integer("width", width)
    arguments.positive_integer("classes", classes)

    inputs = keras.Input(resnets.image_shape(input_shape), name="images")
    x = resnets.stem(inputs, width, kernel_size=7, strides=2)
    # Zeros never win over what a ReLU gave.
    x = keras.layers.ZeroPadding2D(1, data_format="channels_last", name="stem_padding")(x)
    x = keras.layers.MaxPooling2D(3, strides=2, data_format="channels_last", name="stem_pool")(x)
    x = resnets.stages(
        x,
        block,
        blocks,
        width,
        survival_probability,
        shortcut=shortcut,
        identity_start=identity_start,
        **options,
    )
    outputs = resnets.classifier(x, classes)
    name = resnets.model_name(depth, shortcut) if name is None else name
    return keras.Model(inputs, outputs, name=name)
