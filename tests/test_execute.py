"""What tools/execute.py stores is the same in every run, and nothing private."""

import execute
import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

BAR = """from tqdm import tqdm
print("before")
for _ in tqdm(range(3)):
    pass
print("after")"""
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"
MEMORY = """import os
assert os.listdir(os.environ["RESLIB_CACHE"]) == []
open(os.environ["RESLIB_CACHE"] + "/record", "w").close()"""


def store(path, *cells):
    cells = [new_markdown_cell("# Run it"), *map(new_code_cell, cells)]
    cells[-1].metadata["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
    nbformat.write(new_notebook(cells=cells, metadata={"widgets": {"state": {}}}), path)
    return path


def test_a_second_run_changes_nothing(tmp_path):
    path = store(tmp_path / "a.ipynb", BAR, WIDGET, MEMORY, "6 * 7")
    assert execute.execute(path) == ([], [])
    once = path.read_bytes()
    assert execute.execute(path) == ([], [])
    assert path.read_bytes() == once

    notebook = nbformat.read(path, as_version=4)
    bar, widget, memory, answer = notebook.cells[1:]
    assert [output.text for output in bar.outputs] == ["before\nafter\n"]
    assert widget.outputs == memory.outputs == []
    assert answer.outputs[0].data == {"text/plain": "42"} and answer.execution_count == 4
    assert set(notebook.metadata) == {"kernelspec", "language_info"} and not answer.metadata


@pytest.mark.parametrize(
    "cell, problem",
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import os; print(os.getcwd())", "this machine"),
        ("import sys; sys.executable", "this machine"),
        ("object()", "this machine"),
        ("import warnings; warnings.warn('old')", "stderr"),
    ],
)
def test_what_must_not_be_published_is_named_and_not_stored(tmp_path, cell, problem):
    path = store(tmp_path / "a.ipynb", cell)
    before = path.read_bytes()
    assert problem in " ".join(execute.execute(path)[0])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "seconds, words",
    [(0.3, "10 seconds"), (26, "30 seconds"), (57, "a minute"), (91, "1.5 minutes")],
)
def test_a_text_says_how_long_the_cells_after_it_take(seconds, words):
    asks = "Six are trained. <!-- seconds -->"
    cells = [new_markdown_cell(asks), new_code_cell("1"), new_code_cell("2")]
    cells += [new_markdown_cell("Without"), new_code_cell("3")]
    notebook = new_notebook(cells=cells)
    for _ in range(2):  # what an earlier run wrote is replaced
        execute.announce(notebook, {1: seconds / 2, 2: seconds / 2, 4: 1000})
        assert cells[0].source == f"{asks}This takes about {words} on two CPU cores."
    assert cells[3].source == "Without"


def test_the_seconds_are_those_of_the_run(tmp_path):
    path = store(tmp_path / "a.ipynb", "import time; time.sleep(16)")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n<!-- seconds -->"
    nbformat.write(notebook, path)
    assert execute.execute(path) == ([], [])
    assert "about 20 seconds" in nbformat.read(path, as_version=4).cells[0].source


CLAIMS = """from reslib.claims import claim
claim("98.1", "{} more", [1.0, 2.0, 1.5, 1.25], at_least=0.1, control=[-1, -1, -2])
claim("98.2", "exact · no spread", 3, at_most=4, each=True, over="counts")"""


def test_claims_are_kept_in_place_of_the_notebooks_earlier_ones(tmp_path):
    problems, claims = execute.execute(store(tmp_path / "98_x.ipynb", CLAIMS))
    assert problems == [] and [made["id"] for made in claims] == ["98.1", "98.2"]
    table = tmp_path / "claims.csv"
    header = "id,statement,mean,sentence,measured,claimed,verdict,notebook\n"
    other = "99.1,another,1,another: 1,1,at most 2,holds,99_y.ipynb\n"
    table.write_text(f"{header}98.7,withdrawn,1,,1,at most 2,holds,98_x.ipynb\n{other}")
    execute.keep(claims, "98_x.ipynb", table)
    one, two, last = pd.read_csv(table, dtype=str).to_dict("records")
    assert table.read_text().startswith(header) and table.read_text().endswith(other)
    assert one["id"] == "98.1" and one["sentence"].startswith("1.44 more (0.468 to 2.41; 4 seeds)")
    assert one["claimed"].startswith("at least 0.1; control: -1.33 (")
    assert two["id"] == "98.2" and two["measured"] == "3 (1 count)" and last["id"] == "99.1"
