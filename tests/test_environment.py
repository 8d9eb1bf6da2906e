"""The framework comes up quietly, whole, and at the cost of Keras alone."""

import importlib
import os
import re
import subprocess
import sys

import keras
import pytest
import tensorflow as tf

import reslib


def python(code, **variables):
    """Run code in a new process."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_line_names_versions_and_device():
    line = reslib.environment()
    assert f"Keras {keras.__version__} on tensorflow {tf.__version__}" in line
    assert line.startswith("Python {}.{} · ".format(*sys.version_info))
    assert re.search(r" · \d+ CPU cores, (no|\d+) GPU$", line)


def test_the_library_alone_imports_no_framework():
    """Its rooms arrive when they are first asked for."""
    code = """
import sys, reslib
assert not {"keras", "tensorflow", "numpy"} & set(sys.modules), "a framework was imported"
assert "layers" in dir(reslib) and reslib.layers.ResidualBlock
assert reslib.environment().startswith("Python"), "a room took the function's name"
"""
    assert python(code).returncode == 0


IMPORT = """
import sys
import {module}
print(*sorted({{"joblib", "pandas", "dask", "matplotlib", "sklearn", "tqdm"}} & set(sys.modules)))
print("a warning of our own", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def imported():
    return python(IMPORT.format(module="reslib.layers"))


def test_import_is_quiet(imported):
    """Nothing of TensorFlow's reaches the page; what comes later does."""
    assert imported.returncode == 0
    assert imported.stderr == "a warning of our own\n"
    assert len(imported.stdout.splitlines()) == 1


def test_import_brings_no_heavy_package_but_keras_own(imported):
    """The others are imported where they are used."""
    assert imported.stdout == python(IMPORT.format(module="keras")).stdout


@pytest.mark.parametrize("chosen", [None, "false"])
def test_memory_of_a_gpu_is_taken_as_needed(monkeypatch, chosen):
    """So that a notebook and its workers can share one; unless the reader has decided otherwise."""
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH")
    if chosen:
        monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", chosen)
    importlib.reload(sys.modules["reslib.framework"])
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == (chosen or "true")


def test_error_during_the_import_is_shown():
    """With what was written before it: silence must not hide why it failed."""
    code = """
import os, sys, types
class Broken(types.ModuleType):
    def __getattr__(self, name):
        os.write(2, b"the reason\\n")
        raise ImportError("no keras")
sys.modules["keras"] = Broken("keras")
import reslib.layers
"""
    failed = python(code)
    assert failed.returncode != 0
    assert "the reason" in failed.stderr and "no keras" in failed.stderr


@pytest.mark.parametrize("before", ["enable", "disable"])
def test_garbage_is_collected_as_before(before):
    """Only what the import made is not looked through."""
    code = f"import gc; gc.{before}(); import reslib.layers"
    code += "; print(gc.isenabled(), gc.get_freeze_count())"
    enabled, frozen = python(code).stdout.split()
    assert enabled == str(before == "enable") and int(frozen) > 100_000
