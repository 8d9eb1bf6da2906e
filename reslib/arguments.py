"""One way to check an argument: what fits is returned, the rest is refused by name."""

import sys

from reslib.seeding import LARGEST_SEED


def positive_integer(name, value):
    """Return `value`, or refuse it with an error that names the argument."""
    return integer(name, value, "a positive integer", lambda value: value > 0)


def integer(name, value, accepted="an integer", accepts=lambda value: True):
    """Return `value`, or refuse it with an error that names the argument.

    Args:
        name: Name of the argument.
        value: What was passed.
        accepted: String, what is accepted.
        accepts: Function of an integer, whether it is accepted.
    """
    plain = _plain(value)
    if isinstance(plain, bool) or not isinstance(plain, int) or not accepts(plain):
        raise ValueError(f"{name} must be {accepted}, received {value!r}")
    return plain


def number(name, value, accepted="a finite number", accepts=lambda value: True):
    """Return `value` as a float, or refuse it: as `integer`, for any finite number."""
    largest = sys.float_info.max  # an integer can be larger, and then is no float
    plain = _plain(value)
    is_number = isinstance(plain, int | float) and not isinstance(plain, bool)
    if not is_number or not -largest <= plain <= largest or not accepts(plain):
        raise ValueError(f"{name} must be {accepted}, received {value!r}")
    return float(plain)


def probability(name, value):
    """Return `value` as a float, or refuse it with an error that names the argument."""
    return number(name, value, "a number above 0 and at most 1", lambda value: 0 < value <= 1)


def _plain(value):
    """Return NumPy's numbers, as they come out of tables, as Python's own; all else as it is."""
    is_numpy = hasattr(value, "dtype") and getattr(value, "shape", None) == ()
    return value.item() if is_numpy else value


def boolean(name, value):
    """Return `value`, or refuse it with an error that names the argument."""
    return one_of(name, value, (True, False))


def array_shape(name, value, *expected):
    """Return an array or tensor, or refuse one of another shape.

    Args:
        name: Name of the argument.
        value: What was passed.
        *expected: For each dimension its size, or what it is called where any size fits. A first
            one of `"…"` stands for any number of dimensions.
    """
    shape = tuple(value.shape)
    fixed = expected[1:] if expected[0] == "…" else expected
    sizes = shape[-len(fixed) :] if expected[0] == "…" else shape
    if len(sizes) != len(fixed) or any(
        isinstance(wanted, int) and size not in (None, wanted)
        for wanted, size in zip(fixed, sizes, strict=True)
    ):
        wanted = ", ".join(map(str, expected))
        raise ValueError(f"{name} must have the shape ({wanted}), received {shape}")
    return value


def seed(value):
    """Return `value`, or refuse it with an error that names the argument."""
    if value is None:
        return None
    accepted = f"None or an integer from 0 to {LARGEST_SEED}"
    return integer("seed", value, accepted, lambda value: 0 <= value <= LARGEST_SEED)


def one_of(name, value, accepted):
    """Return `value`, or refuse it with an error that lists what is accepted."""
    # Not `value in accepted`: an array would be compared element by element.
    if not any(value is choice or (type(value) is str and value == choice) for choice in accepted):
        choices = ", ".join(repr(choice) for choice in accepted)
        raise ValueError(f"{name} must be one of {choices}, received {value!r}")
    return value


def input_shape(value, accepted="a tuple of positive integers", length=None, free=0):
    """Return the shape of one input, or refuse it with an error that says what is accepted.

    Args:
        value: What was passed.
        accepted: String, what is accepted.
        length: Integer, the number of dimensions, or `None` for any number but 0.
        free: Integer, how many dimensions, from the first on, may be `None`.
    """
    is_shape = isinstance(value, (tuple, list)) and len(value) == (length or len(value)) > 0
    sizes = tuple(map(_plain, value)) if is_shape else ()
    if not is_shape or not all(
        (size is None and i < free)
        or (isinstance(size, int) and not isinstance(size, bool) and size > 0)
        for i, size in enumerate(sizes)
    ):
        raise ValueError(f"input_shape must be {accepted}, received {value!r}")
    return sizes
