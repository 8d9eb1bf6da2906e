"""What is between two tensors."""

from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
from reslib.layers.batch_normalization import BatchNormalization
from reslib.layers.bottleneck_block import BottleneckBlock
from reslib.layers.feature_pyramid import FeaturePyramid
from reslib.layers.gate import Gate
from reslib.layers.identity_shortcut import IdentityShortcut
from reslib.layers.looks_linear import LooksLinear, MirroredReLU
from reslib.layers.normalized_conv2d import NormalizedConv2D
from reslib.layers.one_layer_block import OneLayerBlock
from reslib.layers.pre_activation_block import PreActivationBlock
from reslib.layers.residual_block import ResidualBlock
from reslib.layers.residual_block_1d import ResidualBlock1D
from reslib.layers.stochastic_depth import StochasticDepth
from reslib.layers.upsampling_to import UpSamplingTo

__all__ = [
    "BatchNormalization",
    "BottleneckBlock",
    "FeaturePyramid",
    "Gate",
    "IdentityShortcut",
    "LooksLinear",
    "MirroredReLU",
    "NormalizedConv2D",
    "OneLayerBlock",
    "PreActivationBlock",
    "ResidualBlock",
    "ResidualBlock1D",
    "StochasticDepth",
    "UpSamplingTo",
]
