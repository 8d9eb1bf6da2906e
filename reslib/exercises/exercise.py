"""What an exercise is: a number, a title, two hints, and a judge of what an answer does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from reslib import verdicts
from reslib.language import translated
from reslib.terminal import printable


class Mistake(Exception):
    """A wrong answer; the text is the diagnosis that the reader gets."""


class Unanswered(Exception):
    """There is no answer yet; the text, if any, says what is still open."""


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
    hints: tuple[str, ...]
    judge: Callable[[Any], str]


def exercise(
    number: str, title: str, hints: Sequence[str]
) -> Callable[[Callable[[Any], str]], Exercise]:
    """Make an `Exercise` of the decorated function, its judge."""
    return lambda judge: Exercise(number, title, tuple(hints), judge)


@dataclasses.dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of a check.

    Attributes:
        number: Which exercise.
        state: `"right"`, `"wrong"`, `"unanswered"`, or `"unknown"` where there is no such exercise.
        text: What is right, or what is wrong.
    """

    number: str
    state: str
    text: str

    def _said(self):
        """Return the sign, and the sentences in the reader's language."""
        sign = {"right": "✓", "wrong": "✗"}.get(self.state, "…")
        said = [translated(self.text)]
        if self.state in ("wrong", "unanswered"):
            said.append(translated(f'Stuck? hint("{self.number}") helps.'))
        return sign, said

    def __repr__(self):
        sign, said = self._said()
        return printable(f"{sign} {self.number} {' '.join(said)}")

    def _repr_mimebundle_(self, include=None, exclude=None):
        sign, said = self._said()
        page = verdicts.in_html(sign, self.number, *said)
        return {"text/html": page, "text/plain": repr(self)}

    def __bool__(self):
        return self.state == "right"
