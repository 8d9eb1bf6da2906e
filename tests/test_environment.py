"""The framework comes up quietly, whole, and at the cost of Keras alone."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys

import keras
import pytest


def python(code, cwd=None, **variables):
    """Run code in a new process."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


@pytest.mark.parametrize("backend", NAMES)
def test_line_names_versions_and_device(backend):
    """On each backend, by the name that its makers give it."""
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    run = python("import reslib; print(reslib.environment())", KERAS_BACKEND=backend)
    start, keras_on, devices = run.stdout.strip().split(" · ")
    version = python(f"import {backend}; print({backend}.__version__)").stdout.strip()
    assert start == "Python {}.{}".format(*sys.version_info)
    assert keras_on == f"Keras {keras.__version__} on {NAMES[backend]} {version.partition('+')[0]}"
    assert re.fullmatch(r"\d+ CPU cores, (no|\d+) GPU", devices)


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
    framework = importlib.import_module("reslib.framework")
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH")
    if chosen:
        monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", chosen)
    importlib.reload(framework)
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


HOSTILE = {  # what a shell does before it starts Python
    "no standard streams": "exec <&- >&- 2>&-",
    "no standard error": "exec 2>&-",
    "standard error only": "exec <&- >&-",
    "no home": "unset HOME",
    "a home that is not there": "export HOME=/nonexistent",
    "no place for temporary files": "export TMPDIR=/nonexistent TMP=/nonexistent TEMP=/nonexistent",
    "full standard streams": "exec >/dev/full 2>/dev/full",
    "plain C locale": "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0",
    "streams in a code page": "export PYTHONIOENCODING=cp932",
}


@pytest.mark.skipif(os.name == "nt", reason="these are made with a POSIX shell")
@pytest.mark.parametrize("before", HOSTILE.values(), ids=HOSTILE.keys())
def test_import_works_in_hostile_environments(before, tmp_path):
    """Every room is there, and the line of the environment, which a file takes in any case."""
    code = """
import importlib, sys, reslib
for room in reslib.ROOMS:
    importlib.import_module(f"reslib.{room}")
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(reslib.environment())
"""
    found = tmp_path / "found"
    subprocess.run(
        ["sh", "-c", f'{before}; exec "$0" "$@"', sys.executable, "-c", code, found],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        timeout=300,
    )
    assert found.read_text(encoding="utf-8").startswith("Python ")


def test_import_works_for_a_user_without_name_or_home(tmp_path):
    """As in containers that run under any number: no entry in the table of users, and no HOME."""
    code = f"""
import importlib, os, pwd
def unknown(user):
    raise KeyError(user)
pwd.getpwuid = pwd.getpwnam = unknown
for name in ("HOME", "USER", "LOGNAME", "USERNAME", "LNAME"):
    os.environ.pop(name, None)
import reslib
for room in reslib.ROOMS:
    importlib.import_module(f"reslib.{{room}}")
open({str(tmp_path / "found")!r}, "w", encoding="utf-8").write(reslib.environment())
"""
    run = python(code, cwd=tmp_path)  # Keras makes itself a folder called ~
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "found").exists()


@pytest.mark.parametrize("before", ["enable", "disable"])
def test_garbage_is_collected_as_before(before):
    """Only what the import made is not looked through."""
    code = f"import gc; gc.{before}(); import reslib.layers"
    code += "; print(gc.isenabled(), gc.get_freeze_count())"
    enabled, frozen = python(code).stdout.split()
    assert enabled == str(before == "enable") and int(frozen) > 100_000
