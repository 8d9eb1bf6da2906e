"""What the networks are trained on."""

from reslib.datasets.loading import Dataset, load
from reslib.datasets.resizing import area_average

__all__ = ["Dataset", "area_average", "load"]
