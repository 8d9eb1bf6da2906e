"""The part of a sweep that runs in a worker process.

A worker imports this file when it starts, and the framework only when it has a run to train.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import NamedTuple

from reslib.experiments import devices
from reslib.experiments.progress import count_epoch
from reslib.experiments.records import Record, folder, surroundings
from reslib.experiments.result import Result

SECONDS_BETWEEN_LOOKS = 0.5
VARIABLES = ("RESLIB_CACHE", "RESLIB_SEED_OFFSET", "RESLIB_SMOKE")

_training = threading.Lock()


class Outcome(NamedTuple):
    """What a worker hands back of a run."""

    result: Result
    unwritten: dict[str, str]  # from "checkpoint" and "record" to what went wrong


def settings() -> dict[str, str]:
    """Return what a worker must know of this process: variables may have changed meanwhile."""
    found = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    if found.get("RESLIB_CACHE"):
        found["RESLIB_CACHE"] = str(folder().parent)  # a worker may be in another working folder
    return found


def start_worker(
    parent: int, gpus: tuple[str, ...], operations: int, variables: dict[str, str | None]
) -> None:
    """Prepare a new worker process, before the framework is imported.

    Args:
        parent: Identifier of the process that it works for; it ends when that one does. (Left
            alone, joblib's workers survive a parent that was killed by minutes.)
        gpus: Names of the GPUs that workers share.
        operations: How many operations it computes at a time.
        variables: Environment variables of the parent, `None` for those that are not set there.
    """
    if os.name == "posix":  # elsewhere the identifier of a parent stays when it is gone
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    devices.take_turn(gpus)
    os.environ["TF_NUM_INTEROP_THREADS"] = str(operations)


def _end_with(parent):
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def surroundings_of_worker() -> dict[str, object]:
    """Return the `surroundings()` of a process that is ready to train."""
    devices.set_threads()  # before the framework looks for GPUs
    return surroundings()


def train_and_record(
    record: Record, keep_weights: bool, settings: dict[str, str], progress_file: str | None
) -> Outcome:
    """Train the run of a record, and write the record.

    What another process has finished meanwhile is not trained, and what it has begun is gone on
    with.

    Args:
        record: The `Record`, as the process that asks has named it.
        keep_weights: Whether the result shall hold the trained weights.
        settings: Its `settings()`.
        progress_file: Where to count epochs, or `None`.

    Raises:
        RuntimeError: if two runs would be trained in this process at the same time, or if this
            process computes otherwise than the one that asks believes.
    """
    with _alone():
        for name in VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(settings)
        devices.set_threads()
        _check_surroundings(record)
        if (result := record.read(keep_weights)) is not None:
            return Outcome(result, {})
        from reslib.experiments.training import train_run  # only now, for it is the framework

        result = train_run(
            record.run, keep_weights, lambda epoch: count_epoch(progress_file), record
        )
        unwritten = {"checkpoint": str(record.unwritten)} if record.unwritten else {}
        try:
            record.write(result)
        except OSError as error:
            unwritten["record"] = str(error)
        return Outcome(result, unwritten)


@contextlib.contextmanager
def _alone():
    """Networks, random numbers and settings are shared by the threads of a process."""
    if not _training.acquire(blocking=False):
        raise RuntimeError(
            "a worker process trains one run at a time: start the cluster's workers as processes "
            "with one thread each (threads_per_worker=1, processes=True)"
        )
    try:
        yield
    finally:
        _training.release()


def _check_surroundings(record):
    here, asked = surroundings(), record.surroundings
    differences = [
        f"{name}: {here.get(name)!r} in place of {asked.get(name)!r}"
        for name in sorted({*here, *asked})
        if here.get(name) != asked.get(name)
    ]
    if differences:
        raise RuntimeError(
            "a worker process would compute other numbers than were asked for, since it differs in "
            f"{'; '.join(differences)}. Restart the kernel, or the cluster's workers"
        )
