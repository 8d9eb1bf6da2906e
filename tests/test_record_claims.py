"""The record of the claims says what the claims said when they were made."""

import contextlib
import io

import nbformat
import pandas as pd
import pytest
import record_claims
from nbformat.v4 import new_code_cell, new_notebook, new_output

from reslib import claims

MADE = [
    ("00.1", "more than one seed (share)", [0.2, 0.3, 0.4], {"at_least": 0.0, "control": [-1, 0]}),
    ("00.2", "an identity; and 1 · 1 = 1", [1e-7], {"at_most": 1e-4}),
    ("00.10", "negative (doublings)", [-7.5, -8.5], {"at_least": -9.0, "at_most": 0.0}),
]


def test_claims_are_found_as_they_were_made(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "_claims", {})
    printed, made = io.StringIO(), []
    with contextlib.redirect_stdout(printed):
        print("something else")
        for id, statement, values, options in MADE:
            made.append(claims.claim(id, statement, values, exact=True, **options))
    output = new_output("stream", name="stdout", text=printed.getvalue())
    notebook = new_notebook(cells=[new_code_cell("…", outputs=[output])])
    path = tmp_path / "00_some.ipynb"
    nbformat.write(notebook, path)

    rows = record_claims.claims_in(path)
    assert [(row["id"], row["statement"], row["seeds"]) for row in rows] == [
        (claim.id, claim.statement, len(claim.values)) for claim in made
    ]
    for row, claim in zip(rows, made, strict=True):
        assert row["mean"] == pytest.approx(claim.mean, rel=1e-2)
        assert row["high"] - row["low"] == pytest.approx(2 * claim.spread, rel=0.05)
    assert [row["control"] for row in rows] == [-0.5, None, None]
    assert {row["notebook"] for row in rows} == {path.name}


def test_record_is_that_of_the_stored_notebooks():
    """Else: python tools/record_claims.py."""
    record = pd.read_csv(record_claims.ROOT / "data" / "claims.csv", dtype={"id": str})
    stored = record_claims.ROOT.glob("notebooks/*.ipynb")
    stored = pd.DataFrame([row for path in sorted(stored) for row in record_claims.claims_in(path)])
    columns = ["id", "statement", "mean", "seeds", "notebook"]
    pd.testing.assert_frame_equal(record[columns], stored[columns])
