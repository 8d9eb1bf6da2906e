"""What an answer gives, beside what is right and what each known mistake would give."""

from __future__ import annotations

import copy
import dis
import numbers
import re
import reprlib
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from reslib.exercises.exercise import Mistake, Unanswered

TOLERANCE = 1e-4  # share of the largest value: far above the rounding of float32, below any mistake


class ReturnedNothing(Mistake):
    """A function that does something, and returns nothing."""


def is_missing(answer: Any) -> bool:
    """Whether this is `...` or `None`, or a tuple, list or dict with one of these in it."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, (tuple, list)):
        return any(item is ... or item is None for item in answer)
    return answer is ... or answer is None


def call(answer: Any, *inputs: Any, **options: Any) -> Any:
    """Call a reader's function, and return what it returns.

    Raises:
        Mistake: if it is no function, if it raises an error, which the diagnosis quotes, or if it
            returns nothing.
        Unanswered: if it is the stub of an exercise, or returns `...`.
    """
    if not callable(answer) or isinstance(answer, type) or _is_of_keras(answer):
        raise Mistake(f"the answer must be a function, and you hand in {shown(answer)}.")
    try:
        result = answer(*inputs, **options)
    except Exception as error:  # whatever a reader's code may do
        given = [
            *map(shown, inputs),
            *(f"{name}={shown(value)}" for name, value in options.items()),
        ]
        raise Mistake(
            f"called with {', '.join(given)}, it raised {type(error).__name__}: {_tidy(str(error))}"
        ) from error
    if result is None and not _does_nothing(answer):
        raise ReturnedNothing("your function returns nothing. Does it end with `return`?")
    if is_missing(result):
        parts = result.values() if isinstance(result, dict) else result
        if result is None or result is ...:
            raise Unanswered
        if any(part is ... for part in parts):
            raise Unanswered("a part of what your function returns is still `...`.")
        raise ReturnedNothing("a part of what your function returns is None.")
    return result


def judge(
    answer: Any,
    inputs: Sequence[tuple],
    right: Callable | list[Callable],
    mistakes: Mapping[str, Callable | list[Callable]],
) -> None:
    """Call an answer with several inputs, and tell by what it gives which mistake was made.

    Args:
        answer: The reader's function.
        inputs: Tuples of arguments.
        right: A function that is right, or a list of them where several answers are.
        mistakes: Dictionary from a diagnosis to the function (or list of functions) of someone
            who makes this mistake.

    Raises:
        Mistake: if the answer differs from each right function for some input.
        Unanswered: if there is no answer yet.
    """
    found = [call(answer, *copy.deepcopy(arguments)) for arguments in inputs]

    def follows(functions):
        return any(
            all(same(value, function(*given)) for value, given in zip(found, inputs, strict=True))
            for function in (functions if isinstance(functions, list) else [functions])
        )

    if follows(right):
        return
    for diagnosis, functions in mistakes.items():
        if follows(functions):
            raise Mistake(diagnosis)
    first = right[0] if isinstance(right, list) else right
    for value, given in zip(found, inputs, strict=True):
        expected = first(*given)
        if not same(value, expected):
            name = f"called with {', '.join(map(shown, given))}, what it gives"
            raise Mistake(difference(value, expected, name))
    raise Mistake("it is right for some inputs and follows another rule for others.")


def explain(
    value: Any,
    rights: Sequence[Any],
    mistakes: Mapping[str, Sequence[Any]],
    name: str = "the result",
    tolerance: float = TOLERANCE,
) -> None:
    """Compare one value with what is right, then with what each mistake would have given.

    Args:
        value: What the reader's function gave.
        rights: Values, each of them right. The first is the one to report against.
        mistakes: Dictionary from a diagnosis to the values that it explains.
        name: What to call the value in a diagnosis.
        tolerance: Largest difference, as a share of the largest value.

    Raises:
        Mistake: if the value is none of the right ones.
    """
    if any(same(value, right, tolerance) for right in rights):
        return
    for diagnosis, wrongs in mistakes.items():
        if any(same(value, wrong, tolerance) for wrong in wrongs):
            raise Mistake(diagnosis)
    raise Mistake(difference(value, rights[0], name))


def outcome(value: Any, name: str = "the result") -> np.ndarray | str:
    """Return a value as an array of numbers, or as a word in lower case where it is one.

    Raises:
        Mistake: if it is neither.
    """
    if isinstance(value, str):
        return " ".join(value.lower().split())
    if isinstance(value, dict):
        value = list(value.values())
    try:
        return np.asarray(_plain(value), dtype="float64")
    except (TypeError, ValueError):
        if isinstance(value, tuple):
            raise Mistake(f"{name} is {_things(value)} that do not make one array.") from None
        raise Mistake(f"{name} is {shown(value)}, where numbers are asked for.") from None


def _plain(value):
    """NumPy's arrays in place of a framework's tensors, which may wait for a gradient."""
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, (np.ndarray, np.generic, numbers.Number)) or "keras" not in sys.modules:
        return value
    from keras import ops

    return ops.convert_to_numpy(value) if ops.is_tensor(value) else value


def same(found: Any, expected: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two values are the same word, or numbers of one shape that differ by rounding."""
    found, expected = outcome(found), outcome(expected)
    if isinstance(found, str) or isinstance(expected, str):
        return isinstance(found, str) and isinstance(expected, str) and found == expected
    if found.shape != expected.shape or not np.isfinite(found).all():
        return False
    scale = np.abs(expected).max(initial=0) or 1e-6
    return bool(np.abs(found - expected).max(initial=0) <= tolerance * scale)


def difference(value: Any, expected: Any, name: str = "the result") -> str:
    """Say how a value differs from the right one, without telling the right one."""
    found, expected = outcome(value, name), outcome(expected)
    if isinstance(found, str) or isinstance(expected, str):
        kind = "" if isinstance(found, str) else ", where a word is asked for"
        return f"{name} is {shown(value)}, which is not right{kind}."
    if isinstance(value, tuple) and found.shape[1:] == expected.shape:
        return f"you return {_things(value)}, where one is asked for."
    if found.ndim < 2 and expected.ndim < 2 and found.shape != expected.shape:
        given, asked = found.size, expected.size
        if expected.ndim == 0:
            return f"{name} is {given} number{'s' * (given != 1)}, where one number is asked for."
        if found.ndim == 0:
            return f"{name} is one number, where {asked} numbers are asked for."
        return f"{name} is {given} number{'s' * (given != 1)}, where {asked} numbers are asked for."
    if found.shape != expected.shape:
        return f"{name} has the shape {found.shape}, expected {expected.shape}."
    if not np.isfinite(found).all():
        return f"{name} holds values that are not finite."
    if same(-found, expected):
        return f"{name} has the wrong sign."
    if found.ndim == 0:
        if found > expected:
            return f"{name} is {shown(float(found))}, which is too large."
        return f"{name} is {shown(float(found))}, which is too small."
    largest = np.argmax(np.abs(expected))
    factor = found.flat[largest] / (expected.flat[largest] or np.nan)
    if factor and same(found, factor * expected):
        return f"{name} is {factor:.3g} times the right one."
    off, size = np.max(np.abs(found - expected)), np.max(np.abs(expected))
    return f"{name} is off by up to {off:.3g}, where the right values reach {size:.3g}."


def shown(value: Any) -> str:
    """Name a value in a diagnosis: without addresses, seventeen digits, or pages of numbers."""
    if isinstance(value, type):
        return f"a class ({value.__name__})"
    if _is_of_keras(value) and callable(value):
        return f"a layer or model of Keras ({type(value).__name__})"
    if isinstance(shape := getattr(value, "shape", None), Iterable) and tuple(shape):
        kind = "a Keras tensor" if type(value).__name__ == "KerasTensor" else "an array"
        return f"{kind} of shape {tuple(shape)}"
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return f"{value:.4g}"
    if isinstance(value, (tuple, list)) and len(value) <= 4:
        inside = ", ".join(map(shown, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, str) and len(value) <= 60:
        return repr(value)
    if isinstance(value, dict) and value:
        return f"a dictionary of {', '.join(map(str, value))}"
    if isinstance(value, np.random.Generator):
        return "a random generator"
    if isinstance(value, types.ModuleType):
        return f"a module ({value.__name__})"
    return "a function" if callable(value) else _tidy(reprlib.repr(value))


def _things(values):
    words = {1: "one thing in a tuple", 2: "two things", 3: "three things"}
    return words.get(len(values), f"{len(values)} things")


def _is_of_keras(value):
    return any(kind.__module__.partition(".")[0] == "keras" for kind in type(value).__mro__)


def _does_nothing(function):
    """Whether this is a stub: a function whose body is `...` or a docstring."""

    def steps(function):
        return [step.opname for step in dis.get_instructions(function)]

    return hasattr(function, "__code__") and steps(function) == steps(lambda: None)


def _tidy(text):
    """Put an error into one line, without addresses, colours and the list of Keras's arguments."""
    text = re.sub(r"\x1b\[\d*m", "", text.partition("\n\nArguments received by")[0])
    text = re.sub(
        r"<(?:function |bound method )?(?:<?[\w.]+>?\.)*(.+?) at 0x[0-9a-fA-F]+>", r"\1", text
    )
    text = re.sub(r"\b(?:\w+\.<locals>\.)+", "", text)
    text = re.sub(r"<class '(?:[\w.]+\.)?(\w+)'>", r"\1", text)
    text = re.sub(
        r"<(\w+) (?:name|shape)=[^<>]*>", r"\1", text
    )  # as Keras prints layers and tensors
    text = re.sub(r"\d+\.\d{5,}", lambda match: f"{float(match[0]):.4g}", " ".join(text.split()))
    return text if len(text) <= 300 else f"{text[:300]} …"
