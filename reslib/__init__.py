"""The library of the course on why residual networks work."""

from reslib.environment import environment  # first: it imports Keras, and keeps it quiet
from reslib import layers, models  # isort: skip  (a registered layer loads once imported)

__all__ = ["environment", "layers", "models"]
__version__ = "0.1.0"
