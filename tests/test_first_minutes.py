"""A newcomer's first minutes in a browser: the start page, the first notebook, an exercise.

It runs where Chromium is installed. The notebook is run in smoke mode, so with hardly any training.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")

SECONDS = 240  # a kernel imports TensorFlow, and the machine may be busy
EXERCISE = "notebooks/exercises/01_overfitting_exercises.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of a reader's copy, and its address in a running JupyterLab."""
    folder = tmp_path_factory.mktemp("reader") / "my-course"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=newcomer"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    own = {
        "RESLIB_SMOKE": "1",
        "RESLIB_STRICT": "",  # as a reader has it: a claim never stops a notebook
        "RESLIB_PROGRESS": str(folder.parent / "progress.json"),
        "JUPYTER_CONFIG_DIR": str(folder.parent / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder.parent / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder.parent / "workspaces"),
    }
    command = [sys.executable, "-m", "reslib", "lab", "--course", str(folder), *options]
    address = f"http://127.0.0.1:{port}/?token=newcomer"
    with open(folder.parent / "log", "w") as log:
        lab = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            wait_until(lambda: answers(address), "JupyterLab to start")
            yield folder, address
        finally:
            stop(lab)


def stop(lab):
    """Stop `reslib lab` and the server under it, with its kernels."""
    import psutil

    family = [psutil.Process(lab.pid), *psutil.Process(lab.pid).children(recursive=True)]
    for process in reversed(family):
        process.kill()
    lab.wait()


def answers(address):
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except OSError:
        return False


def wait_until(happens, what):
    end = time.monotonic() + SECONDS
    while not (value := happens()):
        assert time.monotonic() < end, f"waited {SECONDS} s for {what}"
        time.sleep(0.5)
    return value


@pytest.fixture(scope="module")
def page(course):
    """JupyterLab as it opens, in a window of a laptop's size."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(1000 * SECONDS)
        page.goto(course[1])
        yield page
        picture(page, "5-last")
        browser.close()


def picture(page, name):
    """Keep a picture of the window where `SCREENSHOTS` names a folder, to be looked at."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"{name}.png"))


def tab(page):
    return page.locator(".lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabLabel").inner_text()


def has_run(page, path):
    """Save the notebook that is open, and return its code cells when the last one has run."""
    page.keyboard.press("Control+s")
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except json.JSONDecodeError:
        return None  # the server has not written all of it
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return code if code[-1]["execution_count"] else None


def test_the_first_view_is_the_start_page(page):
    page.get_by_role("heading", name="Why residual networks work").wait_for()
    assert tab(page) == "start.ipynb"
    page.get_by_text("You have solved 0 of").wait_for()
    picture(page, "1-start")


def test_the_first_notebook_opens_from_it_and_runs_to_its_end(page, course):
    page.get_by_role("link", name="01", exact=True).last.click()
    page.locator(".jp-Notebook:visible h1").first.wait_for()
    wait_until(lambda: tab(page) == "01_overfitting.ipynb", "the tab of the notebook")
    picture(page, "2-notebook")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    path = course[0] / "notebooks/01_overfitting.ipynb"
    cells = wait_until(lambda: has_run(page, path), "the last cell")
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert "display_data" in kinds and "error" not in kinds
    picture(page, "3-run")


@pytest.mark.parametrize(
    "answer, verdict",
    [("train.mean(axis=0).argmin()", "✗ 01.1"), ("fresh.mean(axis=0).argmin()", "✓ 01.1")],
)
def test_an_exercise_says_whether_the_answer_is_right(page, course, answer, verdict):
    if tab(page) != Path(EXERCISE).name:
        page.locator(".lm-DockPanel-tabBar").get_by_text("start.ipynb").click()
        page.get_by_role("link", name="exercises", exact=True).first.click()
        wait_until(lambda: tab(page) == Path(EXERCISE).name, "the tab of the exercises")
    notebook = page.locator(".jp-NotebookPanel:visible .jp-Notebook")
    # The cells up to the first question, one after the other.
    cell = notebook.locator(".jp-CodeCell").filter(has_text="def choose_degree").first
    cell.wait_for()
    cell.locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Above Selected Cell").click()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(
        "def choose_degree(degrees, train, fresh):\n"
        f"    return degrees[{answer}]\n\n\n"
        'check("01.1", choose_degree)'
    )
    page.keyboard.press("Shift+Enter")
    cell.get_by_text(verdict).wait_for()
    picture(page, f"4-{'right' if verdict.startswith('✓') else 'wrong'}")


def test_the_start_page_then_counts_it(course):
    """The next `make lab` does."""
    folder, _ = course
    progress = json.loads((folder.parent / "progress.json").read_text(encoding="utf-8"))
    assert progress["01.1"] == {"solved": True, "attempts": 2}
