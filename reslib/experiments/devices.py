"""Which devices worker processes compute on: a GPU for each where there are some, else a core."""

from __future__ import annotations

import multiprocessing
import os


def visible_gpus() -> tuple[str, ...]:
    """Return the names by which CUDA knows the GPUs that this process may use."""
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of TensorFlow quiet)
    import tensorflow as tf

    count = len(tf.config.list_physical_devices("GPU"))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = chosen.split(",") if chosen else map(str, range(count))
    return tuple(names)[:count]


def default_workers() -> int:
    """Return how many workers train at a time: one for each GPU, or else for each core."""
    import joblib

    return len(visible_gpus()) or joblib.cpu_count()


def operations_for(workers: int) -> int:
    """Return how many operations each of so many workers computes at a time.

    A second one makes a network train a fourth faster on a core that would be idle; on one that is
    not, the two get into each other's way.
    """
    import joblib

    return 2 if 2 * workers <= joblib.cpu_count() else 1


def take_turn(gpus: tuple[str, ...]) -> None:
    """Let this worker process see one of the GPUs: the first worker the first, and so on in turn.

    It must come before TensorFlow is imported, which asks only once. Without GPUs nothing changes.
    """
    if gpus:
        number = int(multiprocessing.current_process().name.rpartition("-")[2])
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[(number - 1) % len(gpus)]


def set_threads() -> None:
    """Let TensorFlow compute an operation on one thread, so that sums run in one order everywhere.

    Beside it a second operation may run where there are cores for it, such as the gradient of a
    kernel beside that of its input; `TF_NUM_INTEROP_THREADS` says how many.

    Raises:
        RuntimeError: if TensorFlow has started with other threads.
    """
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of TensorFlow quiet)
    import tensorflow as tf

    operations = int(os.environ.get("TF_NUM_INTEROP_THREADS", 1))
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(operations)
    except RuntimeError:
        raise RuntimeError(
            "a run is trained in a process that has not computed with TensorFlow before: let the "
            "cluster's workers be processes of their own"
        ) from None
