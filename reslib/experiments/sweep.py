"""Many training runs, side by side, one process per core."""

import contextlib
import dataclasses
import importlib.util
import os
import warnings
from concurrent.futures.process import BrokenProcessPool

from reslib import smoke
from reslib.experiments import records
from reslib.experiments.devices import (
    check_devices,
    default_workers,
    gpus_for,
    operations_for,
)
from reslib.experiments.progress import progress_bar
from reslib.experiments.result import Results
from reslib.experiments.run import Run
from reslib.experiments.shares import divide, whole
from reslib.experiments.worker import (
    SECONDS_BETWEEN_LOOKS,
    beginning,
    settings,
    show_epochs,
    train_and_remember,
)

BREAKDOWNS = 3  # so often in a row, without a finished run between them, a worker may be killed


def train(run, keep_weights=False, devices=1):
    """Train one run: a sweep of one.

    Args:
        run: A `Run`.
        keep_weights: Whether the result shall hold the trained weights.
        devices: Integer, over how many devices each batch is split, see `sweep`.

    Returns:
        The `Result`.
    """
    return sweep([run], workers=1, keep_weights=keep_weights, devices=devices)[0]


def sweep(runs, workers=None, keep_weights=False, backend="loky", devices=1):
    """Train many runs in parallel.

    A small network gains little from a second thread, so each worker process computes an operation
    on one; where `workers` is at most half the number of cores, two operations at a time. Since all
    training happens in such processes, a run gives the same numbers alone or in a sweep, with any
    number of workers. Finished runs are remembered on disk (see `reslib.experiments.records`), and
    after each epoch how far an unfinished one has come: a sweep that was interrupted goes on where
    it stopped, with the same result, and a restarted notebook does not train again. Where a worker
    is killed the sweep goes on with fewer; where the disk is full it only cannot remember.

    Where that ends a sweep earlier, a run changes its worker: of three long ones on two workers,
    one is begun by the one and finished by the other.

    GPUs are used where there are any (`CUDA_VISIBLE_DEVICES` chooses among them). Each worker sees
    only its own, takes one that no other notebook uses if there is one, and fills its memory no
    further than it needs.

    With `devices=2` a network is copied to two devices of a worker (`tf.distribute`): two GPUs, or
    two virtual devices of the CPU where there are not so many. Each computes half of every batch,
    and batch normalization takes the statistics of the whole. The result is that of one device but
    for rounding, and is remembered apart from it.

    Args:
        runs: Sequence of `Run`s. Equal ones are trained once.
        workers: Integer, how many runs are trained at a time; by default as many as there are GPUs
            for them, or else cores: one for each of a worker's `devices`. Processes are kept for
            the next sweep, unless that is to compute another number of operations at a time.
        keep_weights: Whether the results shall hold the trained weights.
        backend: String, the joblib backend that starts the workers: `"loky"` on this machine,
            `"dask"` on the cluster of your `distributed.Client`. A cluster's workers need this
            package; they load the data themselves, and their records are written here too. Which
            GPUs they see is up to the cluster.
        devices: Integer, over how many devices of its machine each run's batches are split. It
            must divide `batch_size`.

    Returns:
        `Results`: a sequence of `Result` in the order of `runs`, with a pandas `table` of all.

    Raises:
        ValueError: for bad arguments, or where no client was made.
        ImportError: if the backend is not installed.
        RuntimeError: if a cluster's worker has trained on another number of devices.

    Example:

    >>> runs = [Run(("cifar_resnet", {"depth": d}), "fashion_mnist") for d in (8, 20)]
    >>> sweep(runs).table  # doctest: +SKIP
    """
    runs = list(runs)
    for run in runs:
        if not isinstance(run, Run):
            raise ValueError(f"runs must be a sequence of Run, received {run!r} among them")
    is_integer = isinstance(workers, int) and not isinstance(workers, bool)
    if workers is not None and (not is_integer or workers < 1):
        raise ValueError(f"workers must be a positive integer or None, received {workers!r}")
    _check_backend(backend)
    check_devices(devices, runs)
    if smoke.on() and any(run.seed for run in runs):  # one seed stands for all
        alike = [dataclasses.replace(run, seed=0) for run in runs]
        results = sweep(alike, workers, keep_weights, backend, devices)
        pairs = zip(results, runs, strict=True)
        return Results(dataclasses.replace(result, run=run) for result, run in pairs)

    results = {run: records.recall(run, keep_weights, devices) for run in runs}
    missing = [run for run, result in results.items() if result is None]
    if missing:
        trained = _train_all(missing, workers, keep_weights, backend, devices)
        results.update(zip(missing, trained, strict=True))
    return Results(results[run] for run in runs)


def _check_backend(backend):
    from joblib import parallel

    in_this_process = {"sequential", "threading", "multiprocessing"}  # or a copy of it
    accepted = {*parallel.BACKENDS, *parallel.EXTERNAL_BACKENDS} - in_this_process
    if not isinstance(backend, str) or backend not in accepted:
        choices = ", ".join(map(repr, sorted(accepted)))
        raise ValueError(f"backend must be one of {choices}, received {backend!r}")
    if backend == "dask" and importlib.util.find_spec("distributed") is None:
        raise ImportError(
            'backend="dask" needs the package distributed: python -m pip install distributed'
        )


def _train_all(runs, workers, keep_weights, backend, devices):
    """The results of the runs, in their order, whatever happens to the workers."""
    if workers is None and backend == "loky":
        workers = default_workers(devices)
    outcomes, breakdowns = {}, 0
    while missing := [run for run in runs if run not in outcomes]:
        finished = len(outcomes)
        try:
            coming = _outcomes(missing, workers, keep_weights, backend, devices)
            with contextlib.closing(coming):  # an interrupt ends the workers at once
                for outcome in coming:
                    if outcome.result is not None:  # else only a part of the run is trained
                        _bring_home(outcome)
                        outcomes[outcome.result.run] = outcome
        except BrokenProcessPool:
            # A worker was killed, and joblib gives up. What was trained is on disk, so go on; but
            # want of memory, the usual reason, passes only with fewer workers.
            breakdowns = 1 if len(outcomes) > finished else breakdowns + 1
            if breakdowns == BREAKDOWNS:
                raise
            workers = max(1, min(workers, len(missing)) // 2)
            warnings.warn(
                "a worker process was killed, most likely for want of memory; the sweep goes on "
                f"where it stopped, with {workers} at a time",
                stacklevel=4,
            )
    _warn_of_unwritten(outcomes.values())
    return [outcomes[run].result for run in runs]


def _outcomes(runs, workers, keep_weights, backend, devices):
    """Hand the runs to worker processes, and hand on what comes back, as soon as it does."""
    import joblib

    epochs = sum(run.epochs for run in runs)
    # A cluster's workers may not see each other's checkpoints.
    shares = divide(runs, min(workers, len(runs))) if backend == "loky" else whole(runs)
    with (
        processes(min(workers, len(runs)), devices, operations_for(workers))
        if backend == "loky"
        else joblib.parallel_config(backend),
        progress_bar(epochs, f"training {len(runs)} networks", "epoch") as progress_file,
    ):
        if joblib.effective_n_jobs(None) < 2:  # joblib would use this process, not the worker
            raise ValueError(f"backend={backend!r} needs at least two workers to be of use")
        parallel = joblib.Parallel(
            batch_size=1,
            pre_dispatch=workers or "n_jobs",
            max_nbytes=None,
            return_as="generator_unordered",
        )
        job = joblib.delayed(train_and_remember)
        outcomes = parallel(
            job(share, keep_weights, settings(), progress_file, devices) for share in shares
        )
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                show_epochs(progress_file, outcome.epochs_left)
                yield outcome


def _bring_home(outcome):
    """Write the record here, where the worker's disk was full or is another machine's."""
    result = outcome.result
    suffixes = [".json"] if result.weights is None else [".json", ".npz"]
    paths = [records.path_of(result.run, suffix, result.devices) for suffix in suffixes]
    try:
        if not all(path.exists() for path in paths):
            records.remember(result)
        outcome.unwritten.pop("record", None)
    except OSError as error:
        outcome.unwritten["record"] = str(error)


def processes(workers, devices=1, operations=1):
    """The context in which joblib starts processes for one thread each on this machine."""
    import joblib

    return joblib.parallel_config(
        "loky",
        # For one job joblib starts no process at all, and the threads of this one are not ours to
        # count. So it is told of two at least, and given no more runs at a time than asked for.
        n_jobs=max(workers, 2),
        inner_max_num_threads=1,
        initializer=beginning(),
        # Where these change joblib starts new processes, which TensorFlow's devices need as well.
        initargs=(
            os.getpid(),
            SECONDS_BETWEEN_LOOKS,
            gpus_for(workers, devices),
            devices,
            operations,
        ),
    )


def _warn_of_unwritten(outcomes):
    """One warning, however often the disk was full."""
    count = sum("record" in outcome.unwritten for outcome in outcomes)
    unwritten = {key: text for outcome in outcomes for key, text in outcome.unwritten.items()}
    if count:
        what = f"the records of {count} runs"
        consequence = "the results are complete, but will be trained again in another kernel"
    elif unwritten:
        what = "checkpoints"
        consequence = "an interrupted run would have begun anew"
    if unwritten:
        reason = unwritten.get("record") or unwritten["checkpoint"]
        warnings.warn(
            f"{what} could not be written to {records.folder()} ({reason}); {consequence}",
            stacklevel=4,
        )
