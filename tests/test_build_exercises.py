"""Exercises are made from solutions, and show none."""

from pathlib import Path

import nbformat
import pytest
from build_exercises import exercise_of, exercise_path, without_solution
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
COURSE = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", COURSE)
def test_the_exercises_are_those_of_the_solutions(name):
    path = NOTEBOOKS / "solutions" / f"{name}_solutions.ipynb"
    exercise = nbformat.read(exercise_path(path), as_version=4)
    wanted = exercise_of(nbformat.read(path, as_version=4))
    assert exercise == wanted, "run python tools/build_exercises.py"


@pytest.mark.parametrize("kind", ["solutions", "exercises"])
def test_there_is_nothing_else_and_tabs_can_be_told_apart(kind):
    stems = sorted(path.stem for path in (NOTEBOOKS / kind).glob("*.ipynb"))
    assert stems == [f"{name}_{kind}" for name in COURSE]


@pytest.mark.parametrize(
    "code, left",
    [
        ("layer = Dense(3)  # SOLUTION", "layer = ...  # your answer"),
        ("    return x + y  # SOLUTION", "    return ...  # your answer"),
        ("f, g = 1, 2  # SOLUTION", "f, g = ...  # your answer"),
        ("y = relu(f + x)  # SOLUTION: y = relu(f) + x", "y = relu(f) + x"),
        (
            "def f(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION\n\nf(1)",
            "def f(x):\n    ...  # your answer\n\nf(1)",
        ),
        ("x = 1\ny = 2", "x = 1\ny = 2"),
    ],
)
def test_what_is_marked_is_taken_out(code, left):
    assert without_solution(code) == left


@pytest.mark.parametrize("code", ["# BEGIN SOLUTION\nx = 1", "f(x)  # SOLUTION", "# END SOLUTION"])
def test_a_mark_that_is_not_understood_is_refused(code):
    with pytest.raises(ValueError, match="not understood"):
        without_solution(code)


def test_nothing_of_a_run_remains_and_solution_cells_are_left_out():
    told = [new_output("stream", name="stdout", text="3")]
    hidden = new_markdown_cell("The answer is three.", metadata={"tags": ["solution"]})
    cells = [
        new_markdown_cell("# Solutions 04: build it"),
        new_code_cell("print(3)", outputs=told, execution_count=1),
        hidden,
    ]
    made = exercise_of(new_notebook(cells=cells))
    assert [cell.source for cell in made.cells] == ["# Exercises 04: build it", "print(3)"]
    assert not made.cells[1].outputs and made.cells[1].execution_count is None
    assert [cell.id for cell in made.cells] == [cell.id for cell in cells[:2]]
