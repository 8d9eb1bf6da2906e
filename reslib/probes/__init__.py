"""What can be measured on a model."""

from reslib.probes.gradient_norms import gradient_norms
from reslib.probes.layer_table import layer_table

__all__ = ["gradient_norms", "layer_table"]
