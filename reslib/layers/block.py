"""What all residual blocks have in common."""

import keras

from reslib import arguments
from reslib.layers import shapes
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.normalized_conv2d import NormalizedConv2D
from reslib.layers.stochastic_depth import StochasticDepth


class Block(keras.layers.Layer):
    """A branch F of convolutions, and a shortcut around it: the base of the residual blocks.

    A subclass makes the layers of its branch in `make_branch()` and lists them, first to last, in
    `branch()`. Everything else is here: arguments, shortcut, shapes, and the sum with its ReLU.

    Args:
        As those of `ResidualBlock`.
    """

    convolutions = 2  # in the branch: what the block adds to the depth of a network
    expansion = 1  # channels of the output for each channel inside

    def __init__(
        self,
        filters,
        strides=1,
        shortcut="A",
        normalization="batch",
        identity_start=False,
        survival_probability=1.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = arguments.positive_integer("filters", filters)
        self.strides = arguments.positive_integer("strides", strides)
        self.shortcut = arguments.one_of("shortcut", shortcut, ("A", "B", "C", None))
        self.normalization = arguments.one_of("normalization", normalization, ("batch", None))
        self.identity_start = arguments.boolean("identity_start", identity_start)
        if identity_start and shortcut is None:
            raise ValueError(
                "identity_start must be False with shortcut=None: without a shortcut a block that "
                "starts at zero passes on neither signal nor gradient; received True"
            )
        self.survival_probability = arguments.probability(
            "survival_probability", survival_probability
        )
        if survival_probability < 1 and shortcut is None:
            raise ValueError(
                "survival_probability must be 1 with shortcut=None: without a shortcut nothing is "
                f"left of a block that is dropped; received {survival_probability!r}"
            )
        self.data_format = shapes.image_data_format(data_format)

        # The other parts are made in build(), where the channels of the input are known.
        self.shortcut_layer = None
        self.stochastic_depth = None
        if survival_probability < 1:
            self.stochastic_depth = StochasticDepth(
                survival_probability, dtype=self.dtype_policy, name="stochastic_depth"
            )

    def make_branch(self):
        """Set the layers of the branch as attributes."""
        raise NotImplementedError

    def branch(self):
        """The layers of the branch, first to last."""
        raise NotImplementedError

    def make_projection(self):
        return self.normalized_convolution("shortcut", self.filters, 1, strides=self.strides)

    def normalized_convolution(self, name, filters, kernel_size, **options):
        return NormalizedConv2D(
            filters,
            kernel_size,
            normalization=self.normalization,
            data_format=self.data_format,
            dtype=self.dtype_policy,
            name=name,
            **options,
        )

    def build(self, input_shape):
        shapes.image_shape(self, input_shape)
        self.make_branch()
        shape = input_shape
        for layer in self.branch():
            layer.build(shape)
            shape = layer.compute_output_shape(shape)

        channels = input_shape[shapes.channel_axis(self.data_format)]
        same_size = self.strides == 1 and channels == self.filters
        if self.shortcut == "C" or (self.shortcut == "B" and not same_size):
            self.shortcut_layer = self.make_projection()
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
        x = inputs
        for layer in self.branch():
            x = layer(x, training=training)
        return keras.ops.relu(self.add_shortcut(x, inputs, training))

    def add_shortcut(self, x, inputs, training):
        """What the branch gave, plus the shortcut of `inputs`."""
        if self.shortcut_layer is None:
            return x
        if self.stochastic_depth:
            x = self.stochastic_depth(x, training=training)
        return x + self.shortcut_layer(inputs)

    def compute_output_shape(self, input_shape):
        shape = shapes.image_shape(self, input_shape)
        return shapes.strided_shape(shape, self.filters, self.strides, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "shortcut": self.shortcut,
            "normalization": self.normalization,
            "identity_start": self.identity_start,
            "survival_probability": self.survival_probability,
            "data_format": self.data_format,
        }
