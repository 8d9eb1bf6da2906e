"""Enlarging a map to the size of another."""

from __future__ import annotations

import keras

from reslib import arguments
from reslib.layers import shapes
from reslib.layers.image_layer import ImageLayer


@keras.saving.register_keras_serializable(package="reslib")
class UpSamplingTo(ImageLayer):
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
    >>> tuple(UpSamplingTo()((coarse, fine)).shape)
    (1, 7, 10, 16)
    """

    def __init__(self, factor: int = 2, interpolation: str = "nearest", **kwargs):
        super().__init__(**kwargs)
        self.factor = arguments.positive_integer("factor", factor)
        self.interpolation = arguments.one_of(
            "interpolation", interpolation, ("nearest", "bilinear")
        )
        self.upsampling = self.part(
            keras.layers.UpSampling2D,
            self.factor,
            interpolation=interpolation,
            name="upsampling",
        )

    def build(self, input_shape):
        coarse, _ = self._checked(input_shape)
        self.upsampling.build(coarse)

    def call(self, inputs):
        self._checked(shapes.shapes_of(inputs))
        coarse, fine = inputs
        rows, columns = self.sides(keras.ops.shape(fine))
        x = self.upsampling(coarse)
        if self.data_format == "channels_last":
            return x[:, :rows, :columns]
        return x[:, :, :rows, :columns]

    def compute_output_shape(self, input_shape):
        coarse, fine = self._checked(input_shape)
        return coarse[0], *self.strided_shape(fine, coarse[self.channel_axis])[1:]

    def _checked(self, input_shape):
        is_pair = isinstance(input_shape, (tuple, list))
        finest_first = input_shape[::-1] if is_pair else input_shape
        return shapes.map_shapes(self, finest_first, self.factor, count=2)[::-1]

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "interpolation": self.interpolation,
        }
