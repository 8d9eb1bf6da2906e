"""Files that are written whole or not at all, and what to do with those that cannot be read."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from reslib import smoke

if TYPE_CHECKING:
    import numpy as np

# What reading a torn or foreign file ends in: of JSON the first three, of an .npz the rest too.
UNREADABLE = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
ABSENT = (FileNotFoundError, NotADirectoryError)


def folder() -> pathlib.Path:
    """Return where records lie: in `RESLIB_CACHE`, or else in the user's cache folder."""
    import platformdirs

    root = os.environ.get("RESLIB_CACHE")
    with contextlib.suppress(RuntimeError):
        root = os.path.expanduser(root or platformdirs.user_cache_dir("reslib-course"))
    if not root or root.startswith("~"):  # a user without a home, as containers have them
        root = os.path.join(tempfile.gettempdir(), "reslib-course")
    return pathlib.Path(os.path.abspath(root)) / ("smoke" if smoke.on() else "runs")


def write_whole(path: pathlib.Path, write: Callable[[BinaryIO], object]) -> None:
    """Write beside the file first: a rename either happens or does not.

    Args:
        path: Of the file; folders that are missing are made.
        write: Function that writes into an open binary file.

    Raises:
        OSError: if it cannot be written. Then nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def write_arrays(path: pathlib.Path, facts: dict, arrays: list[np.ndarray]) -> None:
    """Write an `.npz` of plain arrays, and of facts as JSON."""
    import numpy as np

    facts = np.frombuffer(json.dumps(facts).encode(), "uint8")
    numbered = {f"{i:05d}": array for i, array in enumerate(arrays)}
    write_whole(path, lambda file: np.savez(file, facts=facts, **numbered))


def read_facts(path: pathlib.Path) -> dict:
    """Return the facts of `write_arrays` alone; one of `UNREADABLE` if there are none."""
    import numpy as np

    with np.load(path, allow_pickle=False) as content:
        return json.loads(content["facts"].tobytes())


def read_arrays(path: pathlib.Path) -> tuple[dict, list[np.ndarray]]:
    """Return the facts and the arrays of `write_arrays`; one of `UNREADABLE` if there are none."""
    import numpy as np

    with np.load(path, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    facts = json.loads(arrays.pop("facts").tobytes())
    return facts, [arrays[name] for name in sorted(arrays)]


def set_aside(*paths: pathlib.Path) -> None:
    """Move torn or foreign files out of the way, for whoever wants to know.

    Where that cannot be done they stay: the disk is read-only, or another sweep was quicker.
    """
    for path in paths:
        with contextlib.suppress(OSError):
            path.replace(path.with_name(path.name + ".damaged"))
