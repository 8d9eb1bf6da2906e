"""`python -m reslib lab`: JupyterLab on a reader's own copy of the course."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from reslib.exercises import solved
from reslib.language import translated
from reslib.terminal import say

LANGUAGES = ("en", "zh")
PAGES = ("GLOSSARY.md", "CLAIMS.md", "docs/install.md")
MANIFEST = ".course.json"  # what each file was when it was copied
START = "start.ipynb"
CHECKED = re.compile(r'check\(\\"(\d\d\.\d+)\\"')  # an exercise, in the notebook's JSON
COURSE = re.compile(r"^\| \[(\d\d)\]\((\S+?)\) \| (.*?) \| .*? \| (\d+) \|$", re.M)
PARAGRAPHS = (
    "# Why residual networks work",
    "Welcome. This is your own copy of the course: run the notebooks, change them, write into "
    "them. Begin with **[01]({first})** and take an evening for each. In every notebook you "
    "predict first, then run the cell (Shift + Enter) and compare; the exercises come at the end.",
    "| | question | minutes | exercises | solved |",
    "You have solved {solved} of {number} exercises. Run the cell below to see which are open.",
    "Words you do not know stand in the [glossary](GLOSSARY.md). What the course claims, with all "
    "numbers, is [one page](CLAIMS.md). When something goes wrong, [this page](docs/install.md) "
    "helps.",
)
PROGRESS = "from reslib.exercises import progress\n\nprogress()"


def add_command(commands):
    """Add `lab` to the subparsers of a command line."""
    parser = commands.add_parser(
        "lab",
        help="open JupyterLab on your own copy of the course",
        description="Copy the course into a folder for working in, once, and open JupyterLab on "
        "it. Later calls add what is new and renew what you have not changed. Options that are "
        "not listed here go to JupyterLab, such as --no-browser.",
    )
    parser.add_argument("--language", default="en", choices=LANGUAGES, help="of the text (en)")
    parser.add_argument(
        "--course", metavar="FOLDER", help="(my-course, and my-course-zh with --language zh)"
    )
    parser.set_defaults(command=run)


def run(arguments, options=()):
    """Bring the copy up to date and open JupyterLab on it; return the exit status."""
    root = Path(__file__).parents[1]
    if not (root / "notebooks").is_dir():
        print(f"There are no notebooks beside {Path(__file__).parent}: run this in the checkout.")
        return 1
    spoken = arguments.language
    folder = arguments.course or ("my-course" if spoken == "en" else f"my-course-{spoken}")
    copy = Path(folder).resolve()
    os.environ["RESLIB_LANG"] = spoken  # also of the kernels
    try:
        said = copy_course(root, copy, spoken)
    except ValueError as error:
        say(str(error))
        return 1
    for sentence in said:
        say(sentence)
    page = f"--LabApp.default_url=/lab/tree/{START}"
    lab = subprocess.Popen([sys.executable, "-m", "jupyterlab", str(copy), page, *options])
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:  # JupyterLab has it too, and asks whether to shut down
            pass


def copy_course(root: Path, copy: Path, spoken: str = "en") -> list[str]:
    """Bring a reader's copy of the course up to date, and touch nothing that the reader changed.

    Notebooks are copied without their outputs, for the answers stand in these. Links between them
    work as they do in the checkout.

    Args:
        root: Folder of the checkout.
        copy: Folder of the copy; it is made where it is missing.
        spoken: Language of its text: `"en"` or `"zh"`.

    Returns:
        What was done, as sentences for the reader.

    Raises:
        ValueError: if `copy` is a folder with other files in it.
    """
    manifest = copy / MANIFEST
    if not manifest.exists() and copy.is_dir() and any(copy.iterdir()):
        raise ValueError(f"course must be a new folder or a copy made before, received {copy}")
    known = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    copied, kept, made_before = {}, [], bool(known)
    copy.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps(known), encoding="utf-8")  # a copy that is cut off is still ours
    done = {"Added": [], "Renewed": []}
    for name, content in _sources(root, spoken).items():
        target = copy / name
        now = _digest(name, target.read_bytes()) if target.exists() else None
        wanted = _digest(name, content)
        if now is None or (now == known.get(name) and now != wanted):
            if name != START:  # it changes with each exercise that is solved
                done["Added" if now is None else "Renewed"].append(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        elif now != wanted and known.get(name) != wanted:
            kept.append(name)
            wanted = known.get(name)  # as long as the reader's file stays, say that there is more
        copied[name] = wanted
    manifest.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    if not made_before:
        return [f"Your copy of the course is in {copy}."]
    sentences = [
        f"{word.capitalize()}: {', '.join(names)}." for word, names in done.items() if names
    ]
    if kept:
        sentences.append(
            f"You changed {', '.join(kept)}, so they stay as they are, though there are newer "
            "ones. Rename or delete yours to get these."
        )
    return sentences


def _sources(root, spoken):
    """Return the content of each file of the copy, by its path there."""
    place = root if spoken == "en" else root / "translations" / spoken
    files = {page: (place / page).read_bytes() for page in PAGES if (place / page).exists()}
    for path in sorted((place / "notebooks").rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            name = path.relative_to(place).as_posix()
            files[name] = _without_outputs(path.read_text(encoding="utf-8"))
    files[START] = _start_page((root / "README.md").read_text(encoding="utf-8"), files, spoken)
    return files


def _without_outputs(text):
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return _written(notebook)


def _start_page(readme, files, spoken):
    """Make a notebook that greets and shows progress, out of the README's table of the course."""
    done = {number for number, entry in solved.notes().items() if entry["solved"]}
    rows, first, every = [], None, set()
    for number, path, question, minutes in COURSE.findall(readme):
        first = first or path
        exercises = f"notebooks/exercises/{Path(path).stem}_exercises.ipynb"
        asked = set(CHECKED.findall(files.get(exercises, b"").decode()))
        every |= asked
        rows.append(
            f"| [{number}]({path}) | {translated(question, spoken)} | {minutes} | "
            f"[{translated('exercises', spoken)}]({exercises}) | {len(asked & done)}/{len(asked)} |"
        )
    values = {"first": first, "solved": len(every & done), "number": len(every)}
    title, welcome, head, *others = (
        translated(paragraph, spoken).format(**values) for paragraph in PARAGRAPHS
    )
    table = "\n".join([head, "| --- " * 5 + "|", *rows])
    page = "\n\n".join([title, welcome, table, *others]) + "\n"
    code = {"outputs": [], "execution_count": None, "source": PROGRESS.splitlines(keepends=True)}
    return _written(
        {
            "cells": [
                {
                    "cell_type": "markdown",
                    "id": "welcome",
                    "metadata": {},
                    "source": page.splitlines(keepends=True),
                },
                {"cell_type": "code", "id": "progress", "metadata": {}, **code},
            ],
            "metadata": {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def _written(notebook):
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _digest(name, content):
    """Digest what a reader can change in a file: a notebook's cells and whether they were run.

    JupyterLab writes metadata into every notebook that is only opened.
    """
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(content)["cells"]
            kept = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
            if name != START:  # its one cell is there to be run
                kept += [("run", str(bool(cell.get("outputs")))) for cell in cells]
            content = json.dumps(kept).encode()
        except (ValueError, KeyError, TypeError):  # the reader's own, whatever it is
            pass
    return hashlib.sha256(content).hexdigest()
