"""What is between two tensors."""

from reslib.layers.batch_normalization import BatchNormalization
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.looks_linear import LooksLinear, MirroredReLU
from reslib.layers.normalized_conv2d import NormalizedConv2D
from reslib.layers.residual_block import ResidualBlock

__all__ = [
    "BatchNormalization",
    "IdentityShortcut",
    "LooksLinear",
    "MirroredReLU",
    "NormalizedConv2D",
    "ResidualBlock",
]
