"""Which devices a worker process computes on: GPUs where there are enough, else the CPU."""

import functools
import os


def check_devices(devices, runs):
    """`ValueError` where the batches of the runs cannot be split over so many devices."""
    from reslib.experiments.training import load_data

    if isinstance(devices, bool) or not isinstance(devices, int) or devices < 1:
        raise ValueError(f"devices must be a positive integer, received {devices!r}")
    for run in runs if devices > 1 else ():
        batch_size = min(run.batch_size, len(load_data(run.dataset).x_train))
        if batch_size % devices:
            raise ValueError(
                f"batch_size must be a multiple of devices={devices}, so that each device has an "
                f"equal share of every batch, received {batch_size}"
            )


def visible_gpus():
    """The names by which CUDA knows the GPUs that this process may use, a tuple of strings."""
    import tensorflow as tf

    count = len(tf.config.list_physical_devices("GPU"))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = chosen.split(",") if chosen else map(str, range(count))
    return tuple(names)[:count]


def trains_on_gpus(devices):
    """Whether there are GPUs enough for one network."""
    return len(visible_gpus()) >= devices


def default_workers(devices):
    """So many that each has GPUs of its own; where there are too few, a core for each device."""
    import joblib

    units = len(visible_gpus()) if trains_on_gpus(devices) else joblib.cpu_count()
    return max(1, units // devices)


def operations_for(workers):
    """How many operations each of so many workers computes at a time.

    A second one makes a network train a fourth faster on a core that would be idle; on one that is
    not, the two get into each other's way.
    """
    import joblib

    return 2 if 2 * workers <= joblib.cpu_count() else 1


def gpus_for(workers, devices):
    """The names of the GPUs among which so many workers have to choose.

    One worker at a time has no choice: joblib starts two processes even then, and both are to use
    the GPUs that this process claims for them.
    """
    names = visible_gpus()
    return _claim_once(names, devices) if workers == 1 and len(names) > devices else names


@functools.cache
def _claim_once(names, devices):
    return claim_function()(names, devices)


@functools.cache
def claim_function():
    """A function that takes GPUs for a process.

    A worker calls it before it imports TensorFlow. So the function is made here and not taken from
    the module: for that, the worker would import both.
    """

    def claim(names, devices):
        """The names of those `devices` of the named GPUs that this process is to use.

        A claim is a lock on a file, held for the life of the process. Each GPU has as many as it
        takes: who comes when all the first ones are held takes a second one, so that GPUs are
        shared only when none is free, and then by turns.
        """
        import itertools
        import os
        import tempfile

        def lock(name, turn):
            import fcntl  # wherever TensorFlow has GPUs there is this module

            path = os.path.join(tempfile.gettempdir(), f"reslib-gpu-{name}-{turn}.lock")
            try:
                file = os.open(path, os.O_RDONLY | os.O_CREAT)
            except OSError:  # another user's
                return False
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                return False
            return True  # the file stays open, and the lock with it

        if len(names) <= devices:  # all of them, or none where they would not do
            return names if len(names) == devices else ()
        mine = []
        for turn, name in itertools.product(range(100), names):
            if len(mine) < devices and name not in mine and lock(name, turn):
                mine.append(name)
        return tuple(mine) if len(mine) == devices else names[:devices]

    return claim


def prepare(devices):
    """Let TensorFlow, before it starts, have a thread for each device, and split the CPU.

    Raises:
        RuntimeError: if it has started with another number, as in a cluster's worker it can.
    """
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    parts = devices if len(tf.config.list_physical_devices("GPU")) < devices else 1
    part = tf.config.LogicalDeviceConfiguration()
    try:
        if devices > 1:
            tf.config.threading.set_inter_op_parallelism_threads(devices)
        if parts != len(tf.config.get_logical_device_configuration(cpu) or [part]):
            tf.config.set_logical_device_configuration(cpu, [part] * parts)
    except RuntimeError:
        raise RuntimeError(
            f"devices={devices} needs worker processes that have not trained on another number of "
            "devices: restart those of your cluster"
        ) from None
