"""Random numbers of the course, all moved together by one environment variable."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LARGEST_SEED = 2**32 - 1  # that NumPy's global random numbers take, which Keras seeds as well


def seed_offset() -> int:
    """Read the integer in the environment variable `RESLIB_SEED_OFFSET`, 0 if there is none.

    It is added to every seed used in the course, so that anyone can ask whether a result hangs on
    the seeds that its authors happened to choose.

    Raises:
        ValueError: if the variable holds something else than an integer.
    """
    text = os.environ.get("RESLIB_SEED_OFFSET") or "0"
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"RESLIB_SEED_OFFSET must be an integer, received {text!r}") from None


def generator(seed: int) -> np.random.Generator:
    """Make a NumPy random generator for `seed`, moved by `seed_offset()`."""
    import numpy as np

    return np.random.default_rng(seed + seed_offset())


def set_seed(seed: int) -> None:
    """Seed Python's, NumPy's and Keras's random numbers with `seed`, moved by `seed_offset()`."""
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    import keras

    keras.utils.set_random_seed(seed + seed_offset())
