"""A reader's predictions, beside what was measured."""

from __future__ import annotations

import math
import numbers
from typing import Any

from reslib.terminal import say


def compare(prediction: Any, measured: Any) -> None:
    """Print a prediction beside the measurement.

    A number counts as right within a tenth of the measurement, a word in any letter case.

    Args:
        prediction: What the reader wrote in place of `...`: a number, a word, `True` or `False`, or
            a tuple of these where the question has several parts. With `...` there is none.
        measured: What came out, of the same kind.

    Example:

    >>> compare("as good", "better")
    Measured: better. You predicted: as good.
    >>> compare(0.2, 0.5)
    Measured: 0.5. You predicted: 0.2 (the measurement is 2.5 times as large).
    >>> compare((14, 14), (14, 3))
    Measured: 14, 3. You predicted: 14, 14 (1 of 2 right).
    >>> compare(..., 0.5)
    Measured: 0.5. You made no prediction.
    """
    prediction, measured = _plain(prediction), _plain(measured)
    said = f"Measured: {_text(measured)}."
    if prediction is ... or (isinstance(prediction, tuple) and ... in prediction):
        say(f"{said} You made no prediction.")
    else:
        say(f"{said} You predicted: {_text(prediction)}{_verdict(prediction, measured)}.")


def _plain(value):
    """Python's own numbers, words and tuples in place of NumPy's and a framework's."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, (tuple, list)) else value


def _verdict(prediction, measured):
    if _same(prediction, measured):
        return " (right)"
    if isinstance(measured, tuple):
        parts = prediction if isinstance(prediction, tuple) else (prediction,)
        right = sum(map(_same, parts, measured))
        return f" ({right} of {len(measured)} right)"
    both = _is_number(prediction) and _is_number(measured)
    if both and prediction * measured > 0:  # of one sign, and both known
        return f" (the measurement is {measured / prediction:.2g} times as large)"
    return ""


def _same(prediction, measured):
    if _is_number(prediction) and _is_number(measured):
        return prediction == measured or abs(prediction - measured) <= abs(measured) / 10 < math.inf
    return _text(prediction).strip().lower() == _text(measured).lower()


def _text(value):
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    if _is_number(value) and not isinstance(value, numbers.Integral):
        return f"{value:z.3g}"
    return str(value)


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
