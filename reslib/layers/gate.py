"""A number that opens and shuts a branch."""

from __future__ import annotations

import keras

from reslib import arguments


@keras.saving.register_keras_serializable(package="reslib")
class Gate(keras.layers.Layer):
    """Multiplies its input by one number, which is trained: 0 shuts what comes before it off.

    At the end of the branch of a residual block it says how much the block adds. Where it starts
    shut the block begins as the identity. It can have a price, without which a network has no
    reason to shut it.

    Args:
        price: Float of at least 0. The layer adds `price · |gate|` to the loss.
        start: Float, the number at the start.

    Input shape:
        Any.

    Output shape:
        Same as the input's.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        De & Smith, 2020, "Batch Normalization Biases Residual Blocks Towards the Identity Function
        in Deep Networks", section 4 (SkipInit); Bachlechner et al., 2020, "ReZero is All You Need".
        There the gate has no price.

    Example:

    >>> gate = Gate(price=0.1)
    >>> keras.ops.convert_to_numpy(gate(keras.ops.ones(3))).tolist()
    [0.0, 0.0, 0.0]
    >>> _ = gate.value.assign(-2.0)
    >>> keras.ops.convert_to_numpy(gate(keras.ops.ones(3))).tolist()
    [-2.0, -2.0, -2.0]
    >>> round(float(sum(gate.losses)), 6)
    0.2
    """

    def __init__(self, price: float = 0.0, start: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.price = arguments.number(
            "price", price, "a finite number of at least 0", lambda value: value >= 0
        )
        self.start = arguments.number("start", start, "a finite number")

    def build(self, input_shape):
        self.value = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.start),
            regularizer=keras.regularizers.L1(self.price) if self.price else None,
            name="value",
        )

    def call(self, x):
        return x * keras.ops.cast(self.value, x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "price": self.price, "start": self.start}
