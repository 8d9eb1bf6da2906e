"""Comparing what an answer gives with what is right, and with what each mistake would give."""

import numpy as np

from reslib.exercises.exercise import Mistake


def as_array(result, what):
    """A result as a NumPy array, whether it is one, a Keras tensor, a list or a number."""
    try:
        array = np.asarray(result, dtype="float64")
    except (TypeError, ValueError):
        raise Mistake(f"{what} must be numbers, received {type(result).__name__}.") from None
    return array


def expect(result, right, mistakes=(), what="the result"):
    """Accept a result that is right; else raise the diagnosis that fits.

    Args:
        result: What the answer gave.
        right: What it should be.
        mistakes: Pairs `(wrong, diagnosis)`: what a known mistake gives for the same inputs, of
            any shape. The first that fits is the diagnosis.
        what: String, which result this is, for the diagnosis of all other mistakes.
    """
    result, right = as_array(result, what), np.asarray(right, "float64")
    if is_close(result, right):
        return
    for wrong, diagnosis in mistakes:
        if is_close(result, np.asarray(wrong, "float64")):
            raise Mistake(diagnosis)
    if result.shape != right.shape:
        raise Mistake(f"{what} has the shape {result.shape}; it should have {right.shape}.")
    if not np.isfinite(result).all():
        raise Mistake(f"{what} holds values that are not finite.")
    off, size = np.abs(result - right).max(), np.abs(right).max()
    raise Mistake(
        f"{what} is off by up to {off:.2g}, where the right values reach {size:.2g}. This is none "
        "of the usual mistakes: go through your lines one by one, with the smallest input."
    )


def is_close(a, b):
    """Equal but for the rounding of float32."""
    if a.shape != b.shape:
        return False
    size = np.abs(b).max(initial=0)
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-4 * max(size, 1e-3)))
