"""The claims campaign: every notebook with other seeds, resumable, and never stopped by one."""

import sys

import claims_campaign
import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook

CLAIM = """
from reslib import seeding
from reslib.claims import claim

offset = seeding.seed_offset()
claim("98.1", "it is {}", [offset, offset + 1, offset + 2], at_least=1500)
"""


def notebook(path, code):
    nbformat.write(new_notebook(cells=[new_code_cell(code)]), path)
    return path


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    """Run the command; what it left, and the offsets at which notebooks ran."""
    table, runs = tmp_path / "campaign.csv", []
    measured = claims_campaign.measured

    def spy(path, offset):
        runs.append((path.name, offset))
        return measured(path, offset)

    monkeypatch.setattr(claims_campaign, "measured", spy)

    def run(*paths, offsets=2):
        command = ["campaign", *map(str, paths), "--offsets", str(offsets), "--table", str(table)]
        monkeypatch.setattr(sys, "argv", command)
        runs.clear()
        with pytest.raises(SystemExit) as end:
            claims_campaign.main()
        return end.value.code, pd.read_csv(table, dtype={"claim": str}), list(runs)

    return run


def test_a_claim_is_measured_at_each_offset_once(tmp_path, campaign):
    """Also where it fails; and only a notebook that computes something else is run again."""
    path = notebook(tmp_path / "98_x.ipynb", CLAIM)
    code, table, runs = campaign(path)
    assert code == 0 and runs == [("98_x.ipynb", 1000), ("98_x.ipynb", 2000)]
    assert table.claim.tolist() == ["98.1", "98.1"] and table.offset.tolist() == [1000, 2000]
    assert table.verdict.tolist() == ["does not hold", "holds"]
    assert table["values"][0] == "1000 1001 1002" and table["mean"].tolist() == [1001, 2001]

    assert campaign(path)[2] == []
    assert campaign(path, offsets=3)[2] == [("98_x.ipynb", 3000)]
    notebook(path, CLAIM.replace("1500", "500"))
    _, table, runs = campaign(path, offsets=1)
    assert runs == [("98_x.ipynb", 1000)] and table.verdict.tolist() == ["holds"]


@pytest.mark.parametrize(
    "before, after, same",
    [
        (
            'claim("01.1", "it errs {} more often")',
            'claim("01.1", "it makes {} more errors")',
            True,
        ),
        (
            'figures.show(f, f"mean over {n} of all")',
            'figures.show(f, f"of all {n}, a mean")',
            True,
        ),
        ('title = "Depth pays"', 'title = "Depth costs"', True),
        ('says = "it errs {} more often"', 'says = "it makes {} more errors"', True),
        ("x = 1", "x = 1  # why", True),
        ("x = 1", "x = 2", False),
        ('claim("01.1", "it is {} times", x)', 'claim("01.2", "it is {} times", x)', False),
        ('t.query("depth == 20 and seed < 5")', 't.query("depth == 56 and seed < 5")', False),
        ('t["512 units, a tenth of the rate"]', 't["3 units, four times as long"]', False),
        ('t[t.x == "a tenth of the rate"]', 't[t.x == "all of the rate"]', False),
        ('t[t.x.isin(["a tenth of the rate"])]', 't[t.x.isin(["all of the rate"])]', False),
        ('figures.draw({"one kind": a})', 'figures.draw({"another kind": a})', False),
        ('models.mlp(activation="tanh")', 'models.mlp(activation="relu")', False),
    ],
)
def test_only_what_is_computed_counts(tmp_path, before, after, same):
    paths = [notebook(tmp_path / f"{i}.ipynb", code) for i, code in enumerate((before, after))]
    one, other = map(claims_campaign.digest, paths)
    assert (one == other) == same


def test_a_notebook_that_stops_is_named_and_the_others_go_on(tmp_path, campaign, capsys):
    bad = notebook(tmp_path / "97_bad.ipynb", "1 / 0")
    code, table, _ = campaign(bad, notebook(tmp_path / "98_x.ipynb", CLAIM), offsets=1)
    assert code == 1 and table.claim.tolist() == ["98.1"]
    assert "97_bad.ipynb stops at offset 1000" in capsys.readouterr().out
