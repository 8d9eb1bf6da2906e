"""The exercises of notebook 06."""

from reslib.exercises.feature_pyramids.experiments import (
    by_size,
    experiment,
    mystery,
    mystery_networks,
)
from reslib.exercises.feature_pyramids.fusion import enlarge, lateral, top_down

__all__ = [
    "by_size",
    "enlarge",
    "experiment",
    "lateral",
    "mystery",
    "mystery_networks",
    "top_down",
]
