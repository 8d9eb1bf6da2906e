"""How the learning rate changes in the course of a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SCHEDULES = ("constant", "cosine", "warmup", "steps", "steps_after_warmup")
WARMUP = 0.1  # the share of all steps in which "warmup" lets the learning rate rise
GENTLE_START = 1 / 160  # that of "steps_after_warmup" at a tenth of the rate: 400 of 64,000 steps


def learning_rates(schedule: str, highest: float, steps: int) -> np.ndarray:
    """Return the learning rate of every step of a run, in `float32`.

    Args:
        schedule: One of `SCHEDULES`; `Run` says what they are.
        highest: The highest rate, `Run.learning_rate`.
        steps: How many steps the run has.
    """
    import numpy as np

    step = np.arange(steps)
    if schedule == "constant":
        factor = np.ones(steps)
    elif schedule.startswith("steps"):
        tenths = (2 * step >= steps).astype(int) + (4 * step >= 3 * steps)
        if schedule == "steps_after_warmup":
            tenths += step < round(steps * GENTLE_START)
        return (highest / 10.0**tenths).astype("float32")
    else:
        rising = math.ceil(WARMUP * steps) if schedule == "warmup" else 0
        rise = np.arange(1, rising + 1) / max(1, rising)
        fall = (1 + np.cos(np.pi * np.arange(steps - rising) / max(1, steps - rising))) / 2
        factor = np.concatenate([rise, fall])
    return (highest * factor).astype("float32")
