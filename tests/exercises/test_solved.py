"""A reader's progress lies in one file, and is never lost."""

import json

import pandas as pd
import pytest

from reslib.exercises import check, exercise, forget, hint, progress, solved


@pytest.fixture(autouse=True)
def two_exercises(tmp_path, monkeypatch):
    monkeypatch.setenv("RESLIB_PROGRESS", str(tmp_path / "own" / "progress.json"))
    monkeypatch.setattr(exercise, "_registered", {})
    monkeypatch.setattr(exercise, "MODULES", {})

    @exercise.exercise("09.1", "Two", hints=("More than one.", "Less than three."))
    def two(answer):
        if answer != 2:
            raise exercise.Mistake("not 2.")
        return "right."

    @exercise.exercise("09.2", "Twice", hints=("a", "b"))
    def twice(answer):
        if exercise.call(answer, 3) != 6:
            raise exercise.Mistake("not twice as much.")
        return "right."


def test_what_was_solved_stays_solved_and_attempts_are_counted_until_then():
    assert not progress().solved.any()
    assert not check("09.1", 3)
    assert check("09.1", 2)
    assert not check("09.1", 5)
    assert progress().loc["09.1"].to_dict() == {"title": "Two", "solved": True, "attempts": 2}
    assert not progress().loc["09.2", "solved"]
    forget()
    assert not progress().solved.any() and not progress().attempts.any()
    forget()


def test_no_answer_is_no_attempt():
    for answer in (..., None, lambda x: None, lambda x: ...):
        assert check("09.2", answer).state == "unanswered"
    assert not solved.path().exists()


def test_an_error_in_the_answer_is_quoted():
    verdict = check("09.2", lambda x: x.nothing)
    assert verdict.state == "wrong"
    assert "AttributeError: 'int' object has no attribute 'nothing'" in verdict.text
    assert "something to call" in check("09.2", 6).text


def test_a_verdict_shows_as_one_line():
    assert repr(check("09.1", 2)) == "✓ 09.1 right."
    assert repr(check("09.1", 3)) == "✗ 09.1 not 2."
    assert repr(check("09.1", ...)) == '… 09.1 not answered yet. Stuck? hint("09.1") helps.'


@pytest.mark.parametrize("content", ["", "[1]", '{"09.1": 3}', '{"09.1": {"attempts": 1}}', "{"])
def test_a_damaged_file_is_set_aside(content):
    solved.path().parent.mkdir()
    solved.path().write_text(content)
    assert not progress().solved.any()
    assert solved.path().with_name("progress.json.damaged").read_text() == content
    check("09.1", 2)
    assert json.loads(solved.path().read_text())["09.1"]["solved"]


def test_the_table_is_exported(tmp_path):
    check("09.1", 2)
    table = progress(export=tmp_path / "mine.csv")
    kept = pd.read_csv(tmp_path / "mine.csv", index_col=0, dtype={"exercise": str})
    pd.testing.assert_frame_equal(table, kept)
    progress(export=tmp_path / "mine.html")
    assert "Twice" in (tmp_path / "mine.html").read_text()
    with pytest.raises(ValueError, match=r"export must end in .csv, .html, .json, received"):
        progress(export=tmp_path / "mine.doc")


@pytest.mark.parametrize("function", [lambda n: check(n, 2), hint])
def test_an_unknown_number_is_refused(function):
    with pytest.raises(ValueError, match="number must be one of 09.1, 09.2, received '09.3'"):
        function("09.3")
