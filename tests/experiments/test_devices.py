"""One network on two devices of the CPU, and the choice of GPUs on machines that have some."""

import contextlib
import importlib
import os
import pathlib
import subprocess
import sys
import time

import joblib
import numpy as np
import pytest
import tensorflow as tf
from joblib.externals.loky import get_reusable_executor

from reslib.experiments import devices, records, sweep, train
from reslib.experiments.result import MEASURES, Result

module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too
SCRIPT = pathlib.Path(__file__).with_name("two_devices.py")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the script saw: one network on one device, on two, and on two without synchronization"""
    folder = tmp_path_factory.mktemp("devices")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "RESLIB_CACHE": str(folder),
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    subprocess.run(
        [sys.executable, SCRIPT, folder / "seen.npz"], env=environment, check=True, timeout=300
    )
    with np.load(folder / "seen.npz") as content:
        return dict(content)


def distance(one, other):
    """The largest difference, in parts of the largest number."""
    return np.abs(one - other).max() / np.abs(one).max()


def test_two_replicas_really_run(seen):
    """Each on a device of its own, with half of every batch."""
    assert seen["replicas"] == 2
    replicas, numbers, places, sizes = seen["shares"].T
    assert set(replicas) == {"2"} and set(numbers) == {"0", "1"} and set(sizes) == {"12"}
    assert {place.rpartition("/")[-1] for place in places} == {"device:CPU:0", "device:CPU:1"}


@pytest.mark.parametrize("what", ["loss", "weights", "velocities"])
def test_two_devices_equal_one(seen, what):
    """After each step, but for rounding: the loss, the weights with the moving statistics, and the
    velocities, which are gradients. Without synchronization nothing is equal."""
    networks = (seen[f"{name}_{what}"] for name in ("one", "two", "apart"))
    for one, two, apart in zip(*networks, strict=True):
        assert distance(one, two) < 1e-5
        assert distance(one, apart) > 1e-3


def test_copies_agree(seen):
    """Weights, moving statistics and velocities, to the last bit; unsynchronized, not."""
    np.testing.assert_array_equal(*seen["copies"])
    one, other = seen["copies_apart"]
    assert np.abs(one - other).max() > 0.1


def test_stopped_run_goes_on(seen):
    np.testing.assert_array_equal(*seen["resumed"])


def test_train_on_two_devices(tiny):
    """Close to one device's result, and remembered apart from it."""
    run = tiny()
    two = train(run, keep_weights=True, devices=2)
    assert two.run == run and two.devices == 2
    assert records.recall(run) is None
    one = train(run, keep_weights=True)
    assert one.devices == 1
    for name in ("train_loss", "test_loss"):
        np.testing.assert_allclose(two.history[name], one.history[name], rtol=1e-3)
    assert distance(*(np.concatenate([w.ravel() for w in r.weights]) for r in (one, two))) < 1e-2
    assert records.recall(run, devices=2).history == two.history != one.history
    assert records.recall(run).history == one.history


@pytest.mark.parametrize("bad", [0, -1, True, 1.5, "2", None])
def test_bad_number_of_devices_is_refused(tiny, bad):
    with pytest.raises(ValueError, match="devices must be a positive integer, received"):
        train(tiny(), devices=bad)


def test_devices_must_divide_the_batch(tiny):
    """Also where the data are fewer than a batch: there are 230."""
    for run, batch in ((tiny(), 50), (tiny(batch_size=300), 230)):
        with pytest.raises(ValueError, match=f"batch_size .* devices=3, .* received {batch}"):
            sweep([run], devices=3)


def test_split_comes_too_late():
    """TensorFlow runs in this process already, as it can in a cluster's worker."""
    tf.zeros(1)
    devices.prepare(1)
    with pytest.raises(RuntimeError, match="devices=2 needs worker processes"):
        devices.prepare(2)


@pytest.mark.parametrize(
    "chosen, count, names",
    [
        (None, 0, ()),
        (None, 2, ("0", "1")),
        ("2,3", 2, ("2", "3")),
        ("3", 1, ("3",)),
        ("", 0, ()),
        ("-1", 0, ()),
    ],
)
def test_visible_gpus_are_those_the_user_shows(monkeypatch, chosen, count, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind] * count)
    assert devices.visible_gpus() == names


@pytest.mark.parametrize(
    "gpus, number, workers",
    [(0, 1, 6), (0, 2, 3), (0, 4, 1), (0, 8, 1), (1, 1, 1), (4, 1, 4), (4, 2, 2), (5, 2, 2)]
    + [(1, 2, 3)],  # too few: the CPU
)
def test_default_workers(monkeypatch, gpus, number, workers):
    """One for as many GPUs as it needs, or for as many of six cores."""
    monkeypatch.setattr(devices, "visible_gpus", lambda: tuple(map(str, range(gpus))))
    monkeypatch.setattr(joblib, "cpu_count", lambda: 6)
    assert devices.default_workers(number) == workers


@pytest.mark.parametrize("workers, operations", [(6, 1), (4, 1), (3, 2), (1, 2)])
def test_second_operation_where_there_are_cores_for_it(monkeypatch, workers, operations):
    """Of six."""
    monkeypatch.setattr(joblib, "cpu_count", lambda: 6)
    assert devices.operations_for(workers) == operations


@pytest.mark.parametrize("operations", [1, 2])
def test_workers_are_told_how_many_operations(operations):
    with module.processes(2, operations=operations):
        ask = joblib.delayed(os.getenv)
        assert joblib.Parallel()([ask("TF_NUM_INTEROP_THREADS")]) == [str(operations)]


def test_workers_asked_for_are_started(tiny, monkeypatch):
    """However few GPUs there are."""
    asked = []
    monkeypatch.setattr(devices, "visible_gpus", lambda: ("0",))
    monkeypatch.setattr(module, "_outcomes", lambda runs, workers, *args: asked.append(workers))
    for workers in (3, None):
        with contextlib.suppress(AttributeError):  # there are no outcomes
            sweep([tiny(seed=seed) for seed in range(4)], workers=workers)
    assert asked == [3, 1]


@pytest.fixture
def gpus(monkeypatch, tmp_path):
    """Pretends that there are some, with a folder of claims of its own."""
    pytest.importorskip("fcntl", reason="claims are locks, which Windows has not")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    devices._claim_once.cache_clear()
    get_reusable_executor().shutdown(kill_workers=True)  # others have begun without

    def pretend(*names):
        monkeypatch.setattr(devices, "visible_gpus", lambda: names)

    yield pretend
    devices._claim_once.cache_clear()


def in_two_workers(workers, number=1):
    """What two processes see of CUDA, and whether TensorFlow was there before."""

    def look(_):
        import os
        import sys
        import time

        time.sleep(0.5)  # so that the other gets the other job
        return os.getpid(), os.environ.get("CUDA_VISIBLE_DEVICES"), "tensorflow" in sys.modules

    seen = {}
    deadline = time.monotonic() + 60
    with module.processes(workers, number):
        while len(seen) < 2 and time.monotonic() < deadline:
            for pid, shown, late in joblib.Parallel()(joblib.delayed(look)(i) for i in range(2)):
                seen[pid] = shown
                assert not late
    assert len(seen) == 2
    return list(seen.values())


@pytest.mark.parametrize(
    "names, workers, number, shown",
    [
        (("4", "7"), 2, 1, ["4", "7"]),  # one for each
        (("4",), 2, 1, ["4", "4"]),  # to be shared
        (("4", "7"), 1, 1, ["4", "4"]),  # two processes that work by turns
        (("1", "2", "3", "4"), 2, 2, ["1,2", "3,4"]),
        (("4", "7"), 1, 2, ["4,7", "4,7"]),
        (("4",), 2, 2, ["-1", "-1"]),  # too few: the CPU is split
    ],
)
def test_worker_sees_its_gpus_only(gpus, names, workers, number, shown):
    """Before TensorFlow is imported, which asks only once."""
    gpus(*names)
    assert sorted(in_two_workers(workers, number)) == shown


@pytest.mark.parametrize("chosen", [None, "", "5"])
def test_worker_without_a_gpu_keeps_its_environment(gpus, monkeypatch, chosen):
    gpus()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert in_two_workers(2) == [chosen, chosen]


def test_claims(gpus):
    """Another notebook gets another GPU; when none is free they are shared, by turns."""
    claim = devices.claim_function()
    assert [claim(("0", "1"), 1) for _ in range(5)] == [("0",), ("1",), ("0",), ("1",), ("0",)]
    assert claim(("0", "1", "2"), 2) == ("2", "1")
    assert claim(("0",), 1) == ("0",) and claim(("0", "1"), 2) == ("0", "1")


def test_claim_ends_with_its_process(gpus):
    """Not with the sweep: TensorFlow keeps what it has seen first."""
    gpus("0", "1")
    assert sorted(in_two_workers(2)) == ["0", "1"]
    claim = devices.claim_function()
    assert claim(("0", "1"), 1) == ("0",)  # shared: both are held
    get_reusable_executor().shutdown(kill_workers=True)
    assert [claim(("0", "1"), 1) for _ in range(2)] == [("0",), ("1",)]


def test_claims_where_no_file_can_be_made(gpus, monkeypatch):
    def full(*args):
        raise PermissionError

    monkeypatch.setattr(os, "open", full)
    assert devices.claim_function()(("0", "1", "2"), 2) == ("0", "1")


def test_other_devices_are_another_record(tiny):
    paths = {records.path_of(tiny(), ".json", number) for number in (1, 2, 4)}
    assert len(paths) == 3 and records.path_of(tiny(), ".json") in paths


def test_gpus_make_another_record(tiny, monkeypatch):
    """Where there are enough of them to be used."""
    paths = {number: records.path_of(tiny(), ".json", number) for number in (1, 2)}
    monkeypatch.setattr(devices, "visible_gpus", lambda: ("0",))
    assert records.path_of(tiny(), ".json", 1) != paths[1]
    assert records.path_of(tiny(), ".json", 2) == paths[2]


def test_result_of_two_devices_is_remembered_as_such(tiny):
    run = tiny(epochs=1)
    records.remember(Result(run, dict.fromkeys(MEASURES, [0.5]), 1.0, devices=2))
    assert records.recall(run) is None and records.recall(run, devices=2).devices == 2
