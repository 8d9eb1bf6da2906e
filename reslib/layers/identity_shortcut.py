"""The shortcut without weights."""

import keras
from keras import ops

from reslib.layers import shapes
from reslib.layers.image_layer import StridedLayer


@keras.saving.register_keras_serializable(package="reslib")
class IdentityShortcut(StridedLayer):
    """A shortcut without weights: its input, brought to the size of the block's output.

    With `strides` it keeps every `strides`-th row and column; missing channels are filled with
    zeros. With `strides=1` and as many `filters` as channels it changes nothing.

    Args:
        filters: Integer, channels of the output; at least those of the input.
        strides: Integer, the step in both directions.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        `(batch, height, width, channels)`, or channels first.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters)`, or channels first.

    Raises:
        ValueError: if the input has more channels than `filters`.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 3.3, option A.

    Example:

    >>> tuple(IdentityShortcut(filters=32, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape)
    (1, 4, 4, 32)
    """

    def build(self, input_shape):
        shapes.image_shape(self, input_shape)
        channels = input_shape[self.channel_axis]
        if channels > self.filters:
            raise ValueError(
                f"filters must be at least {channels}, the channels of the input (an identity "
                f"shortcut can add channels, not drop them), received {self.filters}"
            )

    def call(self, inputs):
        if self.strides > 1:
            # The mean of one pixel is that pixel: as inputs[:, ::strides, ::strides], several times
            # faster on TensorFlow.
            inputs = ops.average_pool(inputs, 1, self.strides, data_format=self.data_format)
        missing = self.filters - inputs.shape[self.channel_axis]
        if missing:
            padding = [(0, 0)] * 4
            padding[self.channel_axis] = (0, missing)
            inputs = ops.pad(inputs, padding)
        return inputs
