"""Run the notebooks with other seeds, and keep what each claim then measured.

Each notebook runs whole in a fresh kernel that remembers no earlier training, once for each offset
(`RESLIB_SEED_OFFSET`: 1000, 2000, …). After each run its claims go to `data/claims_campaign.csv`,
with their values, the verdict and the machine; what stands there already is not run again, so a
campaign that was interrupted goes on where it stopped. A notebook that computes something else is
measured anew, since it has another digest; one that only says it in other words is not.

Most of the stored rows of claims that train nothing, at offsets from 11000 on, were made by running
only the cells that these claims need, and at offset 1000 that gave the same digits as the whole. So
a notebook that has such rows counts as done at these offsets, though its trainings were not run.
"""

import argparse
import ast
import hashlib
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm.auto import tqdm

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "data/claims_campaign.csv"
FEW = 50  # values of a claim that are kept: the means of 01 are over thousands of data sets
SAYING = {"claim", "set", "set_label", "text"}  # beside all functions of `figures`
COLUMNS = [
    "claim",
    "offset",
    "verdict",
    "mean",
    "low",
    "high",
    "at_least",
    "at_most",
    "unit",
    "values",
    "notebook",
    "digest",
    "machine",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="by default all")
    parser.add_argument("--offsets", type=int, default=20, help="how many (20)")
    parser.add_argument("--table", type=Path, default=TABLE)
    arguments = parser.parse_args()
    notebooks = arguments.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    offsets = [1000 * (i + 1) for i in range(arguments.offsets)]

    known = read(arguments.table)
    done = set(zip(known.notebook, known.digest, known.offset, strict=True))
    jobs = [
        (path, offset)
        for offset in offsets
        for path in notebooks
        if (path.name, digest(path), offset) not in done
    ]
    failures = []
    for path, offset in tqdm(jobs, desc="notebooks", unit="run"):
        try:
            rows = measured(path, offset)
        except RuntimeError as error:
            failures.append(str(error))
            continue
        known = known[(known.notebook != path.name) | (known.digest == digest(path))]
        known = pd.concat([known, rows]).sort_values(["notebook", "claim", "offset"])
        write(known, arguments.table)
    summary = known.groupby("claim").verdict.agg(lambda verdicts: (verdicts != "holds").sum())
    print(f"{len(known)} verdicts on {len(summary)} claims; not borne out:")
    print(summary[summary > 0].to_string() if summary.any() else "none")
    print(*failures, sep="\n")
    sys.exit(bool(failures))


def digest(path):
    """What the notebook computes: its code, but for comments and for what is only said."""
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    tree = Silent().visit(ast.parse(code))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]


class Silent(ast.NodeTransformer):
    """Empty what is only said: what claims and figures are given to say, templates and titles.

    Only strings with a space are emptied, and none inside a list or a dictionary: they may look
    something up.
    """

    def visit_Call(self, node):
        self.generic_visit(node)
        *owner, name = ast.unparse(node.func).split(".")
        if name in SAYING or owner == ["figures"]:
            node.args = [silenced(argument) for argument in node.args]
            for keyword in node.keywords:
                keyword.value = silenced(keyword.value)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if "title" in ast.unparse(node.targets[0]) or "{}" in ast.unparse(node.value):
            node.value = silenced(node.value)
        return node


def silenced(node):
    is_string = isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str)
    return ast.Constant("") if is_string and " " in ast.unparse(node) else node


def measured(path, offset):
    """Run one notebook at one offset, and return a table with a row for each of its claims.

    Raises:
        RuntimeError: if a cell ends in an error, which no measurement may cause.
    """
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=place)
    with tempfile.TemporaryDirectory() as memory:
        records = Path(memory) / "claims.json"
        own = {
            "RESLIB_CACHE": memory,
            "RESLIB_PROGRESS": f"{memory}/progress.json",
            "RESLIB_CLAIMS": str(records),
            "RESLIB_SEED_OFFSET": str(offset),
            "RESLIB_STRICT": "0",
        }
        try:
            client.execute(env=os.environ | own)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise RuntimeError(f"{path.name} stops at offset {offset}: {error}") from None
        made = json.loads(records.read_text(encoding="utf-8")) if records.exists() else []
    rows = [
        {
            **record,
            "claim": record["id"],
            "values": " ".join(f"{value:.6g}" for value in record["values"][:FEW]),
            "offset": offset,
            "notebook": path.name,
            "digest": digest(path),
            "machine": machine(),
        }
        for record in made
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def machine():
    """Processor and versions, on which trainings depend as on another seed."""
    from importlib.metadata import version

    names = Path("/proc/cpuinfo")
    processor = platform.processor() or platform.machine()
    if names.exists():
        lines = [line for line in names.read_text().splitlines() if line.startswith("model name")]
        processor = lines[0].partition(": ")[2] if lines else processor
    return f"{processor}, Keras {version('keras')}, NumPy {version('numpy')}"


def read(path):
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    return pd.read_csv(path, dtype={"claim": str, "values": str, "digest": str})


def write(table, path):
    """Whole or not at all: a campaign takes hours."""
    beside = path.with_suffix(".tmp")
    table.infer_objects().to_csv(beside, index=False, float_format="%.6g", lineterminator="\n")
    os.replace(beside, path)


if __name__ == "__main__":
    main()
