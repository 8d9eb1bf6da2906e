"""What a reader has solved, kept in one small file on this machine and nowhere else."""

from __future__ import annotations

import json
import os
import pathlib
import warnings

FILE = "progress.json"


def path() -> pathlib.Path:
    """Name the file: what `RESLIB_PROGRESS` says, or else one in the user's data folder.

    Raises:
        OSError: if the file should lie in the home of a user who has none.
    """
    import platformdirs

    try:
        if named := os.environ.get("RESLIB_PROGRESS"):
            return pathlib.Path(named).expanduser()
        return pathlib.Path(platformdirs.user_data_dir("reslib-course"), FILE).expanduser()
    except RuntimeError as error:
        raise OSError("this user has no home folder") from error


def note(number: str, passed: bool) -> None:
    """Count an answer to an exercise. What was once solved stays solved.

    Where nothing can be written there is a warning: a verdict never depends on a disk.
    """
    try:
        known = _read()
        entry = known.get(number, {"solved": False, "attempts": 0})
        # Answers after the right one are play.
        attempts = entry["attempts"] + (not entry["solved"])
        _write(known | {number: {"solved": entry["solved"] or passed, "attempts": attempts}})
    except OSError as error:
        _warn(error)


def notes() -> dict[str, dict]:
    """Return `solved` and `attempts` of each exercise that was tried, by its number."""
    try:
        return _read()
    except OSError as error:
        _warn(error)
        return {}


def forget() -> None:
    """Begin anew: remove the file."""
    path().unlink(missing_ok=True)


def _read():
    """Read the notes. A file that is not ours to understand is set aside, not overwritten."""
    file = path()
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(number): {"solved": bool(entry["solved"]), "attempts": int(entry["attempts"])}
            for number, entry in known.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        file.replace(file.with_name(file.name + ".damaged"))
        return {}


def _write(known):
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        part.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(file)  # whole or not at all
    finally:
        part.unlink(missing_ok=True)


def _warn(error):
    warnings.warn(
        f"what you have solved cannot be noted ({error}). Verdicts do not depend on it. The "
        "environment variable RESLIB_PROGRESS can name another file.",
        stacklevel=4,
    )
