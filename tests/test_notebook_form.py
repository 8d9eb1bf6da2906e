"""The form every notebook keeps: each law is a function that lists what breaks it.

The second half breaks a good notebook in every way once, so that each law is known to bite.
"""

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from statistics import median

import colab
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "notebooks/solutions").glob("*.ipynb"))
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
    """A cell that prints, shows or claims something has an output (nbval would not miss it).

    `compare` says nothing there: in a stored notebook nobody predicted.
    """
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
    """At most 45 code cells, of 8 lines in the median and 25 at most; blank lines do not count."""
    cells = code_cells(notebook)
    lines = [sum(map(bool, map(str.strip, cell.source.splitlines()))) for cell in cells]
    found = [f"a cell of {count} lines" for count in lines if count > 25]
    found += [f"{len(lines)} code cells"] if len(lines) > 45 else []
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


PREDICTION = re.compile(r"\*\*Prediction (\d+)\.\*\*")
UNANSWERED = r"\.\.\.(?:, \.\.\.)*"


def asks_for_predictions(notebook):
    """Predictions 1, 2, ... n: right below each, a cell `prediction_k = ...  # what to write`."""
    numbers, found = [], []
    for cell, below in pairwise(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        asked = PREDICTION.findall(cell.source)
        numbers += map(int, asked)
        if asked and not re.fullmatch(
            rf"prediction_{asked[-1]} = {UNANSWERED}  # \S.+", below.source
        ):
            found.append(f"below prediction {asked[-1]} stands {below.source[:40]!r}")
    in_order = numbers == list(range(1, len(numbers) + 1))
    return found if numbers and in_order else [*found, f"predictions are {numbers}"]


def compares_each_prediction_once(notebook):
    """Each `prediction_k` is compared with the measurement, once; `compare` is imported once."""
    asked = [n for cell in notebook.cells for n in PREDICTION.findall(cell.source)]
    code = "\n".join(cell.source for cell in code_cells(notebook))
    compared = re.findall(r"^\s*compare\(\s*prediction_(\d+),", code, re.M)
    imports = code.count("from reslib.exercises import compare\n")
    found = [] if sorted(compared) == sorted(asked) else [f"asked {asked}, compared {compared}"]
    return found if imports == 1 else [*found, f"compare is imported {imports} times"]


# The explanation stands between blank lines, or is plain text: without them Markdown sleeps.
CHOICE = re.compile(
    r"<details><summary>([a-d])\) .*\w.*</summary>"
    r"(?:\n\n(?=\w+\. \S)(No|Right)\.(?:.|\n)+?\n\n|(No|Right)\. [^\n`*_$\[]+)</details>"
)


def closes_with_a_quiz(notebook):
    """Five questions between exercises and reading: 3 or 4 choices, all explained, one right."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    end = re.search(r"^## Exercises$.+?^## Quiz$(.+?)^## Further reading$", text, re.M | re.S)
    if not end:
        return ["no quiz between the exercises and further reading"]
    _, *parts = re.split(r"^\*\*(\d)\..*\w.*\*\*", end[1], flags=re.M)
    numbers, answers = parts[::2], parts[1::2]
    found = [] if numbers == list("12345") else [f"questions {numbers}"]
    found += [] if "*Run it:*" in end[1] else ["no question needs code to be run"]
    for number, answer in zip(numbers, answers, strict=True):
        choices = CHOICE.findall(answer)
        letters, verdicts = [choice[0] for choice in choices], [c[1] + c[2] for c in choices]
        if "".join(letters) not in ("abc", "abcd") or verdicts.count("Right") != 1:
            found.append(f"question {number} has {letters} with {verdicts}")
        if len(letters) != answer.count("<details>"):
            found.append(f"question {number} has a choice without its form")
    return found


def sums_up(notebook):
    """The claims as a table, and a verdict on each statement (S1 to S20) the opening names."""
    named = set()
    for first, last in re.findall(r"\bS(\d+)(?: to S(\d+))?", notebook.cells[0].source):
        named |= set(range(int(first), int(last or first) + 1))
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    judged = {int(s) for s in re.findall(r"^\| S(\d+) \| .+ \| (?:Holds|Does not)", text, re.M)}
    found = [] if named == judged else [f"opening {named}, verdicts {judged}"]
    shown = any("claims.table()" in cell.source for cell in code_cells(notebook))
    return found if shown else [*found, "no table of the claims"]


def opens_as_solutions(notebook):
    """The first cell names the badge's place, the number, what to do and need, and the minutes."""
    parts = [r"\A<!-- colab -->|^\[!\[Open in Colab\]", r"^# Solutions \d\d: \w"]
    parts += ["What you will do", "What you need", r"\d minutes? of computing on two CPU cores"]
    text = notebook.cells[0].source
    return [f"missing: {part}" for part in parts if not re.search(part, text, re.M)]


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
    asks_for_predictions,
    compares_each_prediction_once,
    closes_with_a_quiz,
    sums_up,
]


LAWS_OF_SOLUTIONS = [
    opens_as_solutions,
    begins_with_the_setup_cell,
    ran_top_to_bottom,
    stores_what_it_shows,
    went_well,
    leaves_no_trace,
    has_light_pictures,
    hides_nothing,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, law):
    broken = law(nbformat.read(path, as_version=4))
    assert not broken, f"{law.__doc__} {path.name}: {broken}"


@pytest.mark.parametrize("law", LAWS_OF_SOLUTIONS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions(path, law):
    broken = law(nbformat.read(path, as_version=4))
    assert not broken, f"{law.__doc__} {path.name}: {broken}"


def test_there_are_notebooks():
    assert NOTEBOOKS


QUESTION = """**{}. Why?**

<details><summary>a) It is so.</summary>

No. It is not.

</details>

<details><summary>b) It is not.</summary>

Right. It is so.

</details>

<details><summary>c) Nobody knows.</summary>

No. We do.

</details>

"""


def good():
    opening = "# Measure it\n**What you will do** a\n**What you will learn** b\n"
    opening += "**What you need** c, and 2 minutes. S1 and S3 to S4 are statements."
    said = new_output("stream", name="stdout", text="3 %\n")
    cells = [new_markdown_cell(opening), new_code_cell(SETUP, execution_count=1, outputs=[said])]
    verdicts = "".join(f"| S{number} | It is so. | Holds. |\n" for number in (1, 3, 4))
    cells += [new_code_cell("print(3)", execution_count=k, outputs=[said]) for k in (2, 3, 4)]
    cells.append(new_markdown_cell("> **Prediction 1.** How many?"))
    cells.append(new_code_cell("prediction_1 = ...  # a number", execution_count=5))
    compare = "from reslib.exercises import compare\n\ncompare(prediction_1, 3)"
    cells.append(new_code_cell(compare, execution_count=6, outputs=[said]))
    quiz = "## Quiz\n\n" + "".join(map(QUESTION.format, range(1, 6))) + "*Run it:* `1 + 1`\n\n"
    cells += map(new_markdown_cell, ["## Exercises", quiz, "## Further reading", verdicts])
    cells.append(new_code_cell("claims.table()", execution_count=7, outputs=[said]))
    return new_notebook(cells=cells)


def reword(position, old, new):
    def spoil(notebook):
        cell = notebook.cells[position]
        assert old in cell.source
        cell.source = cell.source.replace(old, new, 1)

    return spoil


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
        lambda n: [cell.update(source="x = 1\n" * 9) for cell in code_cells(n)],
        lambda n: n.cells.extend(new_code_cell("x = 1") for _ in range(46)),
    ],
    has_light_pictures: [lambda n: n.cells[2].update(outputs=drawn("image/png", "A" * 3_400_000))],
    hides_nothing: [
        lambda n: n.cells[2].metadata.update(jupyter={"source_hidden": True}),
        lambda n: n.cells[2].metadata.update(tags=["hide-input"]),
    ],
    asks_for_predictions: [
        reword(5, "Prediction 1", "Prediction 2"),
        reword(5, "**Prediction 1.**", "A question."),
        reword(6, "...", "3"),
        reword(6, "  # a number", ""),
        reword(6, "_1", "_2"),
        lambda n: n.cells.insert(6, new_markdown_cell("Think first.")),
    ],
    compares_each_prediction_once: [
        reword(7, "compare(prediction_1, 3)", "print(prediction_1)"),
        reword(7, "compare(prediction_1, 3)", "compare(prediction_1, 3)\n" * 2),
        reword(7, "from reslib.exercises import compare\n", ""),
        reword(7, "from", "from reslib.exercises import compare\nfrom"),
    ],
    closes_with_a_quiz: [
        lambda n: n.cells.pop(9),
        lambda n: n.cells.append(n.cells.pop(9)),
        reword(9, "**5. Why?**", "5. Why?"),
        reword(9, "*Run it:*", "Read:"),
        reword(9, "**2. Why?**", "**3. Why?**"),
        reword(9, "No.", "Right."),
        reword(9, "Right.", "No."),
        reword(9, "No. We do.", "We do."),
        reword(9, "No. We do.", "No."),
        reword(9, "c)", "d)"),
        reword(9, "<summary>a) It is so.</summary>\n\n", "<summary>a) It is so.</summary>\n"),
        reword(9, "\n\nNo. We do.\n\n", "No. *We* do."),
        reword(9, "<details><summary>c) Nobody knows.</summary>\n\nNo. We do.\n\n</details>", ""),
    ],
    sums_up: [
        reword(0, "S4", "S5"),
        reword(11, "| Holds. |", "| |"),
        reword(11, "| S3 | It is so. | Holds. |\n", ""),
        lambda n: n.cells.pop(12),
    ],
}


def test_other_forms_of_a_choice_and_of_no_answer_are_good():
    notebook = good()
    reword(9, "\n\nNo. We do.\n\n", "No. We do.")(notebook)
    reword(6, "...", "..., ...")(notebook)
    assert [law(notebook) for law in LAWS] == [[]] * len(LAWS)


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
