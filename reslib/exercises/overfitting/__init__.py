"""The exercises of notebook 01."""

from reslib.exercises.overfitting.diagnosis import (
    how_strong_must_a_remedy_be,
    tell_what_went_wrong,
)
from reslib.exercises.overfitting.fits import choose_a_degree, split_an_error, stop_early

__all__ = [
    "choose_a_degree",
    "how_strong_must_a_remedy_be",
    "split_an_error",
    "stop_early",
    "tell_what_went_wrong",
]
