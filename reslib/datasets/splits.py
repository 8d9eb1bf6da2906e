"""A data set as it was published: four arrays of whole numbers, checked before they are used."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np

KEYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False)
class Splits:
    """Training and test data in one form, wherever they came from.

    Files and downloads differ in details (a channel axis or none, labels in a row or in a column).
    Here they are brought to one form, so that equal data have equal checksums. The arrays are
    read-only, since they are kept and handed out again.
    """

    x_train: np.ndarray  # uint8 (N, H, W, C)
    y_train: np.ndarray  # uint8 (N,)
    x_test: np.ndarray
    y_test: np.ndarray

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, np.ndarray],
        image_shape: tuple[int, int, int],
        classes: int,
        source: str,
    ) -> Splits:
        """Check four arrays and bring them to the one form.

        Args:
            arrays: Arrays named `"x_train"`, `"y_train"`, `"x_test"` and `"y_test"`.
            image_shape: The `(height, width, channels)` that the images must have. Where
                there is one channel, its axis may be missing.
            classes: Labels must be less than this.
            source: Where the arrays are from, for error messages.

        Returns:
            The `Splits`.

        Raises:
            ValueError: If an array is missing or is not what it should be.
        """
        missing = [key for key in KEYS if key not in arrays]
        if missing:
            raise ValueError(
                f"{source} must hold the arrays {', '.join(KEYS)}; missing: {', '.join(missing)}"
            )
        splits = {}
        for split in ("train", "test"):
            x, y = f"x_{split}", f"y_{split}"
            splits[x] = _images(arrays[x], image_shape, f"{x} of {source}")
            splits[y] = _labels(arrays[y], len(splits[x]), classes, f"{y} of {source}")
        return cls(**splits)

    @classmethod
    def from_npz(
        cls,
        file: str | os.PathLike | BinaryIO,
        image_shape: tuple[int, int, int],
        classes: int,
        source: str,
    ) -> Splits:
        """Read the four arrays from an `.npz`.

        Pickled objects are refused: reading them can run any code that a stranger put there.

        Args:
            file: Path or open binary file.
            image_shape: See `from_arrays`, as for the other arguments.
            classes: See there.
            source: See there.

        Returns:
            The `Splits`.

        Raises:
            ValueError: If the file is no such `.npz`.
        """
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in KEYS if key in archive}
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            # NumPy says "pickled" of anything it does not know, and gives a bare array for .npy.
            raise ValueError(
                f"{source} must be an .npz of plain arrays (as numpy.savez writes it, nothing "
                f"pickled): {error}"
            ) from error
        return cls.from_arrays(arrays, image_shape, classes, source)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of names, shapes and contents: the same for the same data, however stored."""
        digest = hashlib.sha256()
        for key in KEYS:
            array = getattr(self, key)
            digest.update(f"{key} {array.dtype} {array.shape}\n".encode())
            digest.update(array)
        return digest.hexdigest()


def _images(array, shape, source):
    """Check pixels and give them a channel axis."""
    if array.ndim == 3:
        array = array[..., None]
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1:] != shape or not len(array):
        expected = ", ".join(str(side) for side in shape)
        raise ValueError(
            f"{source} must be uint8 of shape (N, {expected}), N at least 1, "
            f"received {array.dtype} of shape {array.shape}"
        )
    return _frozen(array)


def _labels(array, count, classes, source):
    """Check labels and make them one row of `uint8`."""
    if array.shape not in ((count,), (count, 1)) or array.dtype.kind not in "iu":
        raise ValueError(
            f"{source} must be integers of shape ({count},) or ({count}, 1), one for each image, "
            f"received {array.dtype} of shape {array.shape}"
        )
    lowest, highest = array.min(), array.max()
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"{source} must be labels from 0 to {classes - 1}, received {lowest} to {highest}"
        )
    return _frozen(array.reshape(count).astype(np.uint8))


def _frozen(array):
    """Make a read-only array in one piece of memory; the one it came from stays as it is."""
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array
