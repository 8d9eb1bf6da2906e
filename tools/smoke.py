"""Run notebooks in smoke mode, two at a time, and name what stops them; store nothing.

Each runs whole in a fresh kernel, with the few steps and images that `reslib/smoke.py` leaves it.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CELL_SECONDS = 240  # many times what the longest cell takes in smoke mode
COLORS = re.compile(r"\x1b\[[\d;]*m")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of the course, if none")
    course = [p for p in sorted(NOTEBOOKS.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    chosen = parser.parse_args().notebooks or course
    with tempfile.TemporaryDirectory() as memory:
        own = {"RESLIB_CACHE": memory, "RESLIB_PROGRESS": f"{memory}/progress.json"}
        sys.exit(any(run_all(chosen, os.environ | own).values()))


def run_all(paths, environment, kernel="python3", place=lambda path: path.parent):
    """What stops each notebook, as a dictionary from paths to text, empty where nothing does.

    Args:
        paths: Of the notebooks.
        environment: Environment variables of the kernels.
        kernel: The name of their kernel.
        place: Function from the path of a notebook to the folder in which it runs.
    """

    def run(path):
        started = time.perf_counter()
        folder = str(place(path))
        problem = executed(path, folder)
        if isinstance(problem, CellTimeoutError):
            # ipykernel 6.17, Colab's, now and then sleeps on a message that has come, as when a
            # slider answers: the kernel is idle, and the client waits. Twice would be a fault.
            problem = executed(path, folder)
        text = COLORS.sub("", str(problem)) if problem else ""
        seconds = time.perf_counter() - started
        print(f"{path.parent.name}/{path.name}: {seconds:.0f} s {text}", flush=True)
        return text

    def executed(path, folder):
        """What stops the notebook, or None."""
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(
            notebook, timeout=CELL_SECONDS, kernel_name=kernel, resources=resources
        )
        try:
            client.execute(env=environment | {"RESLIB_SMOKE": "1"})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(paths, pool.map(run, paths), strict=True))


if __name__ == "__main__":
    main()
