"""Training on Keras's JAX backend, in processes of its own in which TensorFlow is missing."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from reslib.experiments import Run
from reslib.experiments.recipe import build
from reslib.experiments.records import Record
from reslib.experiments.training import seeded, train_run

pytest.importorskip("jax")
EPOCHS = 4  # of `reproduce`
# How far apart the updates are, relative to their size. Seen: 4e-6, and 1e-4 where TensorFlow
# computes without oneDNN.
TOLERANCE = 1e-3
ONE_ORDER = "--xla_gpu_exclude_nondeterministic_ops"

COMPUTE = """
import json, sys
import numpy as np
from reslib import framework
from reslib.experiments import Run, network_jax
from reslib.experiments.recipe import build
from reslib.experiments.records import Record
from reslib.experiments.training import seeded, train_run


class Stop(Exception):
    pass


def stop(epoch):
    raise Stop


if __name__ == "__main__":
    runs, path = json.loads(sys.argv[1]), sys.argv[2]
    arrays = {}
    for name, run in runs.items():
        run = Run(**run)
        network_jax.loops_are_slow = lambda: name != "looped"
        with seeded(run.seed):
            initial = build(run.model, run.dataset).get_weights()
        result = train_run(run, keep_weights=True)
        arrays.update({f"{name}/initial/{i}": values for i, values in enumerate(initial)})
        arrays.update({f"{name}/trained/{i}": values for i, values in enumerate(result.weights)})
        arrays[f"{name}/history"] = list(result.history.values())
    record = Record(run)  # of the last one
    try:
        train_run(run, after_epoch=stop, record=record)
    except Stop:
        assert record.path(".checkpoint").exists()
    resumed = train_run(run, keep_weights=True, record=record)
    arrays["resumed"] = [
        result.history == resumed.history,
        *map(np.array_equal, result.weights, resumed.weights),
    ]
    np.savez(path, **arrays)
"""


@pytest.fixture(scope="module")
def on_jax(tmp_path_factory):
    """The variables of a process on JAX to which TensorFlow is not installed."""
    missing = tmp_path_factory.mktemp("missing")
    (missing / "tensorflow.py").write_text("raise ImportError('there is no TensorFlow')\n")
    variables = {name: value for name, value in os.environ.items() if name != "RESLIB_SEED_OFFSET"}
    path = os.pathsep.join([str(missing), *sys.path])
    return {**variables, "KERAS_BACKEND": "jax", "PYTHONPATH": path}


@pytest.fixture(scope="module")
def compared(tiny, tiny_odd_ones):
    """Runs of few steps: what they cover together is all that a step can do."""
    augmented = tiny(epochs=1, augmentation="crop_and_flip", weight_decay=0.05, seed=3)
    row = {"depth": 4, "width": 4, "gate_price": 0.1, "gate_start": 0.5}
    mlp = {"depth": 1, "width": 4, "kernel_initializer": "looks_linear", "activation": "crelu"}
    row_data = {"cells": 8, "train_size": 220, "test_size": 60}
    random = {"depth": 8, "width": 2, "survival_probability": 0.5}
    return {
        "augmented": augmented,
        "looped": augmented,  # as on a GPU
        "weighted": tiny_odd_ones(epochs=1),
        "row": tiny(epochs=1, model=("row_resnet", row), dataset=("flood_fill", row_data)),
        "mlp": tiny(epochs=1, model=("mlp", mlp)),
        "random": tiny(epochs=3, model=("cifar_resnet", random)),  # each backend drops others
    }


@pytest.fixture(scope="module")
def computed(compared, on_jax, tmp_path_factory):
    folder = tmp_path_factory.mktemp("computed")
    (folder / "compute.py").write_text(COMPUTE)
    runs = json.dumps({name: run.to_dict() for name, run in compared.items()})
    finish(
        [sys.executable, folder / "compute.py", runs, folder / "arrays.npz"],
        {**on_jax, "RESLIB_CACHE": str(folder)},
    )
    assert list((folder / "compiled").iterdir())
    with np.load(folder / "arrays.npz") as content:
        return dict(content)


def finish(command, variables):
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("name", ["augmented", "looped", "weighted", "row", "mlp"])
def test_first_steps_are_tensorflows(compared, computed, name):
    """From the same weights, on the same images: equal but for rounding."""
    run = compared[name]
    with seeded(run.seed):
        initial = build(run.model, run.dataset).get_weights()
    result = train_run(run, keep_weights=True)
    expected, found = [], []
    for i, (before, after) in enumerate(zip(initial, result.weights, strict=True)):
        start = computed[f"{name}/initial/{i}"]
        np.testing.assert_allclose(start, before, rtol=0, atol=4e-6)
        expected.append((after - before).ravel())
        found.append((computed[f"{name}/trained/{i}"] - start).ravel())
    expected, found = np.concatenate(expected), np.concatenate(found)
    assert np.linalg.norm(found - expected) < TOLERANCE * np.linalg.norm(expected)
    for found, (measure, values) in zip(
        computed[f"{name}/history"], result.history.items(), strict=True
    ):
        tolerance = {"rtol": 1e-3} if "loss" in measure else {"atol": 0.02}
        np.testing.assert_allclose(found, values, **tolerance)


def test_stopped_run_goes_on_to_the_same_numbers(computed):
    """With layers that draw at random, too: all equal to the last bit."""
    assert computed["resumed"].all() and len(computed["resumed"]) > 20


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    random, arrays = np.random.default_rng(0), {}
    for split, count in (("train", 20), ("test", 10)):
        arrays[f"x_{split}"] = random.integers(0, 256, (count, 32, 32, 3), "uint8")
        arrays[f"y_{split}"] = np.arange(count, dtype="uint8") % 10
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is killed")
def test_reproduce_that_is_killed_goes_on_to_the_same_numbers(
    on_jax, images, tmp_path, monkeypatch
):
    """To the last bit. Its records are no records to TensorFlow."""
    words = f"-m reslib reproduce --depths 8 --kinds residual --epochs {EPOCHS} --workers 1"
    command = [sys.executable, *words.split(), "--data", images, "--out"]

    killed = subprocess.Popen(
        [*command, tmp_path / "killed"],
        env=on_jax,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not list((tmp_path / "killed").glob("runs/*.checkpoint")):
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)  # its workers too
    killed.wait()
    assert not list((tmp_path / "killed").glob("runs/*.json")), "it was finished before"
    assert "on JAX" in finish([*command, tmp_path / "killed"], on_jax)

    finish([*command, tmp_path / "undisturbed"], on_jax)
    curves = [(tmp_path / name / "curves.csv").read_bytes() for name in ("killed", "undisturbed")]
    assert curves[0] == curves[1] and curves[0].count(b"\n") == 1 + EPOCHS
    killed, undisturbed = (
        json.loads(next((tmp_path / name / "runs").glob("*.json")).read_text())
        for name in ("killed", "undisturbed")
    )
    assert killed["history"] == undisturbed["history"]

    fields = killed["run"]
    fields["seed"] = fields.pop("true_seed")
    fields["dataset"][1]["path"] = str(images)
    monkeypatch.setenv("RESLIB_CACHE", str(tmp_path / "killed"))
    assert Record(Run(**fields)).read() is None, "TensorFlow takes it for its own"


@pytest.mark.parametrize(
    "gpus, flags, seen",
    [
        ((), None, [f"{ONE_ORDER}=true", "1"]),
        (("0",), None, [f"{ONE_ORDER}=true", None]),
        ((), "--xla_dump_to=d", [f"--xla_dump_to=d {ONE_ORDER}=true", "1"]),
        (("0",), f"{ONE_ORDER}=false", [f"{ONE_ORDER}=false", None]),
    ],
)
def test_a_worker_adds_up_in_one_order(gpus, flags, seen):
    """On a GPU without its kernels that do not; there the cores only compile, all at once."""
    code = (
        "import json, os, multiprocessing\n"
        "multiprocessing.current_process().name = 'Worker-1'\n"
        "from reslib.experiments import devices\n"
        f"devices.take_turn({gpus!r})\n"
        "devices.set_threads()\n"
        "from jax._src import xla_bridge\n"
        "assert not xla_bridge._backends\n"
        "print(json.dumps([os.environ['XLA_FLAGS'], os.environ.get('NPROC')]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "KERAS_BACKEND": "jax"}
    for name, value in (("XLA_FLAGS", flags), ("NPROC", None)):
        environment.pop(name, None)
        if value:
            environment[name] = value
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == seen
