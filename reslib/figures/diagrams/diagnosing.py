"""Which failure is it? The questions to ask, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reslib.arguments import number
from reslib.figures.diagrams.drawing import arrow, box, canvas, write
from reslib.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION, ANSWER = COLORS["control"], COLORS["highlight"]
VERDICTS = [
    "failed optimization",
    "underfitting or\nfailed optimization",
    "overfitting",
    "healthy",
]


def diagnosis(good: float = 0.1, margin: float = 0.05, title: str | None = None) -> Figure:
    """Draw the questions of `reslib.experiments.diagnose`, and the verdict that each leads to.

    Args:
        good: Float in [0, 1], a training error up to which the training data count as fitted.
        margin: Float in [0, 1], the difference between two errors that is taken to mean something.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.

    Raises:
        ValueError: for numbers outside of [0, 1].
    """
    for name, value in (("good", good), ("margin", margin)):
        number(name, value, "a number from 0 to 1", lambda value: 0 <= value <= 1)
    points = f"{100 * margin:g} points"
    questions = [
        f"Is the training error of\na nested network more\nthan {points} lower?",
        f"Is the training error\nabove {100 * good:g}%?",
        f"Is the test error more\nthan {points} above\nthe training error?",
    ]
    *asked, last = VERDICTS
    steps = [
        f"{_in_a_line(question)} If so, the verdict is: {_in_a_line(verdict)}."
        for question, verdict in zip(questions, asked, strict=True)
    ]
    words = " ".join(["Three questions.", *steps, f"If none is so: {last}."])
    figure, ax = canvas(5, 4.25, title or "Three questions, in this order", words)
    left, right, wide, tall, pitch = 1.25, 3.95, 2.1, 0.8, 1.15
    for i, (question, verdict) in enumerate(zip(questions, asked, strict=True)):
        y = 3.75 - pitch * i
        box(ax, left, y, question, QUESTION, wide, tall)
        arrow(ax, (left + wide / 2, y), (right - 0.85, y))
        write(ax, (left + wide / 2 + right - 0.85) / 2, y + 0.14, "yes")
        box(ax, right, y, verdict, ANSWER, 1.7, 0.6)
        below = y - pitch + tall / 2 if i < len(asked) - 1 else y - pitch + 0.25
        arrow(ax, (left, y - tall / 2), (left, below))
        write(ax, left + 0.2, (y - tall / 2 + below) / 2, "no")
    box(ax, left, 3.75 - pitch * len(asked), last, ANSWER, 1.7, 0.5)
    return figure


def _in_a_line(text):
    return " ".join(text.split())
