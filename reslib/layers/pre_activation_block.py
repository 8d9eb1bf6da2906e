"""The residual block with its activations before the convolutions."""

import keras
from keras import ops

from reslib.layers.block import Block
from reslib.layers.identity_shortcut import IdentityShortcut


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

    >>> tuple(PreActivationBlock(32, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape)
    (1, 4, 4, 32)
    """

    def build(self, input_shape):
        self.norm = self.batch_normalization() if self.normalization else None
        self.conv1 = self.convolution("conv1", 3, strides=self.strides, activation="relu")
        self.conv2 = self.bare_convolution("conv2", 3, last=True)
        super().build(input_shape)

    def make_projection(self):
        return self.bare_convolution("shortcut", 1, strides=self.strides)

    def bare_convolution(self, name, kernel_size, **options):
        """Make a convolution that no normalization follows."""
        options["use_bias"] = self.normalization is None
        return self.convolution(name, kernel_size, normalization=None, **options)

    def call(self, x, training=None):
        activated = ops.relu(self.norm(x, training=training) if self.norm else x)
        y = self.conv1(activated, training=training)
        y = self.conv2(y, training=training)
        # An identity passes on the input itself, a projection what was activated.
        if not isinstance(self.shortcut_layer, IdentityShortcut):
            x = activated
        return self.add_shortcut(y, x, training)  # y + shortcut(x)
