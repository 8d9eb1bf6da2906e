"""The residual block with its activations before the convolutions."""

import keras

from reslib.layers import shapes
from reslib.layers.batch_normalization import BatchNormalization
from reslib.layers.block import Block
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.normalized_conv2d import NormalizedConv2D


@keras.saving.register_keras_serializable(package="reslib")
class PreActivationBlock(Block):
    """A residual block without an activation after the sum: `F(x) + shortcut(x)`.

    Normalization and ReLU come before each of the two convolutions. Nothing stands between the
    sums of one block and the next: a signal, and a gradient, can pass unchanged through any number
    of blocks, where a `ResidualBlock` cuts off what is negative. A network of such blocks needs
    a last normalization and ReLU of its own, and none right before the first block.

    Args:
        filters: Integer, channels of the output.
        strides: Integer, stride of the first convolution and of the shortcut.
        shortcut: `"A"`, `"B"`, `"C"` or `None`, as in `reslib.layers.ResidualBlock`. A projection
            is a bare 1×1 convolution of the activated input; an identity passes on the input
            itself.
        normalization: `"batch"`, or `None` for biased convolutions without normalization.
        identity_start: Start with F(x) = 0: the last kernel starts at zero. (With a zero gamma the
            ReLU behind it would have slope zero, and F would stay zero for good.) Refused for
            `shortcut=None`.
        survival_probability: Float in (0, 1], as in `reslib.layers.ResidualBlock`.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        `(batch, height, width, channels)`, or channels first.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters)`, or channels first.

    Raises:
        ValueError: for an argument or an input shape other than those above, or where option A
            would have to drop channels.

    Reference:
        He et al., 2016, "Identity Mappings in Deep Residual Networks", figure 4 (e).

    Example:

    >>> PreActivationBlock(32, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape
    TensorShape([1, 4, 4, 32])
    """

    def make_branch(self):
        self.norm = None
        if self.normalization == "batch":
            self.norm = BatchNormalization(
                axis=shapes.channel_axis(self.data_format),
                momentum=0.9,
                epsilon=1e-5,
                dtype=self.dtype_policy,
                name="normalization",
            )
        self.conv1 = self.normalized_convolution(
            "conv1", self.filters, 3, strides=self.strides, activation="relu"
        )
        self.conv2 = self.bare_convolution(
            "conv2", 3, gamma_initializer="zeros" if self.identity_start else "ones"
        )

    def branch(self):
        convolutions = [self.conv1, self.conv2]
        return [self.norm, *convolutions] if self.norm else convolutions

    def make_projection(self):
        return self.bare_convolution("shortcut", 1, strides=self.strides)

    def bare_convolution(self, name, kernel_size, **options):
        return NormalizedConv2D(
            self.filters,
            kernel_size,
            normalization=None,
            use_bias=self.normalization is None,
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name=name,
            **options,
        )

    def call(self, inputs, training=None):
        activated = self.norm(inputs, training=training) if self.norm else inputs
        activated = keras.ops.relu(activated)
        x = self.conv2(self.conv1(activated, training=training))
        passes_inputs = isinstance(self.shortcut_layer, IdentityShortcut)
        return self.add_shortcut(x, inputs if passes_inputs else activated, training)
