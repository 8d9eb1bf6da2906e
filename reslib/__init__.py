"""The library of the course on why residual networks work."""

from reslib.environment import environment  # isort: skip  (it imports Keras, and keeps it quiet)
from reslib import layers, models  # a registered layer can be loaded once it was imported

__all__ = ["environment", "layers", "models"]
__version__ = "0.1.0"
