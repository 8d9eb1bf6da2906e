"""What an answer gives, beside what is right and what each known mistake would give."""

import copy
import reprlib

import numpy as np

from reslib.exercises.exercise import Mistake, call


def judge(answer, inputs, right, mistakes):
    """Call an answer with several inputs, and tell by what it gives which mistake was made.

    Args:
        answer: The reader's function (or whatever can be called).
        inputs: List of tuples of arguments.
        right: A function that is right, or a list of them where several answers are.
        mistakes: Dictionary from a diagnosis to the function (or list of functions) of someone
            who makes this mistake.

    Raises:
        Mistake: if the answer differs from each right function for some input.
        Unanswered: if it returns nothing.
    """
    found = [outcome(call(answer, *copy.deepcopy(arguments))) for arguments in inputs]

    def gives_the_same_as(functions):
        return any(
            all(same(f, outcome(function(*i))) for f, i in zip(found, inputs, strict=True))
            for function in _list(functions)
        )

    if gives_the_same_as(right):
        return
    for diagnosis, functions in mistakes.items():
        if gives_the_same_as(functions):
            raise Mistake(diagnosis)
    for arguments, one in zip(inputs, found, strict=True):
        expected = outcome(_list(right)[0](*arguments))
        if not same(one, expected):
            shown = ", ".join(map(_short, arguments))
            raise Mistake(f"called with {shown}: {difference(one, expected)}.")
    raise Mistake("it is right for some inputs and follows another rule for others.")


def outcome(value):
    """A value as an array of numbers, or as a word where it is one.

    Raises:
        Mistake: if it is neither.
    """
    if isinstance(value, str):
        return " ".join(value.lower().split())
    if isinstance(value, dict):
        value = list(value.values())
    try:
        return np.asarray(value, dtype="float64")
    except (TypeError, ValueError):
        raise Mistake(f"it gives {_short(value)}, where numbers are asked for.") from None


def same(found, expected, tolerance=1e-4):
    """Whether two outcomes are equal up to rounding in float32."""
    if isinstance(found, str) or isinstance(expected, str):
        return isinstance(found, str) and found == expected
    if found.shape != expected.shape:
        return False
    scale = np.max(np.abs(expected), initial=1e-6)
    return bool(np.allclose(found, expected, rtol=tolerance, atol=tolerance * scale))


def difference(found, expected):
    """How an outcome differs from the right one, without telling the right one."""
    if isinstance(found, str) or isinstance(expected, str):
        kind = "" if isinstance(found, str) else ", where a word is asked for"
        return f"it gives {found!r}, which is not right{kind}"
    if found.shape != expected.shape:
        return f"it gives the shape {found.shape}, expected {expected.shape}"
    if not np.isfinite(found).all():
        return "it gives numbers that are not finite"
    off, size = np.max(np.abs(found - expected)), np.max(np.abs(expected))
    return f"it is off by up to {off:.3g}, where the right values reach {size:.3g}"


def _list(functions):
    return functions if isinstance(functions, list) else [functions]


def _short(value):
    shape = getattr(value, "shape", None)
    if shape:
        return f"an array of shape {tuple(shape)}"
    return "a function" if callable(value) else reprlib.repr(value)
