"""A convolution with what always follows it: the brick of which residual networks are built."""

from __future__ import annotations

import keras

from reslib import arguments
from reslib.layers import shapes
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.image_layer import StridedLayer, build_in_turn


@keras.saving.register_keras_serializable(package="reslib")
class NormalizedConv2D(StridedLayer):
    """Convolution, batch normalization, and an activation if one is named.

    The convolution has no bias (the normalization would take it away again); it is padded by
    `kernel_size // 2` on every side, whatever the stride: its windows then stand on the rows and
    columns that a strided shortcut keeps. Keras's `padding="same"` would shift them by one where
    the size is even and the stride 2.

    Args:
        filters: Integer, channels of the output.
        kernel_size: Odd integer, the side of the kernel.
        strides: Integer, the step in both directions.
        activation: Name of an activation or a function, as in Keras; `None` for none.
        normalization: `"batch"`, or `None` for a biased convolution without normalization.
        use_bias: Boolean; `None` for a bias only where there is no normalization.
        gamma_initializer: Where the scale of the normalization starts, `"ones"` or `"zeros"`.
            With `"zeros"` the output starts at zero, also without normalization.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        `(batch, height, width, channels)`, or channels first.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters)`, or channels first.

    Raises:
        ValueError: for an argument or an input shape other than those above.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 3.4: batch
        normalization right after each convolution, before the activation; initialization of
        He et al., 2015, "Delving Deep into Rectifiers". Momentum and epsilon of the normalization
        are those of the authors' published models.

    Example:

    >>> layer = NormalizedConv2D(16, 3, strides=2, activation="relu")
    >>> tuple(layer(keras.ops.ones((1, 7, 7, 3))).shape)
    (1, 4, 4, 16)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        activation=None,
        normalization: str | None = "batch",
        use_bias: bool | None = None,
        gamma_initializer: str = "ones",
        **kwargs,
    ):
        super().__init__(filters, strides, **kwargs)
        self.kernel_size = arguments.integer(
            "kernel_size",
            kernel_size,
            "a positive odd integer (1, 3, 5, …)",
            lambda value: value > 0 and value % 2 == 1,
        )
        self.activation = keras.activations.get(activation)
        self.normalization = arguments.one_of("normalization", normalization, ("batch", None))
        self.gamma_initializer = arguments.one_of(
            "gamma_initializer", gamma_initializer, ("ones", "zeros")
        )
        arguments.one_of("use_bias", use_bias, (None, True, False))
        self.use_bias = normalization is None if use_bias is None else use_bias

        # A stride of one Keras pads as we want it, and then needs no copy of the input. A strided
        # 1×1 convolution is made of subsampling and a stride of one: TensorFlow's own has a
        # gradient that writes outside its memory (2.21 with oneDNN, small even images).
        self.padding = None
        self.subsampling = None  # needs the input's channels: see build()
        if self.strides > 1 and self.kernel_size > 1:
            self.padding = self.part(
                keras.layers.ZeroPadding2D, self.kernel_size // 2, name="padding"
            )
        zero_kernel = normalization is None and gamma_initializer == "zeros"
        self.convolution = self.part(
            keras.layers.Conv2D,
            self.filters,
            self.kernel_size,
            strides=self.strides if self.padding else 1,
            padding="valid" if self.padding else "same",
            use_bias=self.use_bias,
            kernel_initializer="zeros" if zero_kernel else "he_normal",
            name="convolution",
        )
        self.norm = None
        if normalization == "batch":
            self.norm = self.batch_normalization(gamma_initializer=gamma_initializer)

    def build(self, input_shape):
        shapes.image_shape(self, input_shape)
        if self.strides > 1 and not self.padding:
            self.subsampling = self.part(
                IdentityShortcut,
                input_shape[self.channel_axis],
                self.strides,
                name="subsampling",
            )
        build_in_turn(input_shape, self.padding, self.subsampling, self.convolution, self.norm)
        super().build(input_shape)

    def call(self, x, training=None):
        if self.padding:
            x = self.padding(x)
        if self.subsampling:
            x = self.subsampling(x)
        x = self.convolution(x)
        if self.norm:
            x = self.norm(x, training=training)
        return self.activation(x)

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
            "normalization": self.normalization,
            "use_bias": self.use_bias,
            "gamma_initializer": self.gamma_initializer,
        }
