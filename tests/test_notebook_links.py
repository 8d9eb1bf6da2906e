"""Links lead somewhere: from notebook to notebook, and from a cited claim to its measurement."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def markdown(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def links(notebook):
    """The relative links of a notebook's markdown, without the place in the page."""
    targets = re.findall(r"\]\(([^)\s]+)\)", markdown(notebook))
    return [target.partition("#")[0] for target in targets if not re.match(r"\w+:|#", target)]


def dead_links(notebook, folder):
    return [target for target in links(notebook) if not (folder / target).is_file()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_relative_link_leads_to_a_file(path):
    assert not dead_links(nbformat.read(path, as_version=4), path.parent)


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "there.ipynb").touch()
    cell = new_markdown_cell("[a](there.ipynb) [b](gone.ipynb#end) [c](https://x.org/y) [d](#z)")
    assert dead_links(new_notebook(cells=[cell]), tmp_path) == ["gone.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_first_and_last_cell_lead_to_the_notebooks_before_and_after(path):
    notebook, position = nbformat.read(path, as_version=4), NOTEBOOKS.index(path)
    before, after = ([None, *NOTEBOOKS][position], [*NOTEBOOKS, None][position + 1])
    opening, end = (new_notebook(cells=[notebook.cells[k]]) for k in (0, -1))
    neighbours = {neighbour.name for neighbour in (before, after) if neighbour}
    assert neighbours <= set(links(opening)), "the opening leads to both"
    assert after is None or after.name in links(end), "the end leads on"


def cited(notebook):
    """The claims that the text names, as in (04.2)."""
    return set(re.findall(r"\b0[1-9]\.\d+\b", markdown(notebook)))


def test_every_claim_that_a_text_cites_was_measured():
    notebooks = [nbformat.read(path, as_version=4) for path in NOTEBOOKS]
    stored = [o for n in notebooks for cell in n.cells for o in cell.get("outputs", [])]
    said = "\n".join(output.get("data", {}).get("text/plain", "") for output in stored)
    measured = set(re.findall(r"^✓ (\d\d\.\d+) ", said, re.M))
    for path, notebook in zip(NOTEBOOKS, notebooks, strict=True):
        assert cited(notebook) <= measured, path.name


def test_a_cited_claim_is_told_from_other_numbers():
    cell = new_markdown_cell("Holds (02.4, 02.21 to 03.1). A rate of 0.03, 103.5 % and 03.x.")
    assert cited(new_notebook(cells=[cell])) == {"02.4", "02.21", "03.1"}
