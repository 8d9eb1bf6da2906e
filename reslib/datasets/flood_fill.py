"""Flood fill in a row: a task whose answer hangs on what is far away, so that it needs depth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from reslib import arguments
from reslib.datasets.loading import Dataset
from reslib.seeding import generator


@dataclass(frozen=True, eq=False, repr=False)
class Rows(Dataset):
    """Rows of cells and a label for each cell, ready for training.

    Args:
        name: String, `"flood_fill"`.
        x_train: `float32` array of shape `(N, cells, 2)`: 1 where there is a wall, and 1 at the
            mark; 0 elsewhere.
        y_train: `int32` array of shape `(N, cells)`: 1 for a cell that can be reached, else 0.
        x_test: Like `x_train`.
        y_test: Like `y_train`.
        class_names: Tuple of strings, `("out of reach", "in reach")`.
        checksum: String, SHA-256 of all rows and labels: it tells seeds apart too.
    """

    def __repr__(self):
        return (
            f"<{self.name}: {len(self.x_train):,} training and {len(self.x_test):,} test rows of "
            f"{self.x_train.shape[1]} cells, {len(self.class_names)} classes>"
        )


def flood_fill(
    train_size: int = 20_000,
    test_size: int = 2000,
    cells: int = 64,
    wall_probability: float = 1 / 40,
    seed: int = 0,
) -> Rows:
    """Draw rows of cells, and say of each cell whether it can be reached from the marked one.

    Each cell is a wall with the same probability, whatever the others are; one cell that is no
    wall is marked, each as likely as any other. A cell is in reach if no wall stands between it
    and the mark; a wall never is. To be sure of a cell one must see as far as the mark, and each
    convolution of size 3 sees one cell further to each side: a network of depth d, the last layer
    of which looks at single cells, sees d - 1. So a shallow network cannot know all answers.

    Args:
        train_size: Integer, how many training rows. The first rows are the same whatever their
            number, as are the test rows.
        test_size: Integer, how many test rows.
        cells: Integer, the length of a row.
        wall_probability: Float from 0 to 1.
        seed: Integer of at least 0, to which `RESLIB_SEED_OFFSET` is added.

    Returns:
        A `Rows`.

    Raises:
        ValueError: for an argument other than those above.

    Example:

    >>> data = flood_fill(train_size=100, test_size=20)
    >>> data
    <flood_fill: 100 training and 20 test rows of 64 cells, 2 classes>
    >>> data.x_train.shape, data.y_train.shape
    ((100, 64, 2), (100, 64))
    """
    train_size = arguments.positive_integer("train_size", train_size)
    test_size = arguments.positive_integer("test_size", test_size)
    cells = arguments.positive_integer("cells", cells)
    wall_probability = arguments.number(
        "wall_probability", wall_probability, "a number from 0 to 1", lambda value: 0 <= value <= 1
    )
    seed = arguments.integer("seed", seed, "an integer of at least 0", lambda value: value >= 0)

    train, test = generator(seed).spawn(2)
    x_train, y_train = _rows(train, train_size, cells, wall_probability)
    x_test, y_test = _rows(test, test_size, cells, wall_probability)
    digest = hashlib.sha256()
    for array in (x_train, y_train, x_test, y_test):
        digest.update(array)
    return Rows(
        name="flood_fill",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        class_names=("out of reach", "in reach"),
        checksum=digest.hexdigest(),
    )


def _rows(random, number, cells, wall_probability):
    """Draw walls and marks, and work out the answers."""
    # All numbers of a row are drawn together: the first rows do not depend on how many follow.
    draws = random.random((number, cells + 1))
    walls = draws[:, 1:] < wall_probability
    row, mark = np.arange(number), (draws[:, 0] * cells).astype(int)
    walls[row, mark] = False

    # The number of walls up to a cell is the same for all cells between two neighbouring walls.
    room = walls.cumsum(axis=1)
    in_reach = (room == room[row, mark, None]) & ~walls

    x = np.zeros((number, cells, 2), "float32")
    x[..., 0] = walls
    x[row, mark, 1] = 1
    return x, in_reach.astype("int32")
