"""What the networks are trained on."""

from reslib.datasets.loading import Dataset, load
from reslib.datasets.recorded import recorded, recorded_weights
from reslib.datasets.resizing import area_average
from reslib.datasets.scenes import SIZE_NAMES, SceneObjects, Scenes, scenes

__all__ = [
    "SIZE_NAMES",
    "Dataset",
    "SceneObjects",
    "Scenes",
    "area_average",
    "load",
    "recorded",
    "recorded_weights",
    "scenes",
]
