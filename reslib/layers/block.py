"""What all residual blocks have in common."""

from __future__ import annotations

from reslib import arguments
from reslib.layers import shapes
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.image_layer import StridedLayer, build_in_turn
from reslib.layers.normalized_conv2d import NormalizedConv2D
from reslib.layers.stochastic_depth import StochasticDepth


class Block(StridedLayer):
    """A branch F of convolutions and a shortcut around it: the base of the residual blocks.

    Arguments, shapes and the shortcut are here. A subclass makes the layers of its branch at the
    start of its `build()`, and its `call()` is the forward pass.

    Args:
        As those of `ResidualBlock`.
    """

    convolutions = 2  # in the branch: what the block adds to the depth of a network
    expansion = 1  # channels of the output for each channel inside

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        shortcut: str | None = "A",
        normalization: str | None = "batch",
        identity_start: bool = False,
        survival_probability: float = 1.0,
        **kwargs,
    ):
        super().__init__(filters, strides, **kwargs)
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
        self.shortcut_layer = None  # needs the input's channels: see build()
        self.stochastic_depth = None
        if survival_probability < 1:
            self.stochastic_depth = StochasticDepth(
                survival_probability, name="stochastic_depth", **self.inherited()
            )

    def convolution(self, name, kernel_size, filters=None, last=False, **options):
        """Make a convolution within this block; at an identity start the last one gives zeros."""
        options = {"normalization": self.normalization, **options}
        if last and self.identity_start:
            options["gamma_initializer"] = "zeros"
        return self.part(
            NormalizedConv2D, filters or self.filters, kernel_size, name=name, **options
        )

    def make_projection(self):
        """Make the shortcut with weights."""
        return self.convolution("shortcut", 1, strides=self.strides)

    def branch(self):
        """List the layers of F, first to last."""
        layers = (getattr(self, name, None) for name in ("norm", "conv1", "conv2", "conv3"))
        return [layer for layer in layers if layer]

    def build(self, input_shape):
        shapes.image_shape(self, input_shape)
        build_in_turn(input_shape, *self.branch(), self.stochastic_depth)
        same_size = self.strides == 1 and input_shape[self.channel_axis] == self.filters
        if self.shortcut == "C" or (self.shortcut == "B" and not same_size):
            self.shortcut_layer = self.make_projection()
        elif self.shortcut is not None:
            self.shortcut_layer = self.part(
                IdentityShortcut, self.filters, self.strides, name="shortcut"
            )
        build_in_turn(input_shape, self.shortcut_layer)
        super().build(input_shape)

    def add_shortcut(self, y, x, training):
        """Return `y + shortcut(x)`, where y = F(x) is dropped at random if it has to survive.

        Without a shortcut it is y alone. Whatever looks into a block, or takes it apart, does so
        here, where both summands pass (see `reslib.probes`).
        """
        if self.shortcut_layer is None:
            return y
        if self.stochastic_depth:
            y = self.stochastic_depth(y, training=training)
        return y + self.shortcut_layer(x)

    def get_config(self):
        return {
            **super().get_config(),
            "shortcut": self.shortcut,
            "normalization": self.normalization,
            "identity_start": self.identity_start,
            "survival_probability": self.survival_probability,
        }
