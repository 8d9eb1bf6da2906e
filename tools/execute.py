"""Execute notebooks in place, and store nothing but what their code says.

Each notebook runs top to bottom in a fresh kernel that remembers no earlier training. What would
differ in a second run (times, widgets, progress bars) is dropped; what must not be published (an
error, a warning, a path of this machine) makes the command fail, and the notebook stays as it was.
The claims that it made go to data/claims.csv, its seconds to data/seconds.json. Where the text
before a cell says `<!-- seconds -->`, how long the cell takes is written after it.
"""

import argparse
import itertools
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).parents[1]
OF_THE_SHELL = ("RESLIB_SMOKE", "RESLIB_SEED_OFFSET")  # what is stored is of neither
TIMINGS, CLAIMS = ROOT / "data/seconds.json", ROOT / "data/claims.csv"
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = re.compile("(<!-- seconds -->).*")  # and what stands after it, from an earlier run
PROGRESS = re.compile(r"[^\r\n]*\d+%\|[^\r\n]*|\x1b\[A|\s")  # tqdm's plain bars, on stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument(
        "--timings", type=Path, default=TIMINGS, help="JSON for the seconds of each notebook"
    )
    arguments = parser.parse_args()

    failed = False
    for path in arguments.notebooks:
        started = time.perf_counter()
        problems, claims = execute(path)
        taken = round(time.perf_counter() - started, 1)
        print(f"{path}: {taken} s", *problems, sep="\n  ", flush=True)
        failed = failed or bool(problems)
        if not problems:
            note_seconds(arguments.timings, path, taken)
            if path.resolve().parent == ROOT / "notebooks":
                keep(claims, path.name)
    sys.exit(failed)


def note_seconds(table, path, seconds):
    """Keep how long a notebook took, at once: the next one may end in whatever way."""
    known = json.loads(table.read_text()) if table.exists() else {}
    known["/".join(path.parts[-2:]).removeprefix("notebooks/")] = seconds
    table.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def execute(path):
    """Run one notebook, and store it if nothing is wrong.

    Returns:
        What is wrong, as a list of sentences, and the records of the claims that it made.
    """
    notebook = nbformat.read(path, as_version=4)
    clock = {}  # from the index of a cell to when it began, then to the seconds it took
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=lambda cell, cell_index: clock.update({cell_index: time.perf_counter()}),
        on_cell_executed=lambda cell, cell_index, execute_reply: clock.update(
            {cell_index: time.perf_counter() - clock[cell_index]}
        ),
    )
    with tempfile.TemporaryDirectory() as own, tempfile.TemporaryDirectory() as memory:
        records = Path(own, "claims.json")
        variables = {
            **{name: value for name, value in os.environ.items() if name not in OF_THE_SHELL},
            "RESLIB_CACHE": memory,
            "RESLIB_PROGRESS": f"{own}/progress.json",
            "RESLIB_CLAIMS": str(records),
        }
        try:
            client.execute(env=variables)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            return [str(error)], []
        claims = json.loads(records.read_text(encoding="utf-8")) if records.exists() else []
    announce(notebook, clock)
    normalize(notebook)
    problems = leaks(notebook)
    if not problems:
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
    return problems, claims


def keep(claims, name, path=CLAIMS):
    """Put the claims of a notebook in place of those that the table has of it.

    Args:
        claims: Records as `reslib.claims` leaves them.
        name: Name of the notebook's file.
        path: The table, as CSV.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows = [
        {
            "id": made["id"],
            "statement": made["statement"],
            "mean": f"{made['mean']:.3g}",
            "sentence": made["sentence"],
            "measured": made["measured"],
            "claimed": made["terms"].removeprefix("claimed: "),
            "verdict": made["verdict"],
            "notebook": name,
        }
        for made in claims
    ]
    table = pd.concat([table[table.notebook != name], pd.DataFrame(rows)])
    table.sort_values("notebook", kind="stable").to_csv(path, index=False, lineterminator="\n")


def announce(notebook, seconds):
    """Write how long a cell takes into the text before it, where that asks for it.

    Args:
        notebook: The executed notebook.
        seconds: Dictionary from the index of a cell to what it took.
    """
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and SECONDS.search(cell.source):
            long = sum(seconds.get(later, 0) for later in _until_text(notebook.cells, index))
            said = rf"\1This takes about {in_words(long)} on two CPU cores."
            cell.source = SECONDS.sub(said, cell.source)


def _until_text(cells, index):
    """The indices of the code cells between a text and the next one."""
    return itertools.takewhile(
        lambda later: cells[later].cell_type == "code", range(index + 1, len(cells))
    )


def in_words(seconds):
    """A time as one says it, coarse enough to be the same in the next run."""
    if seconds < 55:
        return f"{max(10 * round(seconds / 10), 10)} seconds"
    minutes = round(2 * seconds / 60) / 2
    return "a minute" if minutes == 1 else f"{minutes:g} minutes"


def normalize(notebook):
    """Leave only what a second run on the same machine gives again."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{position}")
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        count += bool(cell.source.strip())
        cell.execution_count = count if cell.source.strip() else None
        cell.outputs = merged(output for output in cell.outputs if not is_progress(output))
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count


def is_progress(output):
    if output.output_type == "stream":
        return output.name == "stderr" and not PROGRESS.sub("", output.text)
    return WIDGET in output.get("data", {})


def merged(outputs):
    """Join neighbouring pieces of one stream: where a kernel cuts it is a matter of timing."""
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def leaks(notebook):
    """What the stored outputs must not show, one sentence for each find."""
    here = {str(Path.home()), str(Path.cwd()), tempfile.gettempdir(), sys.prefix, sys.base_prefix}
    private = [re.escape(place) + r"\b" for place in here if len(place) > 1]
    private = re.compile("|".join([*private, r"\b0x[0-9a-f]{8,}"]))
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            where = f"cell {cell.execution_count}:"
            if output.get("name") == "stderr":
                found.append(f"{where} wrote to stderr: {output.text.strip()[:200]}")
            data = output.get("data", {}).items()  # pictures are base64, where "/tmp" means nothing
            words = [text for kind, text in data if not kind.startswith("image/")]
            if match := private.search(json.dumps([output.get("text"), *words])):
                found.append(f"{where} the output names {match[0]}, which is this machine's alone")
    return found


if __name__ == "__main__":
    main()
