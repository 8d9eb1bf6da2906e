"""The form every notebook keeps: each law is a function that lists what breaks it.

The second half breaks a good notebook in every way once, so that each law is known to bite.
"""

import ast
import json
import re
from pathlib import Path
from statistics import median

import colab
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SETUP = (ROOT / "tools/setup_cell.py").read_text(encoding="utf-8").strip()


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def opens_with_the_fixed_parts(notebook):
    """The first cell is markdown: title, what you will do, learn and need, and the minutes."""
    text = notebook.cells[0].source if notebook.cells[0].cell_type == "markdown" else ""
    parts = [r"^# \w", "What you will do", "What you will learn", "What you need", r"\d minutes?\b"]
    return [f"missing: {part}" for part in parts if not re.search(part, text, re.M)]


def begins_with_the_setup_cell(notebook):
    """The first code cell is tools/setup_cell.py, whatever repository is stamped into it."""
    first = code_cells(notebook)[0].source.strip()
    return (
        []
        if colab.unstamped(first) == SETUP
        else ["the first code cell is not tools/setup_cell.py"]
    )


def ran_top_to_bottom(notebook):
    """Code cells are counted 1, 2, ... n, as one run in a fresh kernel counts them."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"counts are {counts}"]


def stores_what_it_shows(notebook):
    """A cell that prints, shows or claims something has an output (nbval would not miss it)."""
    speaking = {"print", "show", "display", "claim"}
    return [
        f"cell {cell.execution_count} speaks, but no output is stored"
        for cell in code_cells(notebook)
        if not cell.outputs and speaking & set(called(cell.source))
    ]


def called(source):
    """The last name of each function called by the statements that stand by themselves."""
    for statement in ast.parse(re.sub(r"^(\s*)[%!].*", r"\1pass", source, flags=re.M)).body:
        call = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call):
            yield getattr(call.func, "attr", getattr(call.func, "id", ""))


def went_well(notebook):
    """No error and nothing on stderr is stored; no cell is excused from failing."""
    found = [o.output_type for o in outputs(notebook) if o.output_type == "error"]
    found += ["stderr" for o in outputs(notebook) if o.get("name") == "stderr"]
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
    return found + [tag for tag in tags if tag in ("raises-exception", "nbval-skip")]


def leaves_no_trace(notebook):
    """No widget, no log line, no path or address of the machine that ran it, no times."""
    found = ["widget state"] if "widgets" in notebook.metadata else []
    found += ["execution times" for c in notebook.cells if "execution" in c.metadata]
    private = r"/(?:home|root|Users|tmp|work)/\w|[A-Z]:\\\\|site-packages|\b0x[0-9a-f]{8,}"
    logged = r"\b[IWEF]0000 |WARNING:tensorflow|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    for output in outputs(notebook):
        data = output.get("data", {}).items()
        if any("widget" in kind for kind, _ in data):
            found.append("a widget view")
        words = [text for kind, text in data if not kind.startswith("image/")]
        found += re.findall(f"{private}|{logged}", json.dumps([output.get("text"), *words]))
    return found


def has_short_cells(notebook):
    """Code cells have a median of at most 8 lines, and none has more than 25."""
    lines = [len(cell.source.splitlines()) for cell in code_cells(notebook)]
    found = [f"a cell of {count} lines" for count in lines if count > 25]
    return found + ([f"median {median(lines)} lines"] if median(lines) > 8 else [])


def has_light_pictures(notebook):
    """All stored pictures together weigh at most 2.5 MB."""
    kinds = [(k, d) for o in outputs(notebook) for k, d in o.get("data", {}).items()]
    weight = sum(len(d) * 3 / 4 for kind, d in kinds if kind.startswith("image/"))
    return [f"{weight / 1e6:.1f} MB"] if weight > 2.5e6 else []


def hides_nothing(notebook):
    """Code and outputs stay in sight, in JupyterLab as on Colab."""
    hiding = ("source_hidden", "outputs_hidden", "hide-", "hide_", '"collapsed": true', "cellView")
    shown = [json.dumps(cell.metadata) for cell in notebook.cells]
    return [word for text in shown for word in hiding if word in text]


LAWS = [
    opens_with_the_fixed_parts,
    begins_with_the_setup_cell,
    ran_top_to_bottom,
    stores_what_it_shows,
    went_well,
    leaves_no_trace,
    has_short_cells,
    has_light_pictures,
    hides_nothing,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, law):
    broken = law(nbformat.read(path, as_version=4))
    assert not broken, f"{law.__doc__} {path.name}: {broken}"


def test_there_are_notebooks():
    assert NOTEBOOKS


def good():
    opening = "# Measure it\n**What you will do** a\n**What you will learn** b\n"
    opening += "**What you need** c, and 2 minutes"
    said = new_output("stream", name="stdout", text="3 %\n")
    cells = [new_markdown_cell(opening), new_code_cell(SETUP, execution_count=1, outputs=[said])]
    cells += [new_code_cell("print(3)", execution_count=k, outputs=[said]) for k in (2, 3, 4)]
    return new_notebook(cells=cells)


def told(text):
    return [new_output("stream", name="stdout", text=text)]


def drawn(kind, data):
    return [new_output("display_data", {kind: data})]


BREAKS = {
    opens_with_the_fixed_parts: [lambda n: n.cells[0].update(source="# Title")],
    begins_with_the_setup_cell: [lambda n: n.cells[1].update(source=SETUP + "\nx = 1")],
    ran_top_to_bottom: [
        lambda n: n.cells[2].update(execution_count=None),
        lambda n: n.cells[3].update(execution_count=7),
    ],
    stores_what_it_shows: [
        lambda n: n.cells[2].update(outputs=[]),
        lambda n: n.cells[2].update(outputs=[], source="plt.plot(x)\nplt.show()"),
    ],
    went_well: [
        lambda n: n.cells[2].update(outputs=[new_output("error", ename="E", evalue="")]),
        lambda n: n.cells[2].update(outputs=[new_output("stream", name="stderr", text="!")]),
        lambda n: n.cells[2].metadata.update(tags=["raises-exception"]),
    ],
    leaves_no_trace: [
        lambda n: n.metadata.update(widgets={}),
        lambda n: n.cells[2].metadata.update(execution={}),
        lambda n: n.cells[2].update(outputs=told("saved in /tmp/x")),
        lambda n: n.cells[2].update(outputs=told("<object at 0x7f12345678>")),
        lambda n: n.cells[2].update(outputs=told("I0000 00:00:1.2 cuda.cc")),
        lambda n: n.cells[2].update(outputs=drawn("application/vnd.jupyter.widget-view+json", {})),
    ],
    has_short_cells: [
        lambda n: n.cells[2].update(source="x = 1\n" * 26),
        lambda n: [cell.update(source="x = 1\n" * 9) for cell in n.cells[2:]],
    ],
    has_light_pictures: [lambda n: n.cells[2].update(outputs=drawn("image/png", "A" * 3_400_000))],
    hides_nothing: [
        lambda n: n.cells[2].metadata.update(jupyter={"source_hidden": True}),
        lambda n: n.cells[2].metadata.update(tags=["hide-input"]),
    ],
}


def test_a_good_notebook_breaks_no_law_stamped_or_not():
    stamped = good()
    stamped.cells[1].source = colab.stamp(SETUP, "ada/course", "notebooks/a.ipynb")
    assert stamped != good()
    assert [law(n) for law in LAWS for n in (good(), stamped)] == [[]] * 2 * len(LAWS)


@pytest.mark.parametrize(
    "law, spoil", [(law, spoil) for law in LAWS for spoil in BREAKS[law]], ids=lambda f: f.__name__
)
def test_each_law_bites(law, spoil):
    notebook = good()
    spoil(notebook)
    assert law(notebook)
