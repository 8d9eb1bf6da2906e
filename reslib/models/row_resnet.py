"""A residual network for rows of cells, and its plain twin."""

from __future__ import annotations

import keras

from reslib import arguments
from reslib.layers import BatchNormalization, ResidualBlock1D


def row_resnet(
    depth: int,
    shortcut: str | None = "A",
    width: int = 16,
    input_shape: tuple = (64, 2),
    classes: int = 2,
    gate_price: float | None = None,
    gate_start: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Build a network of `depth` = 2n + 2 weight layers with an answer for each cell of a row.

    A convolution, n blocks of two convolutions, and a dense layer on each cell. All convolutions
    have size 3, and the resolution stays what it is: each sees one cell further to each side, so
    that an answer takes in `depth` - 1 cells to the left and as many to the right. What a network
    can know then depends on its depth alone, and its depth changes nothing else.

    Args:
        depth: Even integer of at least 4.
        shortcut: `"A"` for the identity, or `None` for the plain network, with the same weights.
        width: Integer, channels of all layers but the last.
        input_shape: `(cells, channels)`; `cells` may be `None`.
        classes: Integer, the number of outputs for each cell.
        gate_price: Float, the price of a gate in each block; `None` for no gates. Refused for
            `shortcut=None`. See `reslib.layers.ResidualBlock1D`.
        gate_start: Float, each gate at the start.
        name: Name of the model; by default one that says what it is, such as `"plain_20"` or
            `"resnet_20"`.

    Returns:
        A `keras.Model` from rows `(batch, cells, channels)` to logits `(batch, cells, classes)`.
        The blocks are its layers `"block1"`, …, `"blockn"`.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition": the blocks and the way to
        count layers are those of the networks for CIFAR-10 in section 4.2, without their stages.

    Example:

    >>> row_resnet(20).output_shape
    (None, 64, 2)
    """
    depth = arguments.integer(
        "depth", depth, "an even integer of at least 4", lambda value: value >= 4 and value % 2 == 0
    )
    width = arguments.positive_integer("width", width)
    classes = arguments.positive_integer("classes", classes)
    arguments.input_shape(
        input_shape,
        "(cells, channels) in positive integers, where cells may be None",
        length=2,
        free=1,
    )

    inputs = keras.Input(input_shape, name="rows")
    x = keras.layers.Conv1D(
        width, 3, padding="same", use_bias=False, name="stem", data_format="channels_last"
    )(inputs)
    x = BatchNormalization(momentum=0.9, epsilon=1e-5, name="stem_norm")(x)
    x = keras.layers.ReLU(name="stem_relu")(x)
    for block in range((depth - 2) // 2):
        x = ResidualBlock1D(width, shortcut, gate_price, gate_start, name=f"block{block + 1}")(x)
    # float32, so that a softmax under mixed precision keeps its digits.
    outputs = keras.layers.Conv1D(
        classes, 1, dtype="float32", name="logits", data_format="channels_last"
    )(x)
    if name is None:
        name = f"{'plain' if shortcut is None else 'resnet'}_{depth}"
    return keras.Model(inputs, outputs, name=name)
