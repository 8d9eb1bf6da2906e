"""The part of a sweep that runs in a worker process."""

import functools
import os
import threading
from typing import NamedTuple

from reslib.experiments.devices import claim_function, prepare
from reslib.experiments.result import Result

VARIABLES = ("RESLIB_CACHE", "RESLIB_SEED_OFFSET", "RESLIB_SMOKE")
SECONDS_BETWEEN_LOOKS = 0.5

_one_at_a_time = threading.Lock()


class Outcome(NamedTuple):
    """What a worker hands back of a share: the `Result`, or `None` where the run is not finished,
    how many epochs the bar does not show yet, and what could not be written on the disk."""

    result: Result | None
    epochs_left: int
    unwritten: dict  # from "checkpoint" and "record" to what went wrong


def settings():
    """What a worker must know of the process that asks it: variables may have changed meanwhile."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def train_and_remember(share, keep_weights, settings, progress_file, devices=1):
    """Train a `Share` of a run, write a record if that finishes it, and return the `Outcome`.

    What another process has finished meanwhile is not trained, and what it has begun is gone on
    with."""
    run, begin, end = share
    with _one_at_a_time:  # a cluster's workers can have several threads, but networks are shared
        for name in VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(settings)
        set_threads()
        prepare(devices)
        from reslib.experiments import records, training
        from reslib.experiments.checkpoints import Checkpoints

        epochs_left = end - begin

        def after_epoch(epoch):
            nonlocal epochs_left
            if begin < epoch <= end:  # the others are shown by whose share they are
                epochs_left -= show_epochs(progress_file)

        result = records.recall(run, keep_weights, devices)
        if result is not None:
            return Outcome(result, epochs_left, {})
        checkpoints = Checkpoints(run, devices)
        result = training.train_here(run, keep_weights, after_epoch, checkpoints, devices, end)
        unwritten = {"checkpoint": str(checkpoints.error)} if checkpoints.error else {}
        if result is not None:
            try:
                records.remember(result)
                checkpoints.remove()
            except OSError as error:
                unwritten["record"] = str(error)
        return Outcome(result, epochs_left, unwritten)


def show_epochs(progress_file, count=1):
    """Move the bar on; by how many, that is by none from another machine."""
    try:
        handle = os.open(progress_file, os.O_WRONLY | os.O_APPEND)
        try:
            return os.write(handle, b"." * count)
        finally:
            os.close(handle)
    except OSError:
        return 0


@functools.cache
def lifeline():
    """A function to start a worker process with, so that it ends when its parent does.

    Left alone, joblib's workers survive a parent that was killed by minutes. The function is made
    here and not taken from the module: for that, an idle worker would import the framework.
    """

    def watch(parent, seconds_between_looks):
        import os
        import threading
        import time

        def look():
            while os.getppid() == parent:
                time.sleep(seconds_between_looks)
            os._exit(1)

        if os.name == "posix":  # elsewhere the identifier of a parent stays when it is gone
            threading.Thread(target=look, daemon=True).start()

    return watch


@functools.cache
def beginning():
    """A function to start a worker process with: the lifeline, GPUs of its own, and threads."""
    watch, claim = lifeline(), claim_function()

    def begin(parent, seconds_between_looks, gpus, devices, operations):
        import os

        watch(parent, seconds_between_looks)
        if gpus:  # without any, the environment stays as it is
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(claim(gpus, devices)) or "-1"
        os.environ["TF_NUM_INTEROP_THREADS"] = str(operations)

    return begin


@functools.cache
def set_threads():
    """One thread within an operation, so that its sums run in the same order everywhere.

    Beside it a second operation may run where there are cores for it, such as the gradient of a
    kernel beside that of its input; `TF_NUM_INTEROP_THREADS` says how many.
    """
    import tensorflow as tf

    operations = int(os.environ.get("TF_NUM_INTEROP_THREADS", 1))
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(operations)
