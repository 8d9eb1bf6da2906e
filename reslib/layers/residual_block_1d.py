"""The basic residual block for rows of cells, and its plain twin."""

from __future__ import annotations

import keras
from keras import ops

from reslib import arguments
from reslib.layers.batch_normalization import BatchNormalization
from reslib.layers.gate import Gate


@keras.saving.register_keras_serializable(package="reslib")
class ResidualBlock1D(keras.layers.Layer):
    """Two convolutions F along a row, and their input added: `relu(F(x) + x)`.

    The block of `reslib.layers.ResidualBlock` for sequences, at constant resolution and width: the
    shortcut is the identity and has nothing to change. `shortcut=None` leaves it out and gives the
    plain twin, with the same layers and weights.

    Args:
        filters: Integer, channels of the output, and with a shortcut those of the input too.
        shortcut: `"A"` for the identity, or `None` for no shortcut.
        gate_price: Float, the price of a `reslib.layers.Gate` that ends F: `relu(g · F(x) + x)`.
            It takes the place of the last scale and shift, so that what F gives has size 1, and
            |g| is the size of what the block adds. `None` for no gate. Refused for `shortcut=None`,
            where a shut gate would pass on neither signal nor gradient.
        gate_start: Float, the gate at the start.

    Input shape:
        `(batch, cells, channels)`.

    Output shape:
        `(batch, cells, filters)`.

    Raises:
        ValueError: for an argument or an input shape other than those above.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", equation 1 and figure 2.

    Example:

    >>> tuple(ResidualBlock1D(16)(keras.ops.ones((1, 64, 16))).shape)
    (1, 64, 16)
    """

    def __init__(
        self,
        filters: int,
        shortcut: str | None = "A",
        gate_price: float | None = None,
        gate_start: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = arguments.positive_integer("filters", filters)
        self.shortcut = arguments.one_of("shortcut", shortcut, ("A", None))
        if gate_price is not None and shortcut is None:
            raise ValueError(
                "gate_price must be None with shortcut=None: without a shortcut a shut gate "
                f"passes on neither signal nor gradient; received {gate_price!r}"
            )
        # Also `trainable`: a block that is frozen shall stay so when it is loaded or cloned.
        options = {"dtype": self.dtype_policy, "trainable": self.trainable}
        # Kernels start as Keras's do: the normalization undoes their scale, but the smaller they
        # are, the larger is a step beside them, and flood fill is learned faster than from
        # "he_normal".
        convolution = {"padding": "same", "use_bias": False, "data_format": "channels_last"}
        normalization = {"momentum": 0.9, "epsilon": 1e-5}
        self.conv1 = keras.layers.Conv1D(self.filters, 3, name="conv1", **convolution, **options)
        self.norm1 = BatchNormalization(name="norm1", **normalization, **options)
        self.conv2 = keras.layers.Conv1D(self.filters, 3, name="conv2", **convolution, **options)
        gated, price = gate_price is not None, 0.0
        if gate_price is not None:
            accepted = "a finite number of at least 0, or None"
            price = arguments.number("gate_price", gate_price, accepted, lambda value: value >= 0)
        gate_start = arguments.number("gate_start", gate_start)
        self.norm2 = BatchNormalization(
            name="norm2", center=not gated, scale=not gated, **normalization, **options
        )
        gate = Gate(price, gate_start, name="gate", **options)
        self.gate = gate if gated else None
        self.gate_price, self.gate_start = gate.price if gated else None, gate.start

    def build(self, input_shape):
        if len(input_shape) != 3 or input_shape[-1] is None:
            raise ValueError(
                "ResidualBlock1D needs a batch of rows, that is three dimensions and a known "
                f"number of channels, received shape {tuple(input_shape)}"
            )
        if self.shortcut and input_shape[-1] != self.filters:
            raise ValueError(
                f"filters must be the number of channels that come in, {input_shape[-1]}, for the "
                f"shortcut to add them; received {self.filters}"
            )
        inside = self.compute_output_shape(input_shape)
        self.conv1.build(input_shape)
        self.norm1.build(inside)
        self.conv2.build(inside)
        self.norm2.build(inside)
        if self.gate:
            self.gate.build(inside)

    def call(self, x, training=None):
        y = ops.relu(self.norm1(self.conv1(x), training=training))
        y = self.norm2(self.conv2(y), training=training)
        if self.gate:
            y = self.gate(y)
        return ops.relu(y if self.shortcut is None else y + x)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "shortcut": self.shortcut,
            "gate_price": self.gate_price,
            "gate_start": self.gate_start,
        }
