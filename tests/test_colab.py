"""A notebook alone in an empty folder, offline, as Google Colab meets it.

The checkout's own `reslib` must not help out: Python is started with -S, which ignores the .pth
files of its environment and with them every editable install; PYTHONPATH names the packages again.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import colab
import pytest
import smoke

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
def upload():
    if chosen := os.environ.get("UPLOAD"):
        shutil.copy(chosen, ".")

files = types.SimpleNamespace(upload=upload)
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


def packages_of(executable):
    """Where a Python keeps its packages."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.check_output([executable, "-c", code], text=True).strip()


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
    path = os.pathsep.join(
        [sysconfig.get_path("purelib"), variables["STUB"], variables.get("INSTALLED", "")]
    )
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


@pytest.mark.parametrize("name", ["reslib-course (1).zip", "reslib-course(2).zip"])
def test_a_bundle_may_have_the_name_that_a_browser_gives_a_second_download(alone, toy, name):
    folder, variables = alone
    renamed = toy[1].rename(toy[1].with_name(name))
    for _ in range(2):  # the second time it is there and not asked for
        said = run_cell(SETUP, folder, variables | {"UPLOAD": str(renamed)})
        assert f"Unpacking {name}" in said
        assert f"loaded from {folder / 'reslib-course' / 'reslib'}" in said
        variables["UPLOAD"] = ""


def test_of_several_bundles_the_newest_is_taken(alone, toy):
    folder, variables = alone
    for age, name in enumerate(["reslib-course (1).zip", "reslib-course.zip"]):
        (folder / name).write_bytes(toy[1].read_bytes() if age == 0 else b"an older one")
        os.utime(folder / name, (2e9 - age, 2e9 - age))
    said = run_cell(SETUP, folder, variables)
    assert "Unpacking reslib-course (1).zip" in said and "loaded from" in said


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


@pytest.mark.parametrize("on_colab", [True, False])
def test_without_any_library_one_sentence_says_what_to_do(alone, on_colab):
    """As when the upload was cancelled."""
    said = run_cell(SETUP, *alone, on_colab=on_colab)
    assert "Upload reslib-course.zip, or put it beside this notebook; then run this" in said
    assert "Traceback" not in said and "Error" not in said


# --- the true notebooks and the true bundle, on the oldest supported versions


@pytest.fixture(scope="session")
def oldest():
    """A Python with the oldest versions, those of Colab: 3.13 as there, if it is at hand."""
    environment = ROOT / ".venv-oldest"
    executable = Path(sysconfig.get_path("scripts", "venv", {"base": str(environment)})) / "python"
    base, version = python_like_colab()
    state = f"{version}\n{hashlib.sha256(OLDEST.read_bytes()).hexdigest()}\n"
    done = environment / "installed"
    if not done.exists() or done.read_text() != state:
        subprocess.run([base, "-m", "venv", "--clear", environment], check=True)
        install = [executable, "-m", "pip", "install", "--quiet", "-r", OLDEST]
        pip = subprocess.run(install, capture_output=True, text=True)
        if pip.returncode:
            pytest.skip(f"the oldest supported versions cannot be installed: {pip.stderr[-300:]}")
        done.write_text(state)
    return executable, packages_of(executable)


def python_like_colab():
    """The path and the version of a Python 3.13, or else of the one that runs."""
    code = "import sys; print(sys.executable); print(sys.version)"
    command = [shutil.which("python3.13") or sys.executable, "-c", code]
    # pyenv has every version's name on the path, but starts only those that are chosen.
    chosen = os.environ | {"PYENV_VERSION": "3.13"}
    found = subprocess.run(command, env=chosen, capture_output=True, text=True)
    lines = found.stdout.splitlines() if found.returncode == 0 else []
    return lines if len(lines) == 2 else [sys.executable, sys.version]


def test_every_notebook_runs_in_smoke_mode_on_the_bundle_alone(alone, oldest, monkeypatch):
    """Course, exercises and solutions, each in a folder that holds nothing but the bundle."""
    folder, variables = alone
    executable, packages = oldest
    before = sorted(os.listdir(packages))
    bundle = colab.bundle(ROOT, folder)

    variables["PYTHONPATH"] = os.pathsep.join([packages, variables["STUB"]])
    kernel = folder / "share/kernels/colab/kernel.json"
    kernel.parent.mkdir(parents=True)
    launch = [str(executable), "-S", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    launch += ["--IPKernelApp.exec_lines=import google.colab"]
    kernel.write_text(json.dumps({"argv": launch, "display_name": "Colab", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(kernel.parents[2]))

    def place(path):
        """A new folder with the bundle, far from the checkout."""
        own = folder / path.relative_to(smoke.NOTEBOOKS).with_suffix("")
        own.mkdir(parents=True)
        shutil.copy(bundle, own)
        return own

    notebooks = sorted(smoke.NOTEBOOKS.rglob("*.ipynb"))
    assert len(notebooks) == 21
    stopped = smoke.run_all(notebooks, variables, "colab", place)
    assert not any(stopped.values()), "\n".join(stopped.values())
    assert sorted(os.listdir(packages)) == before, "a notebook changed the environment"
