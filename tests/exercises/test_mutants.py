"""No check ticks a mutant of its own solution; and the tool that makes them misses nothing."""

import re

import pytest
from mutants import change, mutants
from try_mutants import EQUIVALENTS, RAW, Judge, attempts, equivalents, needed, solutions

SOLUTIONS = solutions()
CHEAP = ("01.1", "01.2", "01.3", "01.4", "02.1", "02.3", "04.1", "05.2", "05.3", "07.1", "07.5")


@pytest.fixture(scope="module")
def judge():
    with Judge(seconds=120) as judge:
        yield judge


@pytest.mark.parametrize("number", CHEAP)
def test_no_wrong_mutant_is_ticked(number, judge):
    trials = list(attempts(number, SOLUTIONS[number], judge, equivalents().get(number, {})))
    assert len(trials) > 9 and {trial.state for trial in trials} >= {"refused"}
    assert [t for t in trials if t.state not in ("refused", "equivalent", "unanswered")] == []


def test_every_exercise_has_its_mutants():
    counts = {number: sum(1 for _ in solution.mutants()) for number, solution in SOLUTIONS.items()}
    assert len(counts) == 41 and min(counts.values()) > 9
    assert equivalents().keys() <= counts.keys(), f"see {EQUIVALENTS}"


@pytest.mark.parametrize("number", SOLUTIONS)
def test_a_mutant_is_known_by_what_it_changes(number):
    """Otherwise one that is wrong could hide behind one that is not."""
    changes = [change for change, _ in SOLUTIONS[number].mutants()]
    listed = [c for reason in equivalents().get(number, {}).values() for c in reason]
    assert {c for c in listed if changes.count(c) != 1} == set()
    assert len(listed) == len(set(listed))


def test_one_thing_is_changed_at_a_time():
    code = "def f(x, axis):\n    y = x + 2\n    return np.mean(y[1:], axis=axis) if x > 0 else -y"
    made = [mutant.replace("def f(x, axis):\n    ", "") for _, mutant in mutants(code)]
    assert len(made) == len(set(made)) and code not in made
    rest = "\n    return np.mean(y[1:], axis=axis) if x > 0 else -y"
    first_lines = {mutant.removesuffix(rest) for mutant in made if mutant.endswith(rest)}
    assert first_lines == {
        *("y = x - 2", "y = x", "y = 2", "y = axis + 2", "y = x + 3", "y = x + 1")
    }
    for wanted in (
        "return np.mean(y[1:]) if",  # a keyword is dropped
        "return np.mean(y[:], axis",  # a bound is
        "return y[1:] if",  # a function is
        "return np.sum(",
        "if x >= 0",
        "if x < 0",
        "else +y",
        "return -y if x > 0 else np.mean",  # two branches are exchanged
    ):
        assert sum(wanted in mutant for mutant in made) == 1, wanted
    assert "return np.mean(y[1:], axis=axis) if x > 0 else -y" in made  # a line is dropped
    assert "y = x + 2" in made  # the last one is
    assert "y = x + 2\n    np.mean(y[1:], axis=axis) if x > 0 else -y" in made  # no `return`


def test_docstrings_are_left_alone_and_no_body_is_empty():
    assert [m for _, m in mutants('def f():\n    """Say."""\n    return 0')] == [
        "def f():\n    pass",
        "def f():\n    0",
        "def f():\n    return -0",
        "def f():\n    return (0, 0)",
        "def f():\n    return 1",
        "def f():\n    return -1",
    ]


def test_a_change_is_told_in_one_line():
    assert change("a = 1\nb = 2", "a = 1") == "b = 2 → nothing"
    long = " + ".join("abcdefghijklmnopqrstuvwxyz")
    assert change(long, long.replace("m", "M")) == (
        "… g + h + i + j + k + l + m + n + o + p + q + r + s … → "
        "… g + h + i + j + k + l + M + n + o + p + q + r + s …"
    )


def test_only_what_the_check_depends_on_is_kept():
    lines = [
        "import a",
        "x = 1",
        "y = x",
        "z = 3",
        "y.append(z)",
        "y[z] = 0",
        "print(z)",
        "import b",
    ]
    kept = needed([(line, None) for line in lines], "check('1', y + b.c)")
    assert [line for line, _ in kept] == [lines[i] for i in (1, 2, 3, 4, 5, 7)]


def test_what_has_no_end_is_ended_and_the_next_one_is_judged():
    check = "from reslib.exercises import check\n{}\ncheck('07.1', f)"
    with Judge(seconds=3) as judge:
        endless = check.format("def f(n, k):\n    while True:\n        pass")
        assert judge(endless) == ("stuck", "has no end within 3 s.")
        assert judge(check.format("import os\ndef f(n, k):\n    os._exit(1)"))[0] == "crashed"
        assert judge(check.format("def f(n, k):\n    return n"))[0] == "wrong"
        assert judge(check.format("f = g")) == ("no answer", "NameError: name 'g' is not defined")


class Said:
    """A judge that says what it is told to."""

    def __init__(self, *said):
        self.said = iter(said)

    def __call__(self, code):
        return next(self.said)


@pytest.mark.parametrize(
    "said, state",
    [
        (("right", "well done."), "ticked"),
        (("wrong", "the sign is."), "refused"),
        (("wrong", "it raised TypeError: <function f at 0x7f72a5468ac0>"), "raw"),
        (("wrong", "is 0.011369616873214543, which is not right."), "raw"),
        (("wrong", "the check cannot make sense of what you hand in (KeyError)."), "raw"),
        (("crashed", "KeyError"), "crashed"),
    ],
)
def test_what_is_said_of_a_mutant_is_judged(said, state):
    class One:
        code = staticmethod(str)
        mutants = staticmethod(lambda: [("x → y", "")])

    trials = [t.state for t in attempts("1", One, Said(("right", "."), said), {})]
    assert trials == [state]
    as_listed = [t.state for t in attempts("1", One, Said(("right", "."), said), {"a": ["x → y"]})]
    assert as_listed == (["equivalent"] if state == "ticked" else [state, "stopped"])
    assert [t.state for t in attempts("1", One, Said(("wrong", ".")), {})] == ["stopped"]


def test_a_sentence_about_numbers_is_not_raw():
    assert not re.search(RAW, "the share is 0.1234, of shape (2, 3): x > 0.")
