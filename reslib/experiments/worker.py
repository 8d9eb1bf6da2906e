"""The part of a sweep that runs in a worker process."""

import functools
import os

VARIABLES = ("RESLIB_CACHE", "RESLIB_SEED_OFFSET")


def settings():
    """What a worker must know of the process that asks it: variables may have changed meanwhile."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def train_and_remember(run, keep_weights, settings, progress_file):
    """Train a run on one thread, write its record, and return the `Result`."""
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(settings)
    _use_one_thread()
    from reslib.experiments import records, training

    def after_epoch():
        with open(progress_file, "ab") as file:
            file.write(b".")

    result = training.train_here(run, keep_weights, after_epoch)
    records.remember(result)
    return result


@functools.cache
def _use_one_thread():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
