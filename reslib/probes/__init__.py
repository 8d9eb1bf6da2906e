"""What can be measured on a model."""

from reslib.probes.gradient_norms import gradient_norms
from reslib.probes.saturation import saturation

__all__ = ["gradient_norms", "saturation"]
