"""Many training runs, side by side, one process per core."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import threading
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool

from reslib import arguments, smoke
from reslib.experiments.devices import default_workers, operations_for, visible_gpus
from reslib.experiments.progress import progress_bar
from reslib.experiments.records import Record, folder, surroundings
from reslib.experiments.records.surroundings import CODE_OF, VARIABLES
from reslib.experiments.result import Result, Results
from reslib.experiments.run import Run
from reslib.experiments.worker import (
    Outcome,
    settings,
    start_worker,
    surroundings_of_worker,
    train_and_record,
)
from reslib.language import translated

BREAKDOWNS = 3  # so often in a row, without a finished run between them, a worker may be killed


class SweepInterrupted(KeyboardInterrupt):
    """A sweep that the reader has stopped: a notebook shows its one sentence, and no traceback."""

    def _render_traceback_(self):
        return [str(self)]


_sweeping = threading.Lock()  # sweeps of several threads would stop each other's workers


def train(run: Run, keep_weights: bool = False) -> Result:
    """Train one run: a sweep of one.

    Args:
        run: A `Run`.
        keep_weights: Whether the result shall hold the trained weights.

    Raises:
        ValueError, RuntimeError: as `sweep` does.
    """
    return sweep([run], workers=1, keep_weights=keep_weights)[0]


def sweep(
    runs: Iterable[Run],
    workers: int | None = None,
    keep_weights: bool = False,
    backend: str = "loky",
) -> Results:
    """Train many runs in parallel.

    A small network gains little from a second thread, so each worker process computes an operation
    on one; where `workers` is at most half the number of cores, two operations at a time. Since all
    training happens in such processes, a run gives the same numbers alone or in a sweep, with any
    number of workers. Finished runs are remembered on disk (see `reslib.experiments.records`), and
    after each epoch how far an unfinished one has come: a sweep that was interrupted goes on where
    it stopped, with the same result, and a restarted notebook does not train again. Where a worker
    is killed the sweep goes on with fewer; where the disk is full it only cannot remember.

    GPUs are used where there are any (`CUDA_VISIBLE_DEVICES` chooses among them). Each worker sees
    one of them, and fills its memory no further than it needs.

    All is computed in float32 with channels last, whatever `keras.json` says.

    Args:
        runs: Sequence of `Run`s. Equal ones are trained once.
        workers: Integer, how many runs are trained at a time; by default as many as there are GPUs,
            or else cores. Processes are kept for the next sweep, unless that is to compute another
            number of operations at a time.
        keep_weights: Whether the results shall hold the trained weights.
        backend: What starts the workers: `"loky"` starts them on this machine, `"dask"` takes those
            of your `distributed.Client`. A cluster's workers must be processes of one thread each,
            with this package; they load the data themselves, and their records are written here
            too. Which GPUs they see is up to the cluster.

    Returns:
        `Results`: a sequence of `Result` in the order of `runs`, with a pandas `table` of all.

    Raises:
        ValueError: for bad arguments, a network that does not fit its data, or where no client was
            made.
        ImportError: if the backend is not installed.
        RuntimeError: where Keras runs on neither TensorFlow nor JAX, where this process may start
            no others, or if a cluster's worker has several threads, other versions or other
            settings.

    Example:

    >>> runs = [Run(("cifar_resnet", {"depth": d}), "fashion_mnist") for d in (8, 20)]
    >>> sweep(runs).table  # doctest: +SKIP
    """
    runs = _checked_runs(runs)
    if workers is not None:
        workers = arguments.positive_integer("workers", workers)
    arguments.boolean("keep_weights", keep_weights)
    _check_backend(backend)
    if not runs:
        return Results([])
    if smoke.on() and any(run.seed for run in runs):  # one seed stands for all
        alike = [dataclasses.replace(run, seed=0) for run in runs]
        pairs = zip(sweep(alike, workers, keep_weights, backend), runs, strict=True)
        return Results(dataclasses.replace(result, run=run) for result, run in pairs)

    where = surroundings() if backend == "loky" else _surroundings_of_a_worker(backend)
    records = {run: Record(run, where) for run in dict.fromkeys(runs)}
    results = {run: record.read(keep_weights) for run, record in records.items()}
    missing = [records[run] for run, result in results.items() if result is None]
    if missing:
        try:
            with _sweeping:
                results.update(_train_all(missing, workers, keep_weights, backend))
        except KeyboardInterrupt:
            finished = sum(record.exists(keep_weights) for record in records.values())
            raise SweepInterrupted(
                translated(
                    f"Stopped. {finished} of {len(records)} networks are trained and kept, and of "
                    "the others each finished epoch: run the cell again, and the training goes on "
                    "there."
                )
            ) from None
    return Results(results[run] for run in runs)


def _checked_runs(runs):
    accepted = "runs must be a sequence of Run"
    if isinstance(runs, Run):
        raise ValueError(f"{accepted}, received a single one: sweep([run]), or train(run)")
    try:
        runs = list(runs)
    except TypeError:
        raise ValueError(f"{accepted}, received {runs!r}") from None
    for run in runs:
        if not isinstance(run, Run):
            raise ValueError(f"{accepted}, received {run!r} among them")
    return runs


def _check_backend(backend):
    from joblib import parallel

    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    import keras

    arguments.one_of("backend", backend, ("dask", "loky"))
    if backend == "dask" and importlib.util.find_spec("distributed") is None:
        raise ImportError(
            'backend="dask" needs the package distributed: python -m pip install distributed'
        )
    if keras.backend.backend() not in CODE_OF:
        raise RuntimeError(
            "training needs Keras on TensorFlow or JAX, and KERAS_BACKEND or keras.json has "
            f"chosen {keras.backend.backend()!r}: start Python with KERAS_BACKEND=tensorflow"
        )
    if backend == "loky" and "loky" not in parallel.BACKENDS:
        raise RuntimeError(
            "training needs worker processes, and joblib may start none: "
            "unset JOBLIB_MULTIPROCESSING and restart Python"
        )


def _surroundings_of_a_worker(backend):
    """Ask a cluster: its machines are what decides the numbers, not this one."""
    import joblib

    with joblib.parallel_config(backend):
        _refuse_this_process(backend)
        return joblib.Parallel()([joblib.delayed(surroundings_of_worker)()])[0]


def _train_all(records, workers, keep_weights, backend):
    """Return the results of the runs, whatever happens to the workers."""
    if workers is None and backend == "loky":
        workers = default_workers()
    outcomes, breakdowns = {}, 0
    while missing := [record for record in records if record.run not in outcomes]:
        finished = len(outcomes)
        try:
            coming = _outcomes(missing, workers, keep_weights, backend)
            with contextlib.closing(coming):  # an interrupt ends the workers at once
                for record, outcome in coming:
                    _write_here_too(record, outcome)
                    outcomes[record.run] = outcome
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
    return {run: outcome.result for run, outcome in outcomes.items()}


def _outcomes(
    records: list[Record], workers: int | None, keep_weights: bool, backend: str
) -> Iterator[tuple[Record, Outcome]]:
    """Hand the runs to worker processes, and hand on what comes back, as soon as it does."""
    import joblib

    by_run = {record.run: record for record in records}
    epochs = sum(run.epochs for run in by_run)
    with (
        processes(min(workers, len(records)), operations_for(workers))
        if backend == "loky"
        else joblib.parallel_config(backend),
        progress_bar(epochs, f"training {len(records)} networks", "epoch") as progress,
    ):
        _refuse_this_process(backend)
        parallel = joblib.Parallel(
            batch_size=1,
            pre_dispatch=workers or "n_jobs",
            max_nbytes=None,
            return_as="generator_unordered",
        )
        job = joblib.delayed(train_and_record)
        outcomes = parallel(
            job(by_run[run], keep_weights, settings(), progress.file)
            for run in longest_first(by_run)
        )
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                progress.finished += outcome.result.run.epochs
                yield by_run[outcome.result.run], outcome


def longest_first(runs: Iterable[Run]) -> list[Run]:
    """Order runs so that no worker begins a long one when the others have finished.

    By a rough measure of how long they take, which is the same for all seeds of a network.

    Reference:
        Graham, 1969, "Bounds on Multiprocessing Timing Anomalies".
    """

    def cost(run):
        depth = run.model.arguments.get("depth")
        return run.epochs * (max(1, depth) if isinstance(depth, int) else 1)

    return sorted(runs, key=cost, reverse=True)


def processes(workers: int, operations: int = 1):
    """Return the context in which joblib starts processes for one thread each on this machine.

    Args:
        workers: How many.
        operations: How many operations each computes at a time.
    """
    import joblib

    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    import keras

    return joblib.parallel_config(
        "loky",
        # For one job joblib starts no process at all, and the threads of this one are not ours to
        # count. So it is told of two at least, and given no more runs at a time than asked for.
        n_jobs=max(workers, 2),
        inner_max_num_threads=1,
        nesting_level=0,  # also in a thread that joblib has started
        initializer=start_worker,
        # Where these change joblib starts new processes, as a framework needs to notice.
        initargs=(
            os.getpid(),
            visible_gpus(),
            operations,
            {
                **{name: os.environ.get(name) for name in VARIABLES},
                "KERAS_BACKEND": keras.backend.backend(),  # `keras.json` may have chosen it
            },
        ),
    )


def _refuse_this_process(backend):
    """`RuntimeError` where joblib would train in this process, not in a worker."""
    import joblib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # joblib's, that it will start none
        if joblib.effective_n_jobs(None) >= 2:
            return
    if backend == "dask":
        raise RuntimeError("backend='dask' needs a cluster with at least two workers to be of use")
    raise RuntimeError(
        "training needs worker processes, and this one is itself a worker (of a "
        "multiprocessing.Pool) that may start none: call sweep once with all runs, it trains them "
        "side by side"
    )


def _write_here_too(record, outcome):
    """Write the record here, where the worker's disk was full or is another machine's."""
    try:
        if not record.exists(keep_weights=outcome.result.weights is not None):
            record.write(outcome.result)
        outcome.unwritten.pop("record", None)
    except OSError as error:
        outcome.unwritten["record"] = str(error)


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
            f"{what} could not be written to {folder()} ({reason}); {consequence}",
            stacklevel=4,
        )
