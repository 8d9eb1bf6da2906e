"""The choice of GPUs on machines that have some, and what a worker is before it has work."""

import contextlib
import importlib
import os
import subprocess
import sys
import time
import types

import joblib
import pytest
import tensorflow as tf
from joblib.externals.loky import get_reusable_executor

from reslib.experiments import devices, sweep
from reslib.experiments.records import Record, surroundings

module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too


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
    "packages, gpu, wish, chosen",
    [
        ({"tensorflow", "jax", "jax_plugins"}, "gpu", None, "jax"),
        ({"tensorflow", "jax", "jax_plugins"}, "gpu", "tensorflow", "tensorflow"),
        ({"tensorflow", "jax", "jax_plugins"}, "cpu", None, None),
        ({"tensorflow", "jax"}, None, None, None),
        ({"jax"}, None, None, "jax"),
    ],
)
def test_jax_is_chosen_for_a_gpu_or_without_tensorflow(monkeypatch, packages, gpu, wish, chosen):
    """Unless the user wishes otherwise."""
    monkeypatch.setattr(devices, "find_spec", lambda name: name in packages or None)
    monkeypatch.setattr(devices.sys, "modules", {})
    answer = types.SimpleNamespace(stdout=f"{gpu}\n")
    monkeypatch.setattr(devices.subprocess, "run", lambda *args, **kwargs: answer)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if wish:
        monkeypatch.setenv("KERAS_BACKEND", wish)
    devices.choose_backend()
    assert os.environ.pop("KERAS_BACKEND", None) == chosen


@pytest.mark.parametrize("gpus, workers", [(0, 6), (1, 1), (4, 4)])
def test_default_workers(monkeypatch, gpus, workers):
    """One for each GPU, or for each of six cores."""
    monkeypatch.setattr(devices, "visible_gpus", lambda: tuple(map(str, range(gpus))))
    monkeypatch.setattr(joblib, "cpu_count", lambda: 6)
    assert devices.default_workers() == workers


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
def gpus(monkeypatch):
    """Pretends that there are some."""
    get_reusable_executor().shutdown(kill_workers=True)  # others have begun without

    def pretend(*names):
        monkeypatch.setattr(module, "visible_gpus", lambda: names)

    return pretend


def in_two_workers():
    """What two processes see of CUDA, and whether the framework was there before."""

    def look(_):
        time.sleep(0.5)  # so that the other gets the other job
        early = {"keras", "tensorflow"} & set(sys.modules)
        return os.getpid(), os.environ.get("CUDA_VISIBLE_DEVICES"), early

    seen = {}
    deadline = time.monotonic() + 60
    with module.processes(2):
        while len(seen) < 2 and time.monotonic() < deadline:
            for pid, shown, early in joblib.Parallel()(joblib.delayed(look)(i) for i in range(2)):
                seen[pid] = shown
                assert not early
    assert len(seen) == 2
    return list(seen.values())


@pytest.mark.parametrize(
    "names, shown",
    [
        (("4", "7"), {("4", "7")}),  # one for each
        (("4",), {("4", "4")}),  # to be shared
        (("1", "2", "3"), {("1", "2"), ("2", "3"), ("1", "3")}),  # whose turn it is
    ],
)
def test_worker_sees_one_gpu(gpus, names, shown):
    """Before TensorFlow is imported, which asks only once."""
    gpus(*names)
    assert tuple(sorted(in_two_workers())) in shown


@pytest.mark.parametrize("chosen", [None, "", "5"])
def test_worker_without_a_gpu_keeps_its_environment(gpus, monkeypatch, chosen):
    gpus()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert in_two_workers() == [chosen, chosen]


def test_gpus_make_another_record(tiny):
    here = surroundings()
    assert Record(tiny(), here).name != Record(tiny(), {**here, "gpu": not here["gpu"]}).name


def test_importing_the_experiments_brings_no_framework():
    """An idle worker imports no more than this."""
    code = (
        "import sys, reslib.experiments, reslib.experiments.worker\n"
        "print({'keras', 'tensorflow', 'numpy', 'pandas'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_worker_that_has_computed_already_is_refused(monkeypatch):
    """As a cluster's worker can: its threads are not ours to count any more."""
    tf.zeros(1)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "7")
    with pytest.raises(RuntimeError, match="has not computed with TensorFlow before"):
        devices.set_threads()
