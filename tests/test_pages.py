"""What is told outside the notebooks is what they say."""

import ast
import json
import re
from pathlib import Path

import build_pages
import nbformat
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.name: nbformat.read(path, 4) for path in (ROOT / "notebooks").glob("*.ipynb")}
PAGES = ["README.md", "GLOSSARY.md", "CONTRIBUTING.md", "CLAIMS.md"]


@pytest.mark.parametrize("name, text", build_pages.pages(ROOT).items())
def test_a_page_is_fresh(name, text):
    stored = (ROOT / name).read_text(encoding="utf-8")
    assert stored == text, "run python tools/build_pages.py"


def test_every_claim_that_a_notebook_makes_is_listed_and_holds():
    listed = pd.read_csv(ROOT / "data/claims.csv", dtype={"id": str})
    calls = re.compile(r'^\s*claim\(\s*f?"(\d\d\.\{?\w+\}?)"', re.M)
    for name, notebook in NOTEBOOKS.items():
        made = [n for c in notebook.cells if c.cell_type == "code" for n in calls.findall(c.source)]
        rows = listed[listed.notebook == name]
        assert {n for n in made if "{" not in n} <= set(rows.id)
        assert [int(n[3:]) for n in rows.id] == list(range(1, len(rows) + 1)), name
    assert (listed.verdict == "holds").all()


def test_the_listed_claims_are_those_that_the_notebooks_show():
    """The table and the stored outputs come from one run."""
    listed = pd.read_csv(ROOT / "data/claims.csv", dtype=str, keep_default_na=False)
    for row in listed.itertuples():
        outputs = [o for c in NOTEBOOKS[row.notebook].cells for o in c.get("outputs", [])]
        shown = f"✓ {row.id} {row.sentence}\n    claimed: {row.claimed}"
        assert any(shown == o.get("data", {}).get("text/plain") for o in outputs), row.id


def test_what_came_out_with_other_seeds_is_told_with_its_closest_call():
    rows = pd.DataFrame(
        {
            "verdict": ["holds", "does not hold", "holds"],
            "low": [3.0, 0.5, 2.0],
            "high": [4.0, 6.0, 5.0],
            "at_least": 1.0,
            "at_most": float("nan"),
        }
    )
    assert build_pages.at_other_seeds(rows) == "held at 2 of 3 offsets; closest 0.5"
    both = rows.assign(at_most=7.0)
    assert build_pages.at_other_seeds(both) == "held at 2 of 3 offsets; closest 0.5 and 6"


def test_each_number_of_the_map_of_failures_comes_from_one_claim():
    """Notebook 07 finds them by a piece of their statement, and has "?" where there is none."""
    (source,) = (
        cell.source
        for cell in NOTEBOOKS["07_what_skips_choose.ipynb"].cells
        if cell.source.startswith("SOURCES = ")
    )
    listed = pd.read_csv(ROOT / "data/claims.csv", dtype=str, keep_default_na=False)
    for number, piece in ast.literal_eval(source.removeprefix("SOURCES = ")).values():
        statements = listed[listed.notebook.str.startswith(number)].statement
        assert statements.str.contains(piece, regex=False).sum() == 1, (number, piece)


COMPUTED = {"S4", "S5", "S14", "S15"}  # derived and computed in tables: nothing to claim


def test_every_statement_of_the_article_has_a_verdict():
    rows = list(build_pages.statements_of(NOTEBOOKS))
    assert {int(number[1:]) for number, *_ in rows} == set(range(1, 21))
    for number, _, verdict, name in rows:
        assert re.match(r"Holds|Does not hold", verdict), (number, name)
        if number not in COMPUTED:
            assert list(build_pages.cited(verdict)), f"{number} in {name} names no claim"


def test_ranges_of_claims_are_understood():
    assert list(build_pages.cited("Holds (04.8 to 04.10, 05.1).")) == [
        "04.8", "04.9", "04.10", "05.1"
    ]  # fmt: skip


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_says_the_minutes_that_were_measured(name):
    seconds = json.loads((ROOT / "data/seconds.json").read_text())[name]
    said = re.search(r"About (\d+) minutes? of computing", NOTEBOOKS[name].cells[0].source)
    assert int(said[1]) == build_pages.whole_minutes(seconds)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+?)\)", text):
        assert target.startswith("https://") or (ROOT / target).exists(), f"{page}: {target}"


def test_a_term_of_the_glossary_occurs_in_its_notebook():
    rows = re.findall(
        r"^\| \*\*(.+?)\*\* \| (.+?) \| .+ \| \[\d\d\]\(notebooks/(.+)\) \|$",
        (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"),
        re.M,
    )
    assert len(rows) > 40
    assert [row[0].lower() for row in rows] == sorted(row[0].lower() for row in rows)
    for term, chinese, name in rows:
        assert re.search("[\u4e00-\u9fff]", chinese), term
        text = " ".join(cell.source for cell in NOTEBOOKS[name].cells).lower()
        stems = [word.rstrip("s") for word in re.findall(r"[\w-]{3,}", term.lower())]
        assert any(re.search(rf"\b{re.escape(stem)}", text) for stem in stems), (
            f"{term} is not in {name}"
        )
