"""Enlarging a map to the size of another."""

import keras

from reslib import arguments
from reslib.layers import shapes


@keras.saving.register_keras_serializable(package="reslib")
class UpSamplingTo(keras.layers.Layer):
    """Enlarges a coarse map by a whole factor, and crops it to the size of a fine one.

    A stride of 2 makes n positions of 2n and of 2n - 1 alike. On the way back the last row or
    column is one too many half of the time, and is cut off.

    Args:
        factor: Integer, the strides between the two maps.
        interpolation: `"nearest"` repeats each value; `"bilinear"` goes from one to the next along
            straight lines.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        Two maps `(coarse, fine)`, each `(batch, height, width, channels)` or channels first. The
        coarse one has the fine one's sides divided by `factor` and rounded up. Of the fine one
        nothing but the size is used.

    Output shape:
        Batch and channels of the coarse map, height and width of the fine one.

    Raises:
        ValueError: for an argument or input shapes other than those above.

    Example:

    >>> coarse, fine = keras.ops.ones((1, 4, 5, 16)), keras.ops.ones((1, 7, 10, 3))
    >>> UpSamplingTo()((coarse, fine)).shape
    TensorShape([1, 7, 10, 16])
    """

    def __init__(self, factor=2, interpolation="nearest", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = arguments.positive_integer("factor", factor)
        self.interpolation = arguments.one_of(
            "interpolation", interpolation, ("nearest", "bilinear")
        )
        self.data_format = shapes.image_data_format(data_format)
        self.upsampling = keras.layers.UpSampling2D(
            factor,
            interpolation=interpolation,
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name="upsampling",
        )

    def build(self, input_shape):
        coarse, _ = self._checked(input_shape)
        self.upsampling.build(coarse)

    def call(self, inputs):
        coarse, fine = inputs
        self._checked((tuple(coarse.shape), tuple(fine.shape)))
        rows, columns = shapes.sides(keras.ops.shape(fine), self.data_format)
        x = self.upsampling(coarse)
        if self.data_format == "channels_last":
            return x[:, :rows, :columns]
        return x[:, :, :rows, :columns]

    def compute_output_shape(self, input_shape):
        coarse, fine = self._checked(input_shape)
        rows, columns = shapes.sides(fine, self.data_format)
        if self.data_format == "channels_last":
            return coarse[0], rows, columns, coarse[3]
        return coarse[0], coarse[1], rows, columns

    def _checked(self, input_shape):
        finest_first = input_shape[::-1]
        return shapes.map_shapes(self, finest_first, self.factor, count=2)[::-1]

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "interpolation": self.interpolation,
            "data_format": self.data_format,
        }
