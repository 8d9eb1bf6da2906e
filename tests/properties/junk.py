"""What may be passed for an argument by mistake, and what must follow."""

import inspect

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

ODD = [
    *(None, True, False, object(), type, len, "", b"x", set(), {}, {"a": 1}),
    *(0, -1, 1, 2, 3, 21, 10**400, np.int64(3), 0.0, 0.5, 1.0, 2.5, -0.5, float("nan"), np.inf),
    *([], [1], (1, 2, 3), (4, 4), [None, None, 2], [1.5, 2, 2], ["a"], [True, 4, 1], (0, 1, 1)),
    *(np.ones(2), np.zeros(()), "relu", "A", "batch", "zeros", "all", "add", "channels_first"),
]
anything = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(ODD),
    st.integers(-30, 30),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(-2, 3), max_size=4),
)


def examples(number):
    """So many of them, and the same every time."""
    return settings(deadline=None, derandomize=True, max_examples=number)


def accepted(argument, make, value):
    """Whether it is; what is not must be refused by name."""
    try:
        make(**{argument: value})
    except ValueError as error:
        assert argument in str(error), error
        return False
    return True


def by_argument(cases):
    """A test's parameters out of `{callable: (good arguments, {argument: what is valid})}`.

    Each argument of the callable must be among them.
    """
    rows = {}
    for function, (good, valid) in cases.items():
        parameters = inspect.signature(function).parameters
        named = {name for name in parameters if name not in ("args", "kwargs")}
        assert named == set(valid), named ^ set(valid)
        for argument, is_valid in valid.items():
            rows[f"{function.__name__}-{argument}"] = (function, good, argument, is_valid)
    return {"argvalues": list(rows.values()), "ids": list(rows)}


# What is valid.


def one_of(*values):
    return lambda value: any(
        value is one or (type(value) is type(one) is str and value == one) for one in values
    )


def plain(value):
    """NumPy's numbers are as good as Python's."""
    is_numpy = isinstance(value, (np.generic, np.ndarray)) and np.shape(value) == ()
    return value.item() if is_numpy else value


def integer(least, *, multiple_of=1, rest=0):
    def is_valid(value):
        value = plain(value)
        return type(value) is int and value >= least and value % multiple_of == rest % multiple_of

    return is_valid


def number(accepts=lambda value: True):
    """A number that fits into a float, and for which `accepts` is true."""
    largest = float(np.finfo(float).max)

    def is_valid(value):
        value = plain(value)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and -largest <= value <= largest and accepts(value)

    return is_valid


def either(*kinds):
    return lambda value: any(is_valid(value) for is_valid in kinds)


def sequence(is_valid, *lengths):
    """A tuple or a list of valid things, of one of the lengths (of any but 0 if none is given)."""
    return lambda value: (
        isinstance(value, (tuple, list))
        and (len(value) in lengths if lengths else len(value) > 0)
        and all(is_valid(one) for one in value)
    )


positive = integer(1)
none = one_of(None)
boolean = one_of(True, False)
probability = number(lambda value: 0 < value <= 1)
data_format = one_of(None, "channels_last", "channels_first")
shortcut = one_of("A", "B", "C", None)
normalization = one_of("batch", None)


def text(value):
    """A name for a model, as Keras takes them."""
    return isinstance(value, str) and "/" not in value


def image_shape(value):
    """Height and width may be unknown, the number of channels must not."""
    free = either(none, positive)
    return sequence(free, 3)(value) and positive(value[2])
