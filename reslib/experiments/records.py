"""Finished runs, remembered on disk by their content.

A record is named after a digest of all that decides its numbers: the run, the data, the code that
builds and trains the network, the versions of the framework, and on how many devices of which kind
it is trained. Whatever changes, the old record is not found any more and the run is trained again.
"""

import contextlib
import functools
import hashlib
import json
import os
import pathlib
import tempfile
import zipfile
import zlib

import numpy as np

from reslib import smoke
from reslib.experiments.devices import trains_on_gpus
from reslib.experiments.result import MEASURES, Result

# What reading a torn or foreign file ends in: of JSON the first three, of an .npz the rest too.
UNREADABLE = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def folder():
    """Where records lie: the folder named by `RESLIB_CACHE`, or else the user's cache folder."""
    import platformdirs

    root = os.environ.get("RESLIB_CACHE") or platformdirs.user_cache_dir("reslib-course")
    return pathlib.Path(root) / ("smoke" if smoke.on() else "runs")


def recall(run, keep_weights=False, devices=1):
    """The remembered `Result` of a run, or `None` if there is none (with weights, if asked)."""
    record, weights = path_of(run, ".json", devices), path_of(run, ".npz", devices)
    if not record.exists() or (keep_weights and not weights.exists()):
        return None
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        check_owner(content, run)
        history = checked_history(content["history"], run.epochs)
        arrays = _load_arrays(weights, run) if keep_weights else None
        return Result(run, history, float(content["seconds"]), arrays, devices)
    except UNREADABLE:
        set_aside(record, weights)
        return None


def remember(result):
    """Write the record of a finished run, whole or not at all."""
    if result.weights is not None:
        arrays = {f"{i:05d}": array for i, array in enumerate(result.weights)}
        path = path_of(result.run, ".npz", result.devices)
        write_arrays(path, {"run": description(result.run)}, arrays)
    content = {
        "run": description(result.run),
        "history": result.history,
        "seconds": result.seconds,
    }
    content = json.dumps(content, indent=1).encode()
    path = path_of(result.run, ".json", result.devices)
    write_whole(path, lambda file: file.write(content))


def path_of(run, suffix, devices=1):
    """Where something is kept that belongs to a run: its name is the digest, and a suffix."""
    from reslib.experiments.training import load_data

    facts = {
        **_wherever_the_data_lie(run),
        "seed": run.true_seed,
        "data": load_data(run.dataset).checksum,
        "software": _software(),
        "devices": devices,
        "gpu": trains_on_gpus(devices),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    return folder() / f"{digest}{suffix}"


def description(run):
    """What a file says of the run that it belongs to."""
    return {**_wherever_the_data_lie(run), "true_seed": run.true_seed}


def _wherever_the_data_lie(run):
    """The run as plain data, without the path of its data: what they hold is in the digest."""
    facts = run.to_dict()
    facts["dataset"][1].pop("path", None)
    return facts


def check_owner(facts, run):
    """`ValueError` if they are another run's; under another offset the seed may differ."""
    if {**facts["run"], "seed": run.seed} != description(run):
        raise ValueError("of another run")


def checked_history(history, epochs):
    """The history as plain numbers; `ValueError` or another of `UNREADABLE` if it is not whole."""
    history = {name: [float(value) for value in history[name]] for name in MEASURES}
    if any(len(values) != epochs for values in history.values()):
        raise ValueError("the history is not whole")
    return history


def set_aside(*paths):
    """Torn or foreign: out of the way, but there for whoever wants to know."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # there is none, or another sweep was quicker
            path.replace(path.with_name(path.name + ".damaged"))


def write_whole(path, write):
    """Write beside the file first: a rename either happens or does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


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


def write_arrays(path, facts, arrays):
    """Write an `.npz` of plain arrays, and of facts as JSON."""
    facts = np.frombuffer(json.dumps(facts).encode(), "uint8")
    write_whole(path, lambda file: np.savez(file, facts=facts, **arrays))


def read_arrays(path, run):
    """The facts and the arrays, if they are this run's; one of `UNREADABLE` otherwise."""
    with np.load(path, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    facts = json.loads(arrays.pop("facts").tobytes())
    check_owner(facts, run)
    return facts, arrays


def _load_arrays(path, run):
    _, arrays = read_arrays(path, run)
    return [arrays[name] for name in sorted(arrays)]
