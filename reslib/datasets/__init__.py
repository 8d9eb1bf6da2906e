"""What the networks are trained on."""

from reslib.datasets.flood_fill import Rows, flood_fill
from reslib.datasets.loading import Dataset, load
from reslib.datasets.odd_ones import odd_ones
from reslib.datasets.recorded import recorded, recorded_weights
from reslib.datasets.resizing import area_average
from reslib.datasets.scenes import SIZE_NAMES, SceneObjects, Scenes, scenes

__all__ = [
    "SIZE_NAMES",
    "Dataset",
    "Rows",
    "SceneObjects",
    "Scenes",
    "area_average",
    "flood_fill",
    "load",
    "odd_ones",
    "recorded",
    "recorded_weights",
    "scenes",
]
