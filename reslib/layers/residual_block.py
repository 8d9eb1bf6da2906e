"""The basic residual block, and its plain twin."""

import keras
from keras import ops

from reslib.layers.block import Block


@keras.saving.register_keras_serializable(package="reslib")
class ResidualBlock(Block):
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
        survival_probability: Float in (0, 1], how often F survives a training step; see
            `reslib.layers.StochasticDepth`. Below 1 refused for `shortcut=None`.
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

    >>> tuple(ResidualBlock(32, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape)
    (1, 4, 4, 32)
    """

    def build(self, input_shape):
        self.conv1 = self.convolution("conv1", 3, strides=self.strides, activation="relu")
        self.conv2 = self.convolution("conv2", 3, last=True)
        super().build(input_shape)

    def call(self, x, training=None):
        y = self.conv1(x, training=training)
        y = self.conv2(y, training=training)
        return ops.relu(self.add_shortcut(y, x, training))  # y + shortcut(x)
