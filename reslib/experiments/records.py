"""Finished runs, remembered on disk by their content.

A record is named after a digest of all that decides its numbers: the run, the data, the code that
builds and trains the network, and the versions of the framework. Whatever changes, the old record
is not found any more and the run is trained again.
"""

import functools
import hashlib
import json
import os
import pathlib
import tempfile
import zipfile
import zlib

import numpy as np

from reslib.experiments.result import MEASURES, Result

# What reading a torn or foreign file ends in: of JSON the first three, of an .npz the rest too.
UNREADABLE = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def folder():
    """Where records lie: the folder named by `RESLIB_CACHE`, or else the user's cache folder."""
    import platformdirs

    root = os.environ.get("RESLIB_CACHE") or platformdirs.user_cache_dir("reslib-course")
    return pathlib.Path(root) / "runs"


def recall(run, keep_weights=False):
    """The remembered `Result` of a run, or `None` if there is none (with weights, if asked)."""
    record, weights = _paths(run)
    if not record.exists() or (keep_weights and not weights.exists()):
        return None
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        history = {name: [float(value) for value in content["history"][name]] for name in MEASURES}
        if any(len(values) != run.epochs for values in history.values()):
            raise ValueError("the history is not whole")
        arrays = _load_arrays(weights) if keep_weights else None
        return Result(run, history, float(content["seconds"]), arrays)
    except UNREADABLE:
        # Torn or foreign: set aside for whoever wants to know, and trained again.
        for path in (record, weights):
            if path.exists():
                path.replace(path.with_name(path.name + ".damaged"))
        return None


def remember(result):
    """Write the record of a finished run, whole or not at all."""
    record, weights = _paths(result.run)
    record.parent.mkdir(parents=True, exist_ok=True)
    if result.weights is not None:
        arrays = {f"{i:05d}": array for i, array in enumerate(result.weights)}
        _write(weights, lambda file: np.savez(file, **arrays))
    content = {
        "run": {**result.run.to_dict(), "true_seed": result.run.true_seed},
        "history": result.history,
        "seconds": result.seconds,
    }
    _write(record, lambda file: file.write(json.dumps(content, indent=1).encode()))


def _paths(run):
    from reslib.experiments.training import load_data

    facts = {
        **run.to_dict(),
        "seed": run.true_seed,
        "data": load_data(run.dataset).checksum,
        "software": _software(),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    return folder() / f"{digest}.json", folder() / f"{digest}.npz"


@functools.cache
def _software():
    """A digest of the code that decides results, and of the framework's versions."""
    import keras
    import tensorflow

    package = pathlib.Path(__file__).parents[1]
    files = [
        path
        for part in ("layers", "models", "datasets", "experiments")
        for path in sorted((package / part).rglob("*.py"))
    ]
    digest = hashlib.sha256(f"{keras.__version__} {tensorflow.__version__}".encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _load_arrays(path):
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[name] for name in sorted(arrays.files)]


def _write(path, write):
    """Write beside the file first: a rename either happens or does not."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
