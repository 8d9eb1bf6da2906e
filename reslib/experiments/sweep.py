"""Many training runs, side by side, one single-threaded process per core."""

from reslib.experiments import records
from reslib.experiments.progress import progress_bar
from reslib.experiments.result import Results
from reslib.experiments.run import Run
from reslib.experiments.worker import settings, train_and_remember


def train(run, keep_weights=False):
    """Train one run: a sweep of one.

    Args:
        run: A `Run`.
        keep_weights: Whether the result shall hold the trained weights.

    Returns:
        The `Result`.
    """
    return sweep([run], keep_weights=keep_weights)[0]


def sweep(runs, workers=None, keep_weights=False):
    """Train many runs in parallel.

    A small network gains little from a second thread, so each worker process uses one. Since all
    training happens in such processes, a run gives the same numbers alone or in a sweep, with any
    number of workers. Finished runs are remembered on disk (see `reslib.experiments.records`): a
    sweep that was interrupted goes on where it stopped, and a restarted notebook does not train
    again.

    Args:
        runs: Sequence of `Run`s. Equal ones are trained once.
        workers: Integer, how many processes; by default one for each core.
        keep_weights: Whether the results shall hold the trained weights.

    Returns:
        `Results`: a sequence of `Result` in the order of `runs`, with a pandas `table` of all.

    Raises:
        ValueError: for bad arguments.

    Example:

    >>> runs = [Run(("cifar_resnet", {"depth": d}), "fashion_mnist") for d in (8, 20)]
    >>> sweep(runs).table  # doctest: +SKIP
    """
    runs = list(runs)
    for run in runs:
        if not isinstance(run, Run):
            raise ValueError(f"runs must be a sequence of Run, received {run!r} among them")
    whole = isinstance(workers, int) and not isinstance(workers, bool)
    if workers is not None and (not whole or workers < 1):
        raise ValueError(f"workers must be a positive integer or None, received {workers!r}")

    results = {run: records.recall(run, keep_weights) for run in runs}
    missing = [run for run, result in results.items() if result is None]
    if missing:
        # The longest first, so that no worker begins a long run when the others have finished.
        # Seeds of one network stay together: a worker then traces few networks.
        missing.sort(key=_cost, reverse=True)
        results.update(zip(missing, _train_all(missing, workers, keep_weights), strict=True))
    return Results(results[run] for run in runs)


def _train_all(runs, workers, keep_weights):
    import joblib

    workers = min(workers or joblib.cpu_count(), len(runs))
    epochs = sum(run.epochs for run in runs)
    # For one job joblib starts no process at all, and the threads of this one are not ours to
    # count. So it is told of two at least, and given no more runs at a time than asked for.
    with (
        joblib.parallel_config("loky", n_jobs=max(workers, 2), inner_max_num_threads=1),
        progress_bar(epochs, f"training {len(runs)} networks", "epoch") as progress_file,
    ):
        parallel = joblib.Parallel(batch_size=1, pre_dispatch=workers, max_nbytes=None)
        job = joblib.delayed(train_and_remember)
        return parallel(job(run, keep_weights, settings(), progress_file) for run in runs)


def _cost(run):
    """A rough measure of how long a run takes, and the same for all seeds of a network."""
    return run.epochs * run.model.arguments.get("depth", 1)
