"""Collect the claims that the notebooks store, for the map at the end of the course.

    python tools/record_claims.py

Writes data/claims.csv from what `reslib.claims.claim` printed into the stored outputs: a row for
each claim, with the mean over the seeds, and one standard deviation below and above it. Run it
after the notebooks were executed.
"""

import re
from pathlib import Path

import nbformat
import pandas as pd

ROOT = Path(__file__).parents[1]
PRINTED = re.compile(
    r"^(?:holds|DOES NOT HOLD) · (?P<id>\S+) (?P<statement>.*)\n"
    r" +measured (?P<mean>[^ ;\n]+)(?: ± (?P<spread>\S+) over (?P<seeds>\d+) seeds)?; claimed"
    r"(?:.*; control (?P<control>\S+))?",
    re.MULTILINE,
)


def main():
    rows = [row for path in sorted(ROOT.glob("notebooks/*.ipynb")) for row in claims_in(path)]
    table = pd.DataFrame(rows).drop_duplicates("id", keep="last")
    table.to_csv(ROOT / "data" / "claims.csv", index=False, lineterminator="\n")
    print(f"{len(table)} claims of {table.notebook.nunique()} notebooks")


def claims_in(path):
    """The claims in the stored outputs of a notebook, in the order in which it made them."""
    rows = []
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            for found in PRINTED.finditer(output.get("text", "")):
                mean, spread = float(found["mean"]), float(found["spread"] or 0)
                rows.append(
                    {
                        "id": found["id"],
                        "statement": found["statement"],
                        "mean": mean,
                        "low": float(f"{mean - spread:.3g}"),
                        "high": float(f"{mean + spread:.3g}"),
                        "seeds": int(found["seeds"] or 1),
                        "control": float(found["control"]) if found["control"] else None,
                        "notebook": Path(path).name,
                    }
                )
    return rows


if __name__ == "__main__":
    main()
