"""What was measured before, and came with the course: tables of long runs, trained weights."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from reslib import arguments
from reslib.datasets.folder import DATA, verified

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = ("detector_coarsest", "detector_finest", "detector_pyramid")


def recorded(name: str) -> pd.DataFrame:
    """Give a recorded table, for what takes too long to measure while you read.

    Args:
        name: Name of a table in the course's folder `data`, without its `.csv`. Of long trainings
            there are `"cifar10_gpu_runs"`, `"cifar10_runs"`, `"detector_runs"`,
            `"flood_fill_rates"`, `"flood_fill_runs"`, `"four_failures"`, `"long_runs"`,
            `"residual_runs"`, `"shortcut_runs"` and `"update_ratios"`.

    Returns:
        The table, yours to change. Numbers of claims, such as "03.10", are strings.

    Raises:
        ValueError: If there is no such table; the message lists those that there are.

    Example:

    >>> recorded("cifar10_runs").columns[:4].tolist()
    ['kind', 'depth', 'seed', 'epoch']
    """
    import pandas as pd  # takes half a second, and whoever loads images has no need of it

    path = DATA / f"{arguments.one_of('name', name, _tables())}.csv"
    with path.open(encoding="utf-8") as file:
        notes = 0
        while file.readline().startswith("#"):
            notes += 1
    return pd.read_csv(path, skiprows=notes, dtype={"id": str, "claim": str})


def _tables():
    return sorted(path.stem for path in DATA.glob("*.csv"))


def recorded_weights(name: str) -> list[np.ndarray]:
    """Give the weights of a network that was trained before.

    Args:
        name: `"detector_pyramid"`, `"detector_finest"` or `"detector_coarsest"`: a detector of
            notebook 06, trained with seed 0.

    Returns:
        Arrays of 16-bit floats, in the order of `keras.Model.set_weights`.

    Raises:
        ValueError: If nothing of that name was recorded; the message lists what was.
        RuntimeError: If the file is damaged.

    Example:

    >>> len(recorded_weights("detector_pyramid"))
    84
    """
    path = DATA / f"{arguments.one_of('name', name, WEIGHTS)}.npz"
    with np.load(io.BytesIO(verified(path)), allow_pickle=False) as file:
        return list(file.values())
