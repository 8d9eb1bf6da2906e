"""Which devices worker processes compute on: a GPU for each where there are some, else a core."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from importlib.util import find_spec

from reslib.environment import number_of_gpus

_has_gpu = False  # whether this process is a worker that was given one


def choose_backend() -> None:
    """Let Keras run on JAX where JAX finds a GPU, or where there is no TensorFlow.

    Nothing is chosen where `KERAS_BACKEND` is set, or Keras has been imported.
    """
    chosen = "KERAS_BACKEND" in os.environ or "keras" in sys.modules
    if not chosen and (find_spec("tensorflow") is None or _jax_finds_gpu()):
        os.environ["KERAS_BACKEND"] = "jax"


def _jax_finds_gpu():
    if find_spec("jax_plugins") is None:  # JAX needs one for a GPU
        return False
    # It is asked in another process, which gives back what it takes of the GPU.
    code = "import jax; print(jax.default_backend())"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return asked.stdout.strip() == "gpu"


def visible_gpus() -> tuple[str, ...]:
    """Return the names by which CUDA knows the GPUs that this process may use."""
    count = number_of_gpus()
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

    It must come before the framework is imported, which asks only once. Without GPUs nothing
    changes.
    """
    global _has_gpu
    _has_gpu = bool(gpus)
    if gpus:
        number = int(multiprocessing.current_process().name.rpartition("-")[2])
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[(number - 1) % len(gpus)]


def set_threads() -> None:
    """Let an operation be computed on one thread, so that sums run in one order everywhere.

    On TensorFlow a second operation may run beside it where there are cores for it, such as the
    gradient of a kernel beside that of its input; `TF_NUM_INTEROP_THREADS` says how many. On JAX it
    must come before the first operation, with which XLA starts its threads.

    Raises:
        RuntimeError: if TensorFlow has started with other threads.
    """
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    import keras

    if keras.backend.backend() == "jax":
        if not _has_gpu:  # beside one the cores only compile: no sum hangs on how many there are
            os.environ["NPROC"] = "1"  # how many cores XLA believes to have
        return
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
