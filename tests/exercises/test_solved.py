"""A reader's progress lies in one file, and is never lost."""

import json
import os
import types
import warnings

import pandas as pd
import pytest

from reslib.exercises import check, checking, forget, hint, progress, solved
from reslib.exercises.answers import call
from reslib.exercises.exercise import Mistake, exercise


@pytest.fixture(autouse=True)
def two_exercises(tmp_path, monkeypatch):
    monkeypatch.setenv("RESLIB_PROGRESS", str(tmp_path / "own" / "progress.json"))

    @exercise("09.1", "Two", hints=("More than one.", "Less than three."))
    def two(answer):
        if answer != 2:
            raise Mistake("not 2.")
        return "right."

    @exercise("09.2", "Twice", hints=("a", "b"))
    def twice(answer):
        if call(answer, 3) != 6:
            raise Mistake("not twice as much.")
        return "right."

    room = types.SimpleNamespace(two=two, twice=twice)
    monkeypatch.setattr(checking, "NOTEBOOKS", {"09": room})


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
    def stub(x):
        """Twice as much."""
        ...  # your answer

    for answer in (..., None, stub, lambda x: None, lambda x: ...):
        assert check("09.2", answer).state == "unanswered"
    assert not solved.path().exists()


def test_an_error_in_the_answer_is_quoted():
    verdict = check("09.2", lambda x: x.nothing)
    assert verdict.state == "wrong"
    assert "AttributeError: 'int' object has no attribute 'nothing'" in verdict.text
    assert "must be a function, and you hand in 6." in check("09.2", 6).text


def test_a_forgotten_return_is_told_from_no_answer():
    def forgotten(x):
        2 * x

    assert "your function returns nothing" in check("09.2", forgotten).text
    assert check("09.2", forgotten).state == "wrong"
    assert "a part of what your function returns is None" in check("09.2", lambda x: (x, None)).text


def test_blanks_that_are_left_are_counted():
    text = check("09.1", {"A": "healthy", "B": ..., "C": ...}).text
    assert text == "not answered yet: 2 of 3 places are still `...`."
    text = check("09.2", lambda x: (x, ...)).text
    assert text == "not answered yet: a part of what your function returns is still `...`."


def test_none_may_be_a_forgotten_return():
    """As in `rows = my_rows()`, whose body the check never sees."""
    assert "does its function end with `return`?" in check("09.1", None).text


def test_a_judge_that_fails_says_so_in_a_sentence():
    """No traceback for an answer that the judge did not think of."""

    class Odd:
        def __ne__(self, other):
            raise KeyError(other)

    verdict = check("09.1", Odd())
    assert verdict.state == "wrong" and "cannot make sense of what you hand in (KeyError)" in (
        verdict.text
    )


def test_a_verdict_shows_as_one_line():
    assert repr(check("09.1", 2)) == "✓ 09.1 right."
    assert repr(check("09.1", 3)) == '✗ 09.1 not 2. Stuck? hint("09.1") helps.'
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


@pytest.mark.parametrize("number", ["9.1", 9.1, "09.1 ", "9,1", "09-1"])
def test_an_unknown_number_gets_a_suggestion(number, capsys):
    """No traceback for a slip of the pen."""
    verdict = check(number, 2)
    assert not verdict and verdict.state == "unknown"
    assert repr(verdict).endswith(f'There is no exercise {number!r}. Do you mean "09.1"?')
    hint(number)
    assert 'Do you mean "09.1"?' in capsys.readouterr().out
    assert not solved.path().exists()


def test_progress_says_how_many_are_solved(capsys):
    check("09.1", 2)
    progress()
    assert capsys.readouterr().out == "1 of 2 exercises are solved.\n"


# --- a verdict never depends on a disk


def unwritable(place, tmp_path, monkeypatch):
    """Make it impossible to note anything."""
    if place == "a file in place of a folder":
        (tmp_path / "own").write_text("")
    elif place == "a device":
        monkeypatch.setenv("RESLIB_PROGRESS", "/dev/full/p.json")
    elif place == "a full disk":

        def no_space(path, *_, **__):
            path.touch()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(solved.pathlib.Path, "write_text", no_space)


@pytest.mark.parametrize("place", ["a file in place of a folder", "a device", "a full disk"])
def test_what_cannot_be_noted_costs_one_warning_and_no_verdict(place, tmp_path, monkeypatch):
    unwritable(place, tmp_path, monkeypatch)
    with pytest.warns(UserWarning, match="what you have solved cannot be noted") as warned:
        assert check("09.1", 2)
    assert len(warned) == 1 and warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert check("09.1", 3).state == "wrong"
        assert not progress().solved.any()
    assert [path for path in tmp_path.rglob("*") if path.name != "own"] == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="a home without a user is a POSIX matter")
def test_without_home_and_user_the_path_is_not_made_up(tmp_path, monkeypatch):
    monkeypatch.delenv("RESLIB_PROGRESS")
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="no home folder"):
        assert check("09.1", 2)
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("RESLIB_PROGRESS", "~/p.json")
    assert check("09.1", 2)
    assert (tmp_path / "p.json").exists()
