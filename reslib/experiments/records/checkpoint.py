"""A run between two epochs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Checkpoint:
    """How far an unfinished run has come, so that it goes on as if nothing had happened.

    Attributes:
        history: The values of `Result.history` so far.
        seconds: Float, time spent so far.
        random: The NumPy generator that draws the order of the images.
        state: List of arrays: all that a step changes, as `TracedNetwork.state` gives it.
    """

    history: dict[str, list[float]]
    seconds: float
    random: np.random.Generator
    state: list[np.ndarray]

    @property
    def epochs(self) -> int:
        """How many are done."""
        return len(next(iter(self.history.values())))
