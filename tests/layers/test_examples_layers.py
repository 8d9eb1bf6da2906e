"""The examples in the docstrings run, and give what they say."""

import doctest
import importlib

import pytest

MODULES = [
    "layers.batch_normalization",
    "layers.bottleneck_block",
    "layers.feature_pyramid",
    "layers.identity_shortcut",
    "layers.normalized_conv2d",
    "layers.pre_activation_block",
    "layers.residual_block",
    "layers.residual_block_1d",
    "layers.stochastic_depth",
    "layers.upsampling_to",
    "models.cifar_resnet",
    "detection.boxes",
    "detection.grid",
    "models.pyramid_detector",
    "models.pyramid_segmenter",
    "models.resnet",
    "models.row_resnet",
    "models.stage_outputs",
    "probes.layer_table",
    "probes.linear_probe",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    # Not by attribute: `reslib.models.resnet` is the function there.
    result = doctest.testmod(importlib.import_module(f"reslib.{name}"))
    assert result.attempted and not result.failed
