"""A notebook alone in an empty folder, offline, as Google Colab meets it.

The checkout's own `reslib` must not help out: Python is started with -S, which ignores the .pth
files of its environment and with them every editable install; PYTHONPATH names the packages again.
"""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import colab
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[1]
# tests/test_notebook_form.py holds every notebook's first code cell equal to this one.
SETUP = (ROOT / "tools/setup_cell.py").read_text(encoding="utf-8")
OLDEST = ROOT / "requirements-oldest.lock"

STUB = '''
"""google.colab as a kernel on Colab has loaded it, in a world without a network."""
import os, shutil, socket, types

def refuse(*_, **__):
    raise OSError("this test is offline")

socket.getaddrinfo = refuse
files = types.SimpleNamespace(upload=lambda: shutil.copy(os.environ["UPLOAD"], "."))
'''


@pytest.fixture
def alone(tmp_path):
    """An empty folder, and the environment variables of a process that has Colab but no network."""
    stub, home, folder = tmp_path / "stub/google/colab", tmp_path / "home", tmp_path / "content"
    for path in (stub, home, folder):
        path.mkdir(parents=True)
    (stub / "__init__.py").write_text(STUB)
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    homes = dict.fromkeys(("HOME", "USERPROFILE", "IPYTHONDIR", "RESLIB_CACHE"), str(home))
    return folder, {**os.environ, **nowhere, **homes, "STUB": str(stub.parents[1])}


def packages_of(environment=None):
    """Where a virtual environment (by default the running one) keeps its packages."""
    base = {"base": str(environment), "platbase": str(environment)} if environment else None
    return sysconfig.get_path("purelib", "venv", base) if base else sysconfig.get_path("purelib")


# --- every way in which the set-up cell finds the library, tried with a library of one line


@pytest.fixture
def toy(tmp_path):
    """A bundle whose `reslib` does no more than say where it came from."""
    library = tmp_path / "published" / "reslib"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("environment = lambda: f'loaded from {__file__}'\n")
    bundle = tmp_path / "upload" / "reslib-course.zip"
    bundle.parent.mkdir()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.write(library / "__init__.py", "reslib/__init__.py")
    return library.parent, bundle


def run_cell(cell, folder, variables, on_colab=True):
    """What the cell prints when IPython runs it in `folder`, errors included."""
    shell = "from IPython.core.interactiveshell import InteractiveShell as Shell; import sys\n"
    shell += "import google.colab\n" * on_colab + "Shell().run_cell(sys.stdin.read())"
    path = os.pathsep.join([packages_of(), variables["STUB"], variables.get("INSTALLED", "")])
    command = [sys.executable, "-S", "-c", shell]
    run = {"cwd": folder, "env": variables | {"PYTHONPATH": path.strip(os.pathsep)}, "text": True}
    done = subprocess.run(command, input=cell, stdout=-1, stderr=subprocess.STDOUT, **run)
    return done.stdout


def test_an_installed_library_is_taken_as_it_is(alone, toy):
    folder, variables = alone
    (folder / "reslib-course.zip").write_bytes(b"not looked at")
    said = run_cell(SETUP, folder, variables | {"INSTALLED": str(toy[0])})
    assert f"loaded from {toy[0]}" in said
    assert [path.name for path in folder.iterdir()] == ["reslib-course.zip"]


@pytest.mark.parametrize("on_colab", [True, False])
def test_a_bundle_beside_the_notebook_is_unpacked(alone, toy, on_colab):
    folder, variables = alone
    (folder / "reslib-course.zip").write_bytes(toy[1].read_bytes())
    said = run_cell(SETUP, folder, variables, on_colab)
    assert f"loaded from {folder / 'reslib-course' / 'reslib'}" in said


def test_a_checkout_around_the_notebook_is_found(alone, toy):
    notebooks = toy[0] / "notebooks" / "solutions"
    notebooks.mkdir(parents=True)
    said = run_cell(SETUP, notebooks, alone[1], on_colab=False)
    assert f"loaded from {toy[0] / 'reslib'}" in said


def test_colab_asks_for_the_bundle(alone, toy):
    folder, variables = alone
    said = run_cell(SETUP, folder, variables | {"UPLOAD": str(toy[1])})
    assert f"loaded from {folder / 'reslib-course' / 'reslib'}" in said


@pytest.mark.skipif(sys.platform == "win32", reason="a stamped cell speaks to Colab's Linux shell")
def test_a_stamped_cell_clones_the_repository_once(alone, toy):
    folder, variables = alone
    stamped = colab.stamp(SETUP, "ada/course", "notebooks/03_three.ipynb")
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm toy"):
        subprocess.run(["git", *command.split()], cwd=toy[0], check=True)
    # git takes the toy for what is on GitHub: no network is needed, and none is there
    variables |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_VALUE_0": "https://github.com/ada/course"}
    variables |= {"GIT_CONFIG_KEY_0": f"url.{toy[0].as_uri()}.insteadOf"}
    for _ in range(2):
        said = run_cell(stamped, folder, variables)
        assert f"loaded from {folder / 'reslib-course' / 'reslib'}" in said
        assert "fatal" not in said


def test_without_any_library_the_reader_is_told_what_to_do(alone):
    said = run_cell(SETUP, *alone, on_colab=False)
    assert "Open this notebook in its checkout, or beside reslib-course.zip." in said


# --- the true library from the true bundle, in a kernel, on current and on the oldest versions


@pytest.fixture(params=["current", "oldest"])
def python(request):
    """An interpreter and its packages, with the versions of this run or the oldest supported."""
    if request.param == "current":
        return sys.executable, packages_of()
    environment = ROOT / ".venv-oldest"
    executable = Path(sysconfig.get_path("scripts", "venv", {"base": str(environment)})) / "python"
    state = f"{sys.version}\n{hashlib.sha256(OLDEST.read_bytes()).hexdigest()}\n"
    done = environment / "installed"
    if not done.exists() or done.read_text() != state:
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        install = [executable, "-m", "pip", "install", "--quiet", "-r", OLDEST]
        pip = subprocess.run(install, capture_output=True, text=True)
        if pip.returncode:
            pytest.skip(f"the oldest supported versions cannot be installed: {pip.stderr[-300:]}")
        done.write_text(state)
    return str(executable), packages_of(environment)


BEFORE = "from importlib.util import find_spec\nassert not find_spec('reslib')"
LESSON = """
from pathlib import Path

from reslib.datasets import load
from reslib.experiments import Run, sweep

assert Path(reslib.__file__).is_relative_to(Path.cwd())
data = dict(size=14, train_size=1000)
net = dict(depth=8, shortcut=None, width=8, input_shape=(14, 14, 1))
runs = [
    Run(
        model=("cifar_resnet", net),
        dataset=("fashion_mnist", data),
        epochs=1,
        batch_size=128,
        learning_rate=0.1,
        seed=seed,
    )
    for seed in (0, 1)
]
assert load("fashion_mnist", **data).x_train.shape == (1000, 14, 14, 1)
results = sweep(runs, workers=2)
print(len(results), "trained")
"""


def test_a_notebook_trains_on_the_bundle_alone(alone, python, tmp_path, monkeypatch):
    folder, variables = alone
    executable, packages = python
    colab.bundle(ROOT, folder)
    before = sorted(os.listdir(packages))

    variables["PYTHONPATH"] = os.pathsep.join([packages, variables["STUB"]])
    kernel = tmp_path / "share/kernels/colab/kernel.json"
    kernel.parent.mkdir(parents=True)
    launch = [executable, "-S", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    launch += ["--IPKernelApp.exec_lines=import google.colab"]
    kernel.write_text(json.dumps({"argv": launch, "display_name": "Colab", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(kernel.parents[2]))

    notebook = new_notebook(cells=[new_code_cell(cell) for cell in (BEFORE, SETUP, LESSON)])
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_name="colab", timeout=300, resources=place)
    client.execute(env=variables)

    said = nbformat.writes(notebook)
    assert "2 trained" in said
    if ".venv-oldest" in executable:
        assert "Keras 3.13." in said and "2.20.0" in said
    assert sorted(os.listdir(packages)) == before, "the set-up cell changed the environment"
