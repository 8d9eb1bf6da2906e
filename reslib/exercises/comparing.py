"""What several judges need: arrays out of whatever a reader returns, and what is wrong in them."""

import numpy as np

from reslib.exercises.exercise import Mistake


def as_array(value, name="the result"):
    """A NumPy array of a reader's numbers, tensor or array.

    Raises:
        Mistake: if there are no numbers in it.
    """
    try:
        return np.asarray(value, "float64")
    except (TypeError, ValueError) as error:
        raise Mistake(f"{name} must be numbers, not {type(value).__name__}.") from error


def close(found, expected, tolerance=1e-3):
    """Whether two arrays have the same shape, and values that differ by rounding only."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return False
    scale = max(np.abs(expected).max(initial=0), 1e-12)
    return bool(np.abs(found - expected).max(initial=0) <= tolerance * scale)


def explain(found, rights, mistakes, name="the result", tolerance=1e-3):
    """Compare an answer with what is right, then with what each mistake would have given.

    Args:
        found: Array.
        rights: List of arrays, each of them right. The first is the one to report against.
        mistakes: Dictionary from a diagnosis to a list of the arrays that it explains.
        name: What to call `found` in a diagnosis.
        tolerance: Largest difference, as a share of the largest value.

    Raises:
        Mistake: if `found` is none of the right arrays.
    """
    found = np.asarray(found)
    if any(close(found, right, tolerance) for right in rights):
        return
    for diagnosis, wrongs in mistakes.items():
        if any(close(found, wrong, tolerance) for wrong in wrongs):
            raise Mistake(diagnosis)
    right = np.asarray(rights[0])
    if found.shape != right.shape:
        raise Mistake(f"{name} has the shape {found.shape}, expected {right.shape}.")
    if not np.isfinite(found).all():
        raise Mistake(f"{name} holds values that are not finite.")
    off = np.abs(found - right) > tolerance * np.abs(right).max()
    where = tuple(map(int, np.argwhere(off)[0])) if found.ndim else ""
    raise Mistake(
        f"{name} differs from what was expected in {off.mean():.0%} of its values"
        + (f", first at index {where}" if found.ndim else "")
        + f". The largest difference is {np.abs(found - right).max():.2g}, "
        f"where values reach {np.abs(right).max():.2g}."
    )
