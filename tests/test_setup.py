"""The laws of the set-up: locks, package, make targets, bundle, and what no file may say."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from itertools import product
from pathlib import Path

import colab
import pytest
import yaml
from packaging.requirements import Requirement

import reslib

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-oldest.lock"]
PLATFORMS = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")]
PYTHONS = ["3.11", "3.12", "3.13"]


def requirements(name):
    """Every requirement of a file, continued lines joined, hashes left out."""
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"\\\n|\s+--hash=\S+|(^|\s)#.*", "", text)
    return [Requirement(line) for line in text.splitlines() if line.strip()]


def needed(name, machine):
    (system, processor), python = machine
    environment = {"sys_platform": system, "platform_machine": processor}
    environment |= {"python_version": python, "python_full_version": python + ".0"}
    return [r for r in requirements(name) if not r.marker or r.marker.evaluate(environment)]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash_and_no_other_source_is_named(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.split(r"\n(?=[a-z0-9])", text.partition("make lock\n")[2].strip())
    assert len(pins) > 100
    for pin in pins:
        assert re.match(r"[\w.-]+==\S+ .*\\\n +--hash=sha256:[0-9a-f]{64}", pin), pin
    assert "://" not in text and "--find-links" not in text


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("machine", list(product(PLATFORMS, PYTHONS)), ids=str)
def test_a_lock_pins_each_requirement_once_and_within_its_range(lock, machine):
    pins = {}
    for pin in needed(lock, machine):
        assert pin.name not in pins, f"{pin.name} is pinned twice"
        pins[pin.name] = str(pin.specifier).removeprefix("==")
    for wanted in needed("requirements.txt", machine) + needed("requirements-test.txt", machine):
        assert wanted.specifier.contains(pins[wanted.name]), f"{wanted}: locked {pins[wanted.name]}"


def test_the_oldest_lock_pins_what_colab_has_and_no_newer_tensorflow():
    oldest = {pin.name: str(pin.specifier) for pin in requirements("requirements-oldest.lock")}
    colab = (ROOT / "data/colab-2026-08-19-pip-freeze.txt").read_text().splitlines()
    for name in ("keras", "numpy", "pandas", "scikit-learn", "joblib", "matplotlib", "protobuf"):
        assert name + oldest[name] in colab
    assert oldest["tensorflow"] == oldest["tensorflow-cpu"] == "==2.20.0"


def test_a_gpu_changes_tensorflow_and_nothing_else():
    usual, gpu = (
        [str(r) for r in requirements(name) if not r.name.startswith("tensorflow")]
        for name in ("requirements.txt", "requirements-gpu.txt")
    )
    assert usual == gpu
    assert "tensorflow[and-cuda]>=2.20" in map(str, requirements("requirements-gpu.txt"))


def test_no_range_forbids_a_newer_numpy_or_pandas():
    for wanted in requirements("requirements.txt"):
        assert {part.operator for part in wanted.specifier} == {">="}, wanted


def test_the_distribution_has_a_name_of_its_own():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "reslib-course"
    assert project["requires-python"] == ">=3.11,<3.14"


def test_the_version_stands_in_one_place_and_what_cites_it_follows():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in pyproject["project"]["dynamic"]
    assert pyproject["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "reslib.__version__"}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == reslib.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d.*)\] - (.*)$", changelog, re.M)[0]
    assert newest == (reslib.__version__, str(citation["date-released"]))


def test_the_hooks_use_what_the_tests_use():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    wanted = {str(requirement) for requirement in requirements("requirements-test.txt")}
    for hook in hooks["repos"][0]["hooks"]:
        assert {str(Requirement(one)) for one in hook["additional_dependencies"]} <= wanted


def test_the_tests_are_the_same_commands_for_everyone():
    """By `make test`, by the README for those without make, and in the workflow."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^test: .*\n((?:\t.*\n)+)", makefile, re.M)[1].strip().splitlines()
    commands = [line.strip().removesuffix(" $(ARGS)").partition(" ")[2] for line in recipe]
    assert [command.split()[1] for command in commands] == ["ruff", "ruff", "ty", "pytest"]
    for name in ("docs/install.md", ".github/workflows/test.yml"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        on_windows = [
            line.strip() for line in lines if re.search("Scripts.python -m (ruff|ty|pyte)", line)
        ]
        assert on_windows == [rf".venv\Scripts\python {command}" for command in commands]


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_make_help_lists_every_target_and_is_the_default():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)", makefile, re.M)[1].split()
    assert {"help", "lab", "test", "notebooks", "lock", "colab", "clean"} <= set(targets)
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True
    )
    assert [line.split()[1] for line in listed.stdout.splitlines()] == targets


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_make_refuses_an_unsupported_python_and_says_which_would_do(tmp_path):
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    command = ["make", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "lab"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode and "needs Python 3.11, 3.12 or 3.13" in refused.stderr


def published():
    """The files git knows, or would take up."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


FORBIDDEN = {
    "PyPI's reslib is another project": r"pip install\s[^\n]*?\breslib\b(?![-/])",
    "a path of somebody's machine": r"(?<![\w.:/\"'-])/(?:home|root|Users|work|opt)/\w",
    "an index or folder of one machine": r"--(?:extra-)?(?:index-url|find-links)|file:/{3}",
}


@pytest.mark.parametrize("law", FORBIDDEN)
def test_no_published_file_says(law):
    for path in published():
        if path.suffix != ".npz" and path != Path(__file__):
            found = re.search(FORBIDDEN[law], path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, f"{path.relative_to(ROOT)}: {found[0]}"


def test_the_forbidden_would_be_found():
    samples = ["python -m pip install -q reslib", "see /home/ada/course", "--find-links wheels"]
    for law, sample in zip(FORBIDDEN.values(), samples, strict=True):
        assert re.search(law, sample)
    assert not re.search(FORBIDDEN["PyPI's reslib is another project"], "pip install reslib-course")


def test_the_readme_gives_both_commands_and_the_page_of_installing_those_of_windows():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "cd NAME\nmake lab\n" in readme and "make test" in readme
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert "cd NAME\nmake lab\n" in page and r".venv\Scripts\python -m reslib lab" in page


def test_the_bundle_holds_library_and_data_and_is_the_same_each_time(tmp_path):
    first, second = colab.bundle(ROOT, tmp_path / "1"), colab.bundle(ROOT, tmp_path / "2")
    assert first.read_bytes() == second.read_bytes()
    names = set(zipfile.ZipFile(first).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "reslib").rglob("*.py")}
    wanted |= {f"data/{path.name}" for path in (ROOT / "data").iterdir() if path.is_file()}
    assert wanted | {"LICENSE", "pyproject.toml"} <= names
    assert not any("__pycache__" in name for name in names)


README = (
    "git clone https://github.com/OWNER/NAME\ncd NAME\n\n"
    "<!-- colab -->\n[read](notebooks/04_four.ipynb)"
)
CELL = "<!-- colab -->\n# Title\n[Four](04_four.ipynb), [its exercises](exercises/04_four.ipynb)."


def test_a_stamp_names_the_place_in_badge_link_cell_and_readme():
    place = "https://colab.research.google.com/github/ada/course"
    cell = colab.stamp(CELL, "ada/course", "notebooks/03_three.ipynb")
    assert f"({place}/blob/HEAD/notebooks/03_three.ipynb) <!-- colab -->\n# Title" in cell
    four = "ada/course/blob/HEAD/notebooks/04_four.ipynb"
    twins = f"[on GitHub](https://github.com/{four}), [on Colab]({place}"
    assert f"[Four](04_four.ipynb) ({twins}/blob/HEAD/notebooks/04_four.ipynb))" in cell
    exercise = colab.stamp("[Four](../04_four.ipynb)", "ada/course", "notebooks/exercises/03.ipynb")
    assert f"({place}/blob/HEAD/notebooks/04_four.ipynb)" in exercise
    setup = (ROOT / "tools/setup_cell.py").read_text(encoding="utf-8")
    stamped = colab.stamp(setup, "ada/course", "notebooks/03_three.ipynb")
    assert "https://github.com/ada/course reslib-course\n" in stamped and ".upload" not in stamped
    assert colab.unstamped(stamped) == setup
    assert "git clone https://github.com/ada/course\ncd course\n" in colab.stamp(
        README, "ada/course", ""
    )
    assert f"({place}) <!-- colab -->" in colab.stamp(README, "ada/course", "")
    opens = f"[open in Colab]({place}/blob/HEAD/notebooks/04_four.ipynb)"
    assert f"[read](notebooks/04_four.ipynb) · {opens}" in colab.stamp(README, "ada/course", "")


@pytest.mark.parametrize(
    "text, path", [(README, ""), (CELL, "notebooks/03.ipynb"), (colab.ASK, "notebooks/03.ipynb")]
)
def test_a_stamp_can_be_repeated_and_replaced(text, path):
    once = colab.stamp(text, "ada/course", path)
    assert colab.stamp(once, "ada/course", path) == once != text
    assert colab.stamp(colab.stamp(text, "grace/other.name", path), "ada/course", path) == once


@pytest.mark.parametrize("repo", ["course", "ada/", "https://github.com/ada/course", "a b/c"])
def test_a_bad_repo_is_refused_by_name(repo):
    command = [sys.executable, ROOT / "tools/colab.py", f"REPO={repo}"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode and f"REPO is {repo!r}" in refused.stderr
