"""What the residual networks are made of, from the stem's output to the logits."""

import keras

from reslib import arguments
from reslib.layers import (
    BatchNormalization,
    BottleneckBlock,
    NormalizedConv2D,
    OneLayerBlock,
    PreActivationBlock,
    ResidualBlock,
)

BLOCKS = {
    "basic": ResidualBlock,
    "bottleneck": BottleneckBlock,
    "one_layer": OneLayerBlock,
    "pre_activation": PreActivationBlock,
}


def image_shape(input_shape):
    """Return `input_shape`, or refuse what is not `(height, width, channels)`."""
    return arguments.input_shape(
        input_shape,
        "(height, width, channels) in positive integers, where height and width may be None",
        length=3,
        free=2,
    )


def stem(images, width, kernel_size=3, strides=1, activation="relu", **options):
    """Make the first convolution."""
    return NormalizedConv2D(
        width,
        kernel_size,
        strides,
        activation,
        data_format="channels_last",
        name="stem",
        **options,
    )(images)


def stages(x, block, blocks, width, survival_probability=1.0, **options):
    """Make stages of residual blocks; each but the first begins with a stride of 2.

    Args:
        x: Symbolic tensor, a batch of images with the channels last.
        block: A key of `BLOCKS`.
        blocks: Numbers of blocks, one for each stage.
        width: Integer, channels inside the blocks of the first stage; they double from stage to
            stage.
        survival_probability: Float, how often the last block survives; from the first block on the
            probability falls linearly down to it (Huang et al., 2016).
        **options: Arguments of the blocks.

    Returns:
        A symbolic tensor. The blocks are called `"stage1_block1"`, `"stage1_block2"`, …
    """
    make_block = BLOCKS[block]
    survival = 1 - arguments.probability("survival_probability", survival_probability)
    done = 0
    for stage, number in enumerate(blocks):
        for i in range(number):
            done += 1
            x = make_block(
                width * 2**stage * make_block.expansion,
                strides=2 if stage > 0 and i == 0 else 1,
                survival_probability=1 - done / sum(blocks) * survival,
                data_format="channels_last",
                name=f"stage{stage + 1}_block{i + 1}",
                **options,
            )(x)
    return x


def normalization_and_relu(x, normalization):
    """Make what follows the last of the pre-activation blocks."""
    if normalization == "batch":
        x = BatchNormalization(momentum=0.9, epsilon=1e-5, name="normalization")(x)
    return keras.layers.ReLU(name="relu")(x)


def classifier(x, classes):
    """Take the mean over all positions, and from it the logits."""
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", name="pool")(x)
    # float32, so that a softmax under mixed precision keeps its digits.
    classes = arguments.positive_integer("classes", classes)
    return keras.layers.Dense(
        classes, kernel_initializer="he_normal", dtype="float32", name="logits"
    )(x)


def model_name(depth, shortcut, block="basic"):
    """Return a name such as `"plain_20"` or `"resnet_bottleneck_164"`."""
    kind = "plain" if shortcut is None else "resnet"
    return f"{kind}_{depth}" if block == "basic" else f"{kind}_{block}_{depth}"
