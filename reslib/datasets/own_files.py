"""An `.npz` that the reader names: read once, and read again when it has been replaced."""

from __future__ import annotations

import os
from functools import lru_cache

from reslib.datasets.splits import Splits


def file_version(path: str | os.PathLike) -> tuple[str, int, int, int]:
    """Tell which file a path leads to now, and in which version.

    Whatever remembers something about a file should remember it under this: another working
    directory, or other data written to the same place, make it another one.

    Args:
        path: Path of the file. A `~` at its beginning is the reader's home.

    Returns:
        A tuple `(absolute path, bytes, nanoseconds of the last change, number on the disk)`.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    absolute = os.path.abspath(os.path.expanduser(path))
    status = os.stat(absolute)
    return absolute, status.st_size, status.st_mtime_ns, status.st_ino


def read_own(path: str | os.PathLike, image_shape: tuple[int, int, int], classes: int) -> Splits:
    """Read the reader's file, or remember it where it is still the same.

    Args:
        path: Path of an `.npz` with the four arrays of `Splits`.
        image_shape: Tuple, the `(height, width, channels)` that the images must have.
        classes: How many classes there are.

    Returns:
        The `Splits`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If its arrays are not what they should be.
    """
    return _read(file_version(path), str(path), image_shape, classes)


@lru_cache(maxsize=1)
def _read(version, shown, image_shape, classes):
    return Splits.from_npz(version[0], image_shape, classes, source=shown)
