"""The residual networks of the paper's CIFAR-10 study, and their plain twins."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from reslib import arguments
from reslib.models import residual_stages as resnets

EXAMPLES = {  # of depths in use, for each number of layers that a block in every stage adds
    3: "5, 8, 11, 20, 32, 44, 56, 110",
    6: "8, 14, 20, 32, 44, 56, 110",
    9: "11, 20, 29, 47, 56, 110, 164",
}


def cifar_resnet(
    depth: int,
    shortcut: str | None = "A",
    width: int = 16,
    input_shape: Sequence[int | None] = (32, 32, 3),
    classes: int = 10,
    normalization: str | None = "batch",
    identity_start: bool = False,
    block: str = "basic",
    survival_probability: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Make a network of `depth` = 6n + 2 weight layers in three stages of n blocks.

    A convolution, the stages, and a dense layer on the mean over all positions. The stages work at
    full, half and quarter resolution, with `width`, 2 `width` and 4 `width` channels.
    Each block has two 3×3 convolutions. A bottleneck block has three convolutions, so the depth is
    9n + 2, and gives out four times as many channels. A one-layer block makes it 3n + 2.

    Args:
        depth: Integer, 6n + 2: 8, 14, 20, 32, 44, 56, 110, …; for bottlenecks 9n + 2: 11, 20, 29,
            164, …; for one-layer blocks 3n + 2.
        shortcut: `"A"`, `"B"` or `"C"` as in `reslib.layers.ResidualBlock`; `None` gives the
            plain network, with the weights of option A.
        width: Integer, channels of the first stage.
        input_shape: `(height, width, channels)`; height and width may be `None`.
        classes: Integer, the number of outputs.
        normalization: `"batch"`, or `None` for biased convolutions without normalization.
        identity_start: Start each block as the identity; refused with `shortcut=None`.
        block: `"basic"`, `"bottleneck"`, `"one_layer"` or `"pre_activation"`:
            `reslib.layers.ResidualBlock`, `BottleneckBlock`, `OneLayerBlock` or
            `PreActivationBlock`. With the last, normalization and ReLU move from behind the first
            convolution to before the pool. (In the paper the shortcut of the first block starts
            behind its activation; here, as of all others, before it.)
        survival_probability: Float in (0, 1], how often the last block survives a training step.
            From the first block on the probability falls linearly down to it. Below 1 refused with
            `shortcut=None`.
        name: Name of the model; by default one that says what it is, such as `"plain_20"` or
            `"resnet_bottleneck_164"`.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, classes)`. The blocks are its layers `"stage1_block1"`, …, `"stage3_blockn"`.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.2 and table 6.
        Bottlenecks and pre-activation: He et al., 2016, "Identity Mappings in Deep Residual
        Networks". Survival: Huang et al., 2016, "Deep Networks with Stochastic Depth", section 3.

    Example:

    >>> cifar_resnet(20).count_params()  # 269,722 trained, the rest are statistics
    271098
    """
    arguments.one_of("block", block, resnets.BLOCKS)
    blocks = blocks_per_stage(depth, resnets.BLOCKS[block].convolutions)
    pre_activation = block == "pre_activation"
    width = arguments.positive_integer("width", width)
    arguments.positive_integer("classes", classes)

    inputs = keras.Input(resnets.image_shape(input_shape), name="images")
    x = resnets.stem(
        inputs,
        width,
        activation=None if pre_activation else "relu",
        normalization=None if pre_activation else normalization,
        use_bias=normalization is None,
    )
    x = resnets.stages(
        x,
        block,
        [blocks] * 3,
        width,
        survival_probability,
        shortcut=shortcut,
        normalization=normalization,
        identity_start=identity_start,
    )
    if pre_activation:
        x = resnets.normalization_and_relu(x, normalization)
    outputs = resnets.classifier(x, classes)
    name = resnets.model_name(depth, shortcut, block) if name is None else name
    return keras.Model(inputs, outputs, name=name)


def blocks_per_stage(depth: int, convolutions: int) -> int:
    """Return the n of a depth, for blocks of so many convolutions.

    Raises:
        ValueError: if there is none.
    """
    step = 3 * convolutions
    depth = arguments.integer(
        "depth",
        depth,
        f"{step}n+2 ({EXAMPLES[step]}, …)",
        lambda depth: depth > 2 and depth % step == 2 % step,
    )
    return (depth - 2) // step
