"""What a reader has solved, kept in one small file on this machine and nowhere else."""

import json
import os
import pathlib
import tempfile


def path():
    """The file: the one named by `RESLIB_PROGRESS`, or else one in the user's data folder."""
    import platformdirs

    folder = pathlib.Path(platformdirs.user_data_dir("reslib-course"))
    return pathlib.Path(os.environ.get("RESLIB_PROGRESS") or folder / "progress.json")


def note(number, passed):
    """Count an answer to an exercise. What was once solved stays solved."""
    notes = _read()
    entry = notes.get(number, {"attempts": 0, "solved": False})
    # Answers after the right one are play.
    entry["attempts"] += not entry["solved"]
    entry["solved"] = entry["solved"] or passed
    _write(notes | {number: entry})


def progress(export=None):
    """Which exercises are solved.

    Args:
        export: A path that ends in `.csv`, `.html` or `.json`, to write the table there as well.

    Returns:
        A pandas table with a row for each exercise of the course, and the columns `title`,
        `solved` and `attempts` (until solved).

    Raises:
        ValueError: if `export` ends in something else.
    """
    import pandas as pd

    from reslib.exercises.exercise import exercises

    notes = _read()
    nothing = {"attempts": 0, "solved": False}
    rows = [
        {"exercise": item.number, "title": item.title, **notes.get(item.number, nothing)}
        for item in exercises()
    ]
    columns = ["exercise", "title", "solved", "attempts"]
    table = pd.DataFrame(rows, columns=columns).set_index("exercise")
    if export is not None:
        writers = {".csv": table.to_csv, ".html": table.to_html, ".json": table.to_json}
        kind = pathlib.Path(export).suffix
        if kind not in writers:
            raise ValueError(f"export must end in {', '.join(writers)}, received {str(export)!r}")
        writers[kind](export)
    return table


def forget():
    """Begin anew: remove the file."""
    path().unlink(missing_ok=True)


def _read():
    """The notes, or none. A file that is not ours to understand is set aside, not overwritten."""
    file = path()
    try:
        notes = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(number): {"attempts": int(entry["attempts"]), "solved": bool(entry["solved"])}
            for number, entry in notes.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        file.replace(file.with_name(file.name + ".damaged"))
        return {}


def _write(notes):
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, suffix=".tmp", delete=False, encoding="utf-8"
    ) as target:
        json.dump(notes, target, indent=1, sort_keys=True)
    os.replace(target.name, file)  # whole or not at all
