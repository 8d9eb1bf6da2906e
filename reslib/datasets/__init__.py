"""What the networks are trained on."""

from reslib.datasets.loading import Dataset, load
from reslib.datasets.resizing import area_average
from reslib.datasets.scenes import SceneObjects, Scenes, scenes

__all__ = ["Dataset", "SceneObjects", "Scenes", "area_average", "load", "scenes"]
