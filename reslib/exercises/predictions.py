"""A reader's predictions, beside what was measured."""

from __future__ import annotations

import math
import numbers
from typing import Any

from reslib import arguments
from reslib.terminal import say


def compare(prediction: Any, measured: Any, within: float = 1.25) -> None:
    """Print a prediction beside the measurement, or nothing where there is no prediction.

    Args:
        prediction: What the reader wrote in place of `...`: a number, a word, `True` or `False`, or
            a tuple of these where the question has several parts. With `...` there is none.
        measured: What came out, of the same kind; a set where each of several answers is right.
        within: Float, at least 1. A number counts as right where it is at most so many times as
            large or as small as the measurement: 10 for a guess of an order of magnitude. A word
            counts as right in any letter case.

    Example:

    >>> compare("as good", "better")
    Measured: better. You predicted: as good.
    >>> compare(0.2, 0.5)
    Measured: 0.5. You predicted: 0.2 (the measurement is 2.5 times as large).
    >>> compare(1e-8, 2e-9, within=10)
    Measured: 2e-09. You predicted: 1e-08 (right).
    >>> compare((14, 14), (14, 3))
    Measured: 14, 3. You predicted: 14, 14 (1 of 2 right).
    >>> compare("C4", {"C4", "C5"})
    Measured: C4 or C5. You predicted: C4 (right).
    >>> compare(..., 0.5)
    """
    within = arguments.number(
        "within", within, "a finite number of at least 1", lambda value: value >= 1
    )
    prediction, measured = _plain(prediction), _plain(measured)
    if prediction is ... or (isinstance(prediction, tuple) and ... in prediction):
        return
    say(_verdict(prediction, measured, within))


def _plain(value):
    """Python's own numbers, words and tuples in place of NumPy's and a framework's."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, (tuple, list)) else value


def _verdict(prediction, measured, within):
    said, came_out = _text(prediction), _text(measured)
    if _same(prediction, measured, within):
        return f"Measured: {came_out}. You predicted: {said} (right)."
    if isinstance(measured, tuple):
        parts = prediction if isinstance(prediction, tuple) else (prediction,)
        right = sum(_same(*pair, within) for pair in zip(parts, measured, strict=False))
        count = len(measured)
        return f"Measured: {came_out}. You predicted: {said} ({right} of {count} right)."
    both = _is_number(prediction) and _is_number(measured)
    if both and prediction * measured > 0:  # of one sign, and both known
        return (
            f"Measured: {came_out}. You predicted: {said} (the measurement is "
            f"{_factor(measured / prediction)} times as large)."
        )
    return f"Measured: {came_out}. You predicted: {said}."


def _factor(value):
    """Two digits, and no exponent where a reader can do without."""
    return f"{float(f'{value:.2g}'):,.0f}" if 10 <= value < 1e6 else f"{value:.2g}"


def _same(prediction, measured, within):
    if isinstance(measured, set):
        return any(_same(prediction, answer, within) for answer in measured)
    if isinstance(prediction, tuple) and isinstance(measured, tuple):
        pairs = zip(prediction, measured, strict=False)
        return len(prediction) == len(measured) and all(_same(*pair, within) for pair in pairs)
    if _is_number(prediction) and _is_number(measured):
        if prediction * measured > 0 and math.isfinite(measured):
            factor = abs(math.log(prediction / measured))
            return factor <= math.log(within) + 1e-9  # of rounding
        return prediction == measured
    return _text(prediction).strip().casefold() == _text(measured).casefold()


def _text(value):
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, set):
        return " or ".join(sorted(map(_text, value)))
    if _is_number(value) and not isinstance(value, numbers.Integral):
        return f"{value:z.3g}"
    return str(value)


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
