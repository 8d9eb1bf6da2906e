"""Layers, models, probes, detection and files give the same on every backend, up to rounding.

`compute.py` computes all of it in a process of its own for each backend. What TensorFlow gives is
held against JAX, which must be there, and PyTorch, where it is: beside TensorFlow, or in another
environment whose Python the variable `RESLIB_TORCH_PYTHON` names (its usual wheels are very large,
and it needs no TensorFlow there).
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = pathlib.Path(__file__).with_name("compute.py")
TORCH = os.environ.get("RESLIB_TORCH_PYTHON") or (
    sys.executable if importlib.util.find_spec("torch") else None
)
# The largest difference, relative to the largest number of an array. Seen: 2e-5, behind a batch
# normalization in training, which divides by small deviations.
TOLERANCE = 1e-4


def computed(folder, backend, python=sys.executable):
    """Run the script in a new process, and return its arrays by name."""
    run = subprocess.run(
        [python, SCRIPT, folder],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": str(SCRIPT.parents[2]),
            # XLA would spend most of the time on making fast what runs only once.
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        },
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert run.returncode == 0, f"on {backend}: {run.stderr[-3000:]}"
    return dict(np.load(folder / f"{backend}.npz"))


def difference(expected, found):
    """The largest, relative to the largest number; infinite where there can be no rounding."""
    if expected.shape != found.shape or expected.dtype.kind != found.dtype.kind:
        return np.inf
    if expected.dtype.kind != "f":
        return 0 if np.array_equal(expected, found) else np.inf
    if not expected.size:
        return 0
    if not (np.isfinite(expected).all() and np.isfinite(found).all()):
        return np.inf
    largest = np.abs(expected).max()
    return np.abs(expected - found).max() / largest if largest else np.abs(found).max()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("computed")


@pytest.fixture(scope="module")
def expected(folder):
    return computed(folder, "tensorflow")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_every_result_agrees_with_tensorflow(expected, folder, backend):
    if backend == "torch" and not TORCH:
        pytest.skip("PyTorch is not installed, and RESLIB_TORCH_PYTHON names no other Python")
    found = computed(folder, backend, TORCH if backend == "torch" else sys.executable)
    assert list(found) == list(expected)
    differences = {name: difference(expected[name], found[name]) for name in expected}
    print(f"{backend}: {len(found)} arrays, the largest difference {max(differences.values()):.1e}")
    worse = {name: value for name, value in differences.items() if not value <= TOLERANCE}
    assert not worse, "\n".join(f"{value:.1e} {name}" for name, value in worse.items())


ZERO = (  # by nature: fine maps that only lend their size, and what must not change
    "change of weight",
    "upsampling",
    "pyramid lateral=False",
)


def test_what_is_compared_is_not_empty(expected):
    """Nothing agrees for want of content: no array without numbers, none that is all zero."""
    assert len(expected) > 1500 and all(array.size for array in expected.values())
    zero = {name for name, array in expected.items() if array.dtype.kind == "f" and not array.any()}
    assert not [name for name in zero if not any(part in name for part in ZERO)]
