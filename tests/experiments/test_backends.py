"""The same sweep on a cluster: the same numbers, and the records at home."""

import importlib
import importlib.util
import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest

from reslib.experiments import sweep, train
from reslib.experiments.records import Record
from reslib.experiments.worker import Outcome

module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too


@pytest.fixture(scope="module")
def runs(tiny):
    return [tiny(seed=seed, epochs=3) for seed in range(6)]


@pytest.fixture(scope="module")
def swept(runs, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESLIB_CACHE", str(tmp_path_factory.mktemp("swept")))
        patch.delenv("RESLIB_SEED_OFFSET", raising=False)
        return sweep(runs, keep_weights=True)


@pytest.fixture
def threads():
    return 1


@pytest.fixture
def client(monkeypatch, tmp_path, threads):
    """Of a scheduler with two worker processes, that speak over the loopback interface."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=threads,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a worker is killed")
def test_cluster_gives_the_same_numbers(client, runs, swept, memory):
    """Though one of its two workers is killed after the first record."""
    pids = client.run(os.getpid)
    assert len({*pids.values(), os.getpid()}) == 3

    def kill():
        while not list(memory.glob("*.json")):
            time.sleep(0.01)
        os.kill(next(iter(pids.values())), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    results = sweep(runs, keep_weights=True, backend="dask")
    killer.join()
    assert [result.run for result in results] == runs
    for mine, theirs in zip(results, swept, strict=True):
        assert mine.history == theirs.history
        for a, b in zip(mine.weights, theirs.weights, strict=True):
            np.testing.assert_array_equal(a, b)
    assert all(Record(run).read(keep_weights=True) for run in runs)


@pytest.mark.parametrize("threads", [2])
def test_cluster_with_several_threads_is_refused(client, runs):
    """They would share networks and random numbers."""
    with pytest.raises(RuntimeError, match="one run at a time.*threads_per_worker=1"):
        sweep(runs, backend="dask")


def test_cluster_with_other_settings_has_other_records(client, runs, memory):
    """Its machines decide the numbers; what they have trained is not taken for trained here."""

    def set_it():
        import os

        os.environ["TF_DETERMINISTIC_OPS"] = "1"

    client.run(set_it)
    sweep(runs[:1], backend="dask")
    assert len(list(memory.glob("*.json"))) == 1 and Record(runs[0]).read() is None


def test_records_come_home(swept, runs, memory, monkeypatch):
    """From a worker whose disk is another machine's, or full: nothing is left to warn of."""
    away = ((Record(result.run), Outcome(result, {"record": "no space"})) for result in swept)
    monkeypatch.setattr(module, "_outcomes", lambda *args: away)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sweep(runs, keep_weights=True)
    for run, result in zip(runs, swept, strict=True):
        recalled = Record(run).read(keep_weights=True)
        assert recalled.history == result.history and recalled.weights is not None


@pytest.mark.parametrize("backend", ["threading", "multiprocessing", "sequential", "dusk", None])
def test_other_backends_are_refused(runs, backend):
    """Networks are not shared between threads, nor copied with a process."""
    with pytest.raises(ValueError, match=r"^backend must be one of 'dask', 'loky'"):
        sweep(runs, backend=backend)


def test_missing_package_is_named(runs, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install distributed"):
        sweep(runs, backend="dask")


def test_missing_client_is_named(tiny):
    pytest.importorskip("distributed")
    with pytest.raises(ValueError, match="first create a Dask Client"):
        sweep([tiny(seed=77)], backend="dask")
    assert len(train(tiny(seed=77)).history["test_error"]) == 2  # and nothing is the worse for it
