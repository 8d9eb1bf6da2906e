"""A reader's copy of the course: made once, renewed only where the reader has changed nothing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from reslib import lab
from reslib.exercises import solved

ROOT = Path(__file__).parents[1]


def notebook(text, outputs=()):
    cell = nbformat.v4.new_code_cell(text, id="one", outputs=[*outputs], execution_count=3)
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


@pytest.fixture
def checkout(tmp_path):
    """A course of two notebooks."""
    root = tmp_path / "checkout"
    (root / "notebooks/exercises").mkdir(parents=True)
    row = "| [01](notebooks/01_one.ipynb) | Why? | tell | 2 |\n"
    (root / "README.md").write_text(f"# Course\n\n{row}", encoding="utf-8")
    shown = nbformat.v4.new_output("stream", text="the answer")
    (root / "notebooks/01_one.ipynb").write_text(notebook("1 + 1", [shown]), encoding="utf-8")
    (root / "notebooks/exercises/01_one_exercises.ipynb").write_text(
        notebook('check("01.1", 1)'), encoding="utf-8"
    )
    return root


@pytest.fixture
def copy(checkout, tmp_path):
    lab.copy_course(checkout, tmp_path / "my-course")
    return tmp_path / "my-course"


def test_the_copy_shows_no_answers(copy):
    (cell,) = nbformat.read(copy / "notebooks/01_one.ipynb", as_version=4).cells
    assert cell.source == "1 + 1" and not cell.outputs and cell.execution_count is None


def test_a_second_call_says_and_does_nothing(checkout, copy):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert lab.copy_course(checkout, copy) == []
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}


def test_what_is_new_comes_and_what_nobody_touched_is_renewed(checkout, copy):
    (checkout / "notebooks/02_two.ipynb").write_text(notebook("2"), encoding="utf-8")
    (checkout / "notebooks/01_one.ipynb").write_text(notebook("1 + 2"), encoding="utf-8")
    said = " ".join(lab.copy_course(checkout, copy))
    assert "Added: notebooks/02_two.ipynb." in said and "Renewed: notebooks/01_one.ipynb." in said
    assert nbformat.read(copy / "notebooks/01_one.ipynb", as_version=4).cells[0].source == "1 + 2"


def test_new_outputs_alone_renew_nothing(checkout, copy):
    shown = nbformat.v4.new_output("stream", text="another answer")
    (checkout / "notebooks/01_one.ipynb").write_text(notebook("1 + 1", [shown]), encoding="utf-8")
    assert lab.copy_course(checkout, copy) == []


def test_the_readers_work_stays(checkout, copy):
    """However often the course changes; and each time the reader is told so."""
    mine = copy / "notebooks/01_one.ipynb"
    mine.write_text(notebook("my own"), encoding="utf-8")
    assert lab.copy_course(checkout, copy) == []
    for code in ("1 + 2", "1 + 3"):
        (checkout / "notebooks/01_one.ipynb").write_text(notebook(code), encoding="utf-8")
        for _ in range(2):
            said = " ".join(lab.copy_course(checkout, copy))
            assert "You changed notebooks/01_one.ipynb" in said
            assert "my own" in mine.read_text(encoding="utf-8")
    mine.rename(copy / "notebooks/mine.ipynb")
    assert "Added: notebooks/01_one.ipynb." in lab.copy_course(checkout, copy)
    assert "my own" in (copy / "notebooks/mine.ipynb").read_text(encoding="utf-8")


def test_a_notebook_that_was_only_opened_is_not_changed(checkout, copy):
    """JupyterLab then writes metadata into it; once it was run, its outputs are the reader's."""
    path = copy / "notebooks/01_one.ipynb"
    opened = nbformat.read(path, as_version=4)
    opened.metadata["language_info"] = {"name": "python", "version": "3.13"}
    nbformat.write(opened, path)
    (checkout / "notebooks/01_one.ipynb").write_text(notebook("1 + 2"), encoding="utf-8")
    assert lab.copy_course(checkout, copy) == ["Renewed: notebooks/01_one.ipynb."]

    run = nbformat.read(path, as_version=4)
    run.cells[0].outputs = [nbformat.v4.new_output("stream", text="3")]
    nbformat.write(run, path)
    (checkout / "notebooks/01_one.ipynb").write_text(notebook("1 + 3"), encoding="utf-8")
    assert "You changed" in lab.copy_course(checkout, copy)[0]


def test_a_folder_with_other_things_in_it_is_left_alone(checkout, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("one")
    with pytest.raises(ValueError, match="course must be a new folder"):
        lab.copy_course(checkout, tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]


def test_every_link_of_the_true_copy_leads_somewhere(tmp_path):
    """Between notebooks, exercises, pages and the start page, as in the checkout."""
    lab.copy_course(ROOT, tmp_path)
    outside = ("http", "#", "mailto:")
    count = 0
    for path in [tmp_path / lab.START, *(tmp_path / "notebooks").rglob("*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                for link in re.findall(r"\]\(([^)\s]+\.(?:ipynb|md))(?:#[^)]*)?\)", cell.source):
                    if not link.startswith(outside):
                        count += 1
                        assert (path.parent / link).exists(), f"{path.name}: {link}"
    assert count > 50


def test_the_start_page_greets_and_leads_to_every_notebook(tmp_path):
    lab.copy_course(ROOT, tmp_path)
    page = nbformat.read(tmp_path / lab.START, as_version=4)
    nbformat.validate(page)
    text = page.cells[0].source
    assert text.startswith("# Why residual networks work\n\nWelcome.")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"](notebooks/{path.name})" in text
        assert f"](notebooks/exercises/{path.stem}_exercises.ipynb)" in text


def test_the_start_page_shows_what_is_solved(checkout, copy, tmp_path, monkeypatch):
    def page():
        assert lab.copy_course(checkout, copy) == []  # nothing that a reader must be told
        return nbformat.read(copy / lab.START, as_version=4).cells[0].source

    monkeypatch.setenv("RESLIB_PROGRESS", str(tmp_path / "progress.json"))
    assert "| 0/1 |" in page() and "You have solved 0 of 1 exercises." in page()
    solved.note("01.1", passed=False)
    solved.note("99.1", passed=True)  # of another course
    assert "| 0/1 |" in page()
    solved.note("01.1", passed=True)
    assert "| 1/1 |" in page() and "You have solved 1 of 1 exercises." in page()


def test_the_command_copies_and_hands_its_options_on(tmp_path):
    """JupyterLab itself is asked for its version only."""
    command = [sys.executable, "-m", "reslib", "lab", "--course", str(tmp_path / "mine")]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Your copy of the course is in" in done.stdout
    assert re.search(r"^\d+\.\d+\.\d+", done.stdout.splitlines()[-1])
    assert json.loads((tmp_path / "mine" / lab.MANIFEST).read_text())
