"""Each check accepts what is right however it is written, and tells each mistake by its name."""

import importlib
import re
from pathlib import Path

import nbformat
import pytest

from reslib.exercises import check, checking, hint

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
EXERCISES = checking.exercises()
CASES = {
    number: case
    for room in checking.NOTEBOOKS.values()
    for number, case in importlib.import_module(
        f"cases_{room.__name__.split('.')[-1]}"
    ).CASES.items()
}
RIGHT = [(n, name) for n, case in CASES.items() for name in case.right]
WRONG = [(n, name) for n, case in CASES.items() for name in case.mistakes]


@pytest.fixture(autouse=True)
def own_progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RESLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.mark.parametrize("number, name", RIGHT)
def test_a_right_answer_is_accepted(number, name):
    verdict = check(number, CASES[number].right[name])
    assert verdict and verdict.state == "right", verdict


@pytest.mark.parametrize("number, name", WRONG)
def test_a_mistake_gets_its_own_diagnosis(number, name):
    answer, words = CASES[number].mistakes[name]
    verdict = check(number, answer)
    assert verdict.state == "wrong" and words in verdict.text, verdict
    others = [w for other, (_, w) in CASES[number].mistakes.items() if other != name]
    assert not any(w in verdict.text for w in others), verdict


@pytest.mark.parametrize("number", CASES)
def test_no_answer_is_no_mistake(number):
    for answer in (..., None, *CASES[number].unanswered):
        assert check(number, answer).state == "unanswered"


def test_every_exercise_has_its_cases():
    assert CASES.keys() == EXERCISES.keys()
    for case in CASES.values():
        assert len(case.right) >= 2 and len(case.mistakes) >= 3


@pytest.mark.parametrize("notebook", checking.NOTEBOOKS)
def test_a_notebook_has_four_to_six_exercises_and_asks_for_each_once(notebook):
    numbers = [number for number in EXERCISES if number.startswith(notebook)]
    assert numbers == [f"{notebook}.{i + 1}" for i in range(len(numbers))]
    assert 4 <= len(numbers) <= 6
    (path,) = (NOTEBOOKS / "solutions").glob(f"{notebook}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert re.findall(r'\bcheck\("([\d.]+)"', code) == numbers


@pytest.mark.parametrize("notebook", checking.NOTEBOOKS)
def test_a_solution_notebook_stores_that_each_answer_is_right(notebook):
    (path,) = (NOTEBOOKS / "solutions").glob(f"{notebook}_*.ipynb")
    said = [
        output["data"]["text/plain"]
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and "check(" in cell.source
        for output in cell.outputs
        if "data" in output
    ]
    numbers = [number for number in EXERCISES if number.startswith(notebook)]
    assert [text.split()[:2] for text in said if text[0] == "✓"] == [["✓", n] for n in numbers]


@pytest.mark.parametrize("number", EXERCISES)
def test_there_are_two_hints_and_asking_again_gives_the_second(number, capsys):
    checking._hints_given.clear()
    for _ in range(3):
        hint(number)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("Hint 1 of 2: ") and second.startswith("Hint 2 of 2: ")
    assert first[13:] != second[13:] and third == second
