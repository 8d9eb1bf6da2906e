"""The basic residual block, and its plain twin."""

import keras

from reslib.layers import arguments
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.normalized_conv2d import NormalizedConv2D


@keras.saving.register_keras_serializable(package="reslib")
class ResidualBlock(keras.layers.Layer):
    """Two convolutions F and a shortcut around them: `relu(F(x) + shortcut(x))`.

    The block learns the residual F(x) = H(x) - x of the function H that is wanted. Where the
    best H is close to the identity, weights close to zero are enough. The shortcut is added
    before the last activation. `shortcut=None` leaves it out and gives the plain twin: the same
    layers, with the same weights as under option A.

    Args:
        filters: Integer, channels of the output.
        strides: Integer, stride of the first convolution and of the shortcut.
        shortcut: The paper's options. `"A"`: identity, subsampled and padded with zero channels
            where the size changes. `"B"`: a normalized 1×1 convolution where the size changes,
            else the identity. `"C"`: a normalized 1×1 convolution always. `None`: no shortcut.
        normalization: `"batch"`, or `None` for biased convolutions without normalization.
        identity_start: Start with F(x) = 0, so that the block without a projection begins as the
            identity on its non-negative inputs: the last normalization's gamma (without
            normalization, the last kernel) starts at zero. Refused for `shortcut=None`, where all
            would be zero for good.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        `(batch, height, width, channels)`, or channels first.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters)`, or channels first.

    Raises:
        ValueError: for an argument or an input shape other than those above, or where option A
            would have to drop channels.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", equations 1 and 2,
        figure 2, and section 3.3. Starting with a zero gamma: Goyal et al., 2017, "Accurate,
        Large Minibatch SGD", section 5.1.

    Example:

    >>> ResidualBlock(32, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape
    TensorShape([1, 4, 4, 32])
    """

    def __init__(
        self,
        filters,
        strides=1,
        shortcut="A",
        normalization="batch",
        identity_start=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = arguments.positive_integer("filters", filters)
        self.strides = arguments.positive_integer("strides", strides)
        self.shortcut = arguments.one_of("shortcut", shortcut, ("A", "B", "C", None))
        self.normalization = arguments.one_of("normalization", normalization, ("batch", None))
        if identity_start and shortcut is None:
            raise ValueError(
                "identity_start must be False with shortcut=None: without a shortcut a block that "
                "starts at zero passes on neither signal nor gradient; received True"
            )
        self.identity_start = bool(identity_start)
        self.data_format = arguments.image_data_format(data_format)

        shared = {
            "normalization": normalization,
            "data_format": self.data_format,
            "dtype": self.dtype_policy,
        }
        self.conv1 = NormalizedConv2D(
            filters, 3, strides=strides, activation="relu", name="conv1", **shared
        )
        self.conv2 = NormalizedConv2D(
            filters,
            3,
            gamma_initializer="zeros" if identity_start else "ones",
            name="conv2",
            **shared,
        )
        self.shortcut_layer = None  # options A and B need the input's shape: see build()
        self._shared = shared

    def build(self, input_shape):
        arguments.image_shape(self, input_shape)
        self.conv1.build(input_shape)
        self.conv2.build(self.conv1.compute_output_shape(input_shape))

        channels = input_shape[arguments.channel_axis(self.data_format)]
        same_size = self.strides == 1 and channels == self.filters
        if self.shortcut == "C" or (self.shortcut == "B" and not same_size):
            self.shortcut_layer = NormalizedConv2D(
                self.filters, 1, strides=self.strides, name="shortcut", **self._shared
            )
        elif self.shortcut is not None:
            self.shortcut_layer = IdentityShortcut(
                self.filters,
                strides=self.strides,
                data_format=self.data_format,
                dtype=self.dtype_policy,
                name="shortcut",
            )
        if self.shortcut_layer:
            self.shortcut_layer.build(input_shape)

    def call(self, inputs, training=None):
        x = self.conv1(inputs, training=training)
        x = self.conv2(x, training=training)
        if self.shortcut_layer:
            x = x + self.shortcut_layer(inputs)
        return keras.ops.relu(x)

    def compute_output_shape(self, input_shape):
        return arguments.strided_shape(input_shape, self.filters, self.strides, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "shortcut": self.shortcut,
            "normalization": self.normalization,
            "identity_start": self.identity_start,
            "data_format": self.data_format,
        }
