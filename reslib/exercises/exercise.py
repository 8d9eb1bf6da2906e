"""An exercise: a number, a title, two hints, and a check that looks at what an answer does."""

import collections
import dataclasses
import importlib

# The module that holds the exercises of a notebook is called like the notebook.
MODULES = {
    "01": "overfitting",
    "02": "vanishing_gradients",
    "03": "degradation",
    "04": "residual_blocks",
    "05": "shattered_gradients",
    "06": "feature_pyramids",
    "07": "what_skips_choose",
}
_registered = {}
_hints_given = collections.Counter()


class Mistake(Exception):
    """A wrong answer; the text is the diagnosis that the reader gets."""


class Unanswered(Exception):
    """There is no answer yet."""


@dataclasses.dataclass(frozen=True)
class Exercise:
    """What `check` and `hint` know about one exercise.

    Attributes:
        number: Notebook and place, such as `"04.2"`.
        title: A few words.
        hints: Two of them; the second says more than the first, and neither the answer.
        judge: A function of the answer. It returns a sentence on what is right, or raises
            `Mistake`.
    """

    number: str
    title: str
    hints: tuple
    judge: collections.abc.Callable


@dataclasses.dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of a check: `state` is `"right"`, `"wrong"` or `"unanswered"`."""

    number: str
    state: str
    text: str

    def __repr__(self):
        sign = {"right": "✓", "wrong": "✗", "unanswered": "…"}[self.state]
        return f"{sign} {self.number} {self.text}"

    def __bool__(self):
        return self.state == "right"


def exercise(number, title, hints):
    """Register the decorated function as the judge of an exercise."""

    def register(judge):
        _registered[number] = Exercise(number, title, tuple(hints), judge)
        return judge

    return register


def exercises(notebook=None):
    """All exercises in order, or those of one notebook, such as `"04"`."""
    for name in MODULES if notebook is None else [notebook]:
        importlib.import_module(f"reslib.exercises.{MODULES[name]}")
    chosen = sorted(_registered.values(), key=lambda item: item.number)
    return [item for item in chosen if notebook in (None, item.number[:2])]


def find(number):
    """The exercise of a number."""
    known = exercises(str(number)[:2]) if str(number)[:2] in MODULES else exercises()
    for item in known:
        if item.number == number:
            return item
    choices = ", ".join(item.number for item in known)
    raise ValueError(f"number must be one of {choices}, received {number!r}")


def check(number, answer):
    """Judge an answer by what it does, not by how it is written.

    Args:
        number: Which exercise, such as `"04.2"`.
        answer: What the exercise asks for. `...` stands for no answer yet.

    Returns:
        A `Verdict`, which shows as one line: right, or what is wrong. It is true if right.
        A right answer is noted for `progress()`.

    Raises:
        ValueError: if there is no exercise of this number.
    """
    from reslib.exercises import solved

    asked = find(number)
    try:
        if is_missing(answer):
            raise Unanswered
        text = asked.judge(answer)
    except Unanswered:
        return Verdict(number, "unanswered", f'not answered yet. Stuck? hint("{number}") helps.')
    except Mistake as mistake:
        solved.note(number, passed=False)
        return Verdict(number, "wrong", str(mistake))
    solved.note(number, passed=True)
    return Verdict(number, "right", text)


def hint(number):
    """Print the first hint to an exercise; asked again, the second.

    Raises:
        ValueError: if there is no exercise of this number.
    """
    hints = find(number).hints
    given = min(_hints_given[number], len(hints) - 1)
    _hints_given[number] += 1
    print(f"Hint {given + 1} of {len(hints)}: {hints[given]}")


def is_missing(answer):
    """Whether this is `...`, `None`, or a tuple, list or dict with one of these in it."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, (tuple, list)):
        return any(item is ... or item is None for item in answer)
    return answer is ... or answer is None


def call(answer, *inputs, **options):
    """Call a reader's function, layer or model.

    Raises:
        Mistake: if it raises an error, which the diagnosis quotes, or cannot be called.
        Unanswered: if it returns nothing, as the stub of an exercise does.
    """
    if not callable(answer):
        raise Mistake(
            f"the answer must be something to call (function, layer or model), not {answer!r}."
        )
    try:
        result = answer(*inputs, **options)
    except Exception as error:  # whatever a reader's code may do
        shapes = ", ".join(_describe(value) for value in inputs)
        raise Mistake(f"called with {shapes}, it raised {type(error).__name__}: {error}") from error
    if is_missing(result):
        raise Unanswered
    return result


def _describe(value):
    shape = getattr(value, "shape", None)
    return f"an array of shape {tuple(shape)}" if shape is not None else repr(value)
