"""A residual block with a single convolution, kept to be measured."""

import keras
from keras import ops

from reslib.layers.block import Block


@keras.saving.register_keras_serializable(package="reslib")
class OneLayerBlock(Block):
    """A residual block with one weight layer: `relu(W x + shortcut(x))`.

    Without the normalization W x + x = (W + I) x, so that such a block can compute exactly what a
    plain layer can: He et al. saw no advantage in it. The arguments are those of
    `reslib.layers.ResidualBlock`; stride and start at F(x) = 0 are those of the only convolution.

    Args:
        filters: Integer, channels of the output.
        strides: Integer, stride of the convolution and of the shortcut.
        shortcut: `"A"`, `"B"`, `"C"` or `None`, as in `reslib.layers.ResidualBlock`.
        normalization: `"batch"`, or `None` for a biased convolution without normalization.
        identity_start: Start with F(x) = 0, as in `reslib.layers.ResidualBlock`.
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
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 3.2, below
        equation 2.

    Example:

    >>> tuple(OneLayerBlock(32, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape)
    (1, 4, 4, 32)
    """

    convolutions = 1

    def build(self, input_shape):
        self.conv1 = self.convolution("conv1", 3, strides=self.strides, last=True)
        super().build(input_shape)

    def call(self, x, training=None):
        y = self.conv1(x, training=training)
        return ops.relu(self.add_shortcut(y, x, training))  # y + shortcut(x)
