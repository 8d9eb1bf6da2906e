"""What can be measured on a model."""

from reslib.probes.gradient_norms import gradient_norms

__all__ = ["gradient_norms"]
