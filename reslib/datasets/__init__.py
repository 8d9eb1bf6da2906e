"""What the networks are trained on."""

from reslib.datasets.flood_fill import Rows, flood_fill
from reslib.datasets.loading import Dataset, load
from reslib.datasets.resizing import area_average
from reslib.datasets.scenes import SceneObjects, Scenes, scenes

__all__ = [
    "Dataset",
    "Rows",
    "SceneObjects",
    "Scenes",
    "area_average",
    "flood_fill",
    "load",
    "scenes",
]
