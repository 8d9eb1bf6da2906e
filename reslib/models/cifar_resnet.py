"""The residual networks of the paper's CIFAR-10 study, and their plain twins."""

import keras

from reslib.layers import NormalizedConv2D, ResidualBlock, arguments


def cifar_resnet(
    depth,
    shortcut="A",
    width=16,
    input_shape=(32, 32, 3),
    classes=10,
    normalization="batch",
    identity_start=False,
    name=None,
):
    """A network of `depth` = 6n + 2 weight layers in three stages of n blocks.

    A convolution, the stages, and a dense layer on the mean over all positions. The stages work at
    full, half and quarter resolution, with `width`, 2 `width` and 4 `width` channels.
    Each block has two 3×3 convolutions.

    Args:
        depth: Integer, 6n + 2: 8, 14, 20, 32, 44, 56, 110, …
        shortcut: `"A"`, `"B"` or `"C"` as in `reslib.layers.ResidualBlock`; `None` gives the
            plain network, with the weights of option A.
        width: Integer, channels of the first stage.
        input_shape: `(height, width, channels)`; height and width may be `None`.
        classes: Integer, the number of outputs.
        normalization: `"batch"`, or `None` for biased convolutions without normalization.
        identity_start: Start each block as the identity; refused with `shortcut=None`.
        name: Name of the model; by default one that says what it is, such as `"plain_20"`.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, classes)`. The blocks are its layers `"stage1_block1"`, …, `"stage3_blockn"`.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.2 and table 6.

    Example:

    >>> cifar_resnet(20).count_params()  # 269,722 trained, the rest are statistics
    271098
    """
    blocks = _blocks_per_stage(depth)
    arguments.positive_integer("width", width)
    arguments.positive_integer("classes", classes)
    if len(input_shape) != 3 or input_shape[-1] is None:
        raise ValueError(
            "input_shape must be (height, width, channels) with a known number of channels, "
            f"received {input_shape!r}"
        )

    inputs = keras.Input(input_shape, name="images")
    x = NormalizedConv2D(
        width,
        3,
        activation="relu",
        normalization=normalization,
        data_format="channels_last",
        name="stem",
    )(inputs)
    for stage in range(3):
        for block in range(blocks):
            x = ResidualBlock(
                width * 2**stage,
                strides=2 if stage > 0 and block == 0 else 1,
                shortcut=shortcut,
                normalization=normalization,
                identity_start=identity_start,
                data_format="channels_last",
                name=f"stage{stage + 1}_block{block + 1}",
            )(x)
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", name="pool")(x)
    # float32, so that a softmax under mixed precision keeps its digits.
    outputs = keras.layers.Dense(
        classes, kernel_initializer="he_normal", dtype="float32", name="logits"
    )(x)
    kind = "plain" if shortcut is None else "resnet"
    return keras.Model(inputs, outputs, name=name or f"{kind}_{depth}")


def _blocks_per_stage(depth):
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 8 or (depth - 2) % 6:
        raise ValueError(f"depth must be 6n+2 (8, 14, 20, 32, 44, 56, 110, …), received {depth!r}")
    return (depth - 2) // 6
