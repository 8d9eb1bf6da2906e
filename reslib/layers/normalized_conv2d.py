"""A convolution with what always follows it: the brick of which residual networks are built."""

import keras

from reslib import arguments
from reslib.layers import shapes
from reslib.layers.batch_normalization import BatchNormalization
from reslib.layers.identity_shortcut import IdentityShortcut


@keras.saving.register_keras_serializable(package="reslib")
class NormalizedConv2D(keras.layers.Layer):
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

    >>> NormalizedConv2D(16, 3, strides=2, activation="relu")(keras.ops.ones((1, 7, 7, 3))).shape
    TensorShape([1, 4, 4, 16])
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        activation=None,
        normalization="batch",
        use_bias=None,
        gamma_initializer="ones",
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = arguments.positive_integer("filters", filters)
        self.kernel_size = arguments.positive_integer("kernel_size", kernel_size)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd (1, 3, 5, …), received {kernel_size}")
        self.strides = arguments.positive_integer("strides", strides)
        self.activation = keras.activations.get(activation)
        self.normalization = arguments.one_of("normalization", normalization, ("batch", None))
        self.gamma_initializer = arguments.one_of(
            "gamma_initializer", gamma_initializer, ("ones", "zeros")
        )
        self.data_format = shapes.image_data_format(data_format)

        arguments.one_of("use_bias", use_bias, (None, True, False))
        self.use_bias = normalization is None if use_bias is None else use_bias

        # A stride of one Keras pads as we want it, and then needs no copy of the input. A strided
        # 1×1 convolution is made of subsampling and a stride of one: TensorFlow's own has a
        # gradient that writes outside its memory (2.21 with oneDNN, small even images).
        self.padding = None
        self.subsampling = None  # needs the input's channels: see build()
        if strides > 1 and kernel_size > 1:
            self.padding = keras.layers.ZeroPadding2D(
                kernel_size // 2,
                data_format=self.data_format,
                dtype=self.dtype_policy,
                name="padding",
            )
        zero_kernel = normalization is None and gamma_initializer == "zeros"
        self.convolution = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides=strides if self.padding else 1,
            padding="valid" if self.padding else "same",
            use_bias=self.use_bias,
            kernel_initializer="zeros" if zero_kernel else "he_normal",
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.norm = None
        if normalization == "batch":
            self.norm = BatchNormalization(
                axis=shapes.channel_axis(self.data_format),
                momentum=0.9,
                epsilon=1e-5,
                gamma_initializer=gamma_initializer,
                dtype=self.dtype_policy,
                name="normalization",
            )

    def build(self, input_shape):
        shapes.image_shape(self, input_shape)
        if self.strides > 1 and not self.padding:
            self.subsampling = IdentityShortcut(
                input_shape[shapes.channel_axis(self.data_format)],
                strides=self.strides,
                data_format=self.data_format,
                dtype=self.dtype_policy,
                name="subsampling",
            )
        for layer in self.steps():
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs, training=None):
        x = inputs
        for layer in self.steps():
            x = layer(x, training=training)
        return self.activation(x)

    def steps(self):
        """Those that are there, in the order of the call."""
        every = (self.padding, self.subsampling, self.convolution, self.norm)
        return [layer for layer in every if layer]

    def compute_output_shape(self, input_shape):
        shape = shapes.image_shape(self, input_shape)
        return shapes.strided_shape(shape, self.filters, self.strides, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": keras.activations.serialize(self.activation),
            "normalization": self.normalization,
            "use_bias": self.use_bias,
            "gamma_initializer": self.gamma_initializer,
            "data_format": self.data_format,
        }
