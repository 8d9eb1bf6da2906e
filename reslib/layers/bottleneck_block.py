"""The bottleneck block of the deeper residual networks."""

from __future__ import annotations

import keras
from keras import ops

from reslib import arguments
from reslib.layers.block import Block


@keras.saving.register_keras_serializable(package="reslib")
class BottleneckBlock(Block):
    """A residual block whose 3×3 convolution works on a quarter of the channels.

    A 1×1 convolution takes the channels down to `filters / 4`, a 3×3 convolution works there, and
    a second 1×1 convolution brings them up again. The block costs about as much as a basic block
    of `filters / 4` channels, and is one layer deeper.

    Args:
        filters: Integer, channels of the output, a multiple of 4.
        strides: Integer, stride of one convolution (see `version`) and of the shortcut.
        shortcut: `"A"`, `"B"`, `"C"` or `None`, as in `reslib.layers.ResidualBlock`.
        normalization: `"batch"`, or `None` for biased convolutions without normalization.
        identity_start: Start with F(x) = 0, as in `reslib.layers.ResidualBlock`.
        survival_probability: Float in (0, 1], as in `reslib.layers.ResidualBlock`.
        version: `"v1.5"` takes the stride in the 3×3 convolution; `"v1"`, the paper's, in the
            first 1×1, which then drops three of four positions unseen.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for Keras's setting.

    Input shape:
        `(batch, height, width, channels)`, or channels first.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters)`, or channels first.

    Raises:
        ValueError: for an argument or an input shape other than those above, or where option A
            would have to drop channels.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.1 and figure 5.
        The stride in the 3×3 convolution comes from the authors' later code and that of others.

    Example:

    >>> tuple(BottleneckBlock(64, strides=2)(keras.ops.ones((1, 7, 7, 16))).shape)
    (1, 4, 4, 64)
    """

    convolutions = 3
    expansion = 4

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        shortcut: str | None = "A",
        normalization: str | None = "batch",
        identity_start: bool = False,
        survival_probability: float = 1.0,
        version: str = "v1.5",
        **kwargs,
    ):
        super().__init__(
            filters,
            strides,
            shortcut,
            normalization,
            identity_start,
            survival_probability,
            **kwargs,
        )
        if self.filters % self.expansion:
            raise ValueError(f"filters must be a multiple of {self.expansion}, received {filters}")
        self.version = arguments.one_of("version", version, ("v1", "v1.5"))

    def build(self, input_shape):
        inside = self.filters // self.expansion
        first, second = (self.strides, 1) if self.version == "v1" else (1, self.strides)
        self.conv1 = self.convolution("conv1", 1, inside, strides=first, activation="relu")
        self.conv2 = self.convolution("conv2", 3, inside, strides=second, activation="relu")
        self.conv3 = self.convolution("conv3", 1, last=True)
        super().build(input_shape)

    def call(self, x, training=None):
        y = self.conv1(x, training=training)
        y = self.conv2(y, training=training)
        y = self.conv3(y, training=training)
        return ops.relu(self.add_shortcut(y, x, training))  # y + shortcut(x)

    def get_config(self):
        return {**super().get_config(), "version": self.version}
