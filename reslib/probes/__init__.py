"""What can be measured on a model."""

from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
from reslib.probes.average_precision import average_precision
from reslib.probes.branch_ratio import branch_ratio
from reslib.probes.gradient_norms import gradient_norms
from reslib.probes.gradients import gradient
from reslib.probes.input_gradients import input_gradients
from reslib.probes.layer_table import layer_table
from reslib.probes.lesion import lesion
from reslib.probes.linear_probe import linear_probe
from reslib.probes.noise import autocorrelation, brown_noise, white_noise
from reslib.probes.path_gradients import path_gradients
from reslib.probes.saturation import saturation

__all__ = [
    "autocorrelation",
    "average_precision",
    "branch_ratio",
    "brown_noise",
    "gradient",
    "gradient_norms",
    "input_gradients",
    "layer_table",
    "lesion",
    "linear_probe",
    "path_gradients",
    "saturation",
    "white_noise",
]
