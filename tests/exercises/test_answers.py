"""What every judge is made of: calling an answer, comparing what it gives, naming what is wrong."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reslib.exercises.answers import TOLERANCE, call, difference, explain, judge, same, shown
from reslib.exercises.exercise import Mistake, Unanswered

sizes = st.floats(1e-30, 1e30)


@given(sizes, st.sampled_from([1, -1]))
def test_values_are_the_same_within_rounding_whatever_their_size(size, sign):
    """No value is so small that anything passes for it."""
    right = size * np.array([1.0, -0.5, 0.0])
    assert same(right + sign * 0.9 * TOLERANCE * size, right)
    assert not same(right + sign * 1.1 * TOLERANCE * size, right)


def test_the_same_needs_one_shape_one_kind_and_finite_numbers():
    assert same(np.ones(3, "float32"), [1, 1, 1]) and same(" Over  fitting", "over fitting")
    assert not same(np.ones((3, 1)), np.ones(3)) and not same("1", 1) and not same(1, "1")
    assert not same([1, np.nan], [1, np.nan]) and not same(np.inf, np.inf)
    assert same([0.0, 0.0], [0, 0]) and not same([1e-3, 0], [0, 0])


@pytest.mark.parametrize(
    "value, expected, said",
    [
        ((np.ones(3), np.ones(3)), np.ones(3), "you return two things, where one is asked for"),
        ((np.ones(3), 1.0), np.ones(3), "is two things that do not make one array"),
        (np.ones((2, 3)), np.ones(3), "has the shape (2, 3), expected (3,)"),
        ([1.0, np.nan], [1.0, 2.0], "values that are not finite"),
        ([1.0, 2.0], [1.0, 4.0], "off by up to 2, where the right values reach 4"),
        ([1.0, 2.0], [-1.0, -2.0], "has the wrong sign"),
        (-3.0, 3.0, "has the wrong sign"),
        ([1.0, 2.0], [2.0, 4.0], "is 0.5 times the right one"),
        ([0.0, 0.0], [2.0, 4.0], "off by up to 4, where the right values reach 4"),
        (2.0, 4.0, "is 2, which is too small"),
        (3.0, [1.0, 4.0], "is one number, where 2 numbers are asked for"),
        ([1.0, 4.0], 3.0, "is 2 numbers, where one number is asked for"),
        (0.011369616873214543, "healthy", "is 0.01137, which is not right, where a word is asked"),
        ("sick", "healthy", "is 'sick', which is not right"),
        (len, 3, "is a function, where numbers are asked for"),
        ([{}, 1], [1, 2], "where numbers are asked for"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(value, expected, said):
    with pytest.raises(Mistake) as mistake:
        explain(value, [expected], {})
    assert said in str(mistake.value)


def test_a_difference_does_not_tell_the_right_value():
    assert "7.25" not in difference([1.0, 7.0], [1.0, 7.25]).partition("where")[0]


class Own:
    """Something with an address."""


@pytest.mark.parametrize(
    "value, said",
    [
        (len, "a function"),
        (lambda x: x, "a function"),
        (functools.partial(max, 1), "a function"),
        (Own, "a class (Own)"),
        (keras.layers.ReLU(), "a layer or model of Keras (ReLU)"),
        (keras.Input((3,)), "a Keras tensor of shape (None, 3)"),
        (np.ones((2, 3)), "an array of shape (2, 3)"),
        (np.float64(0.011369616873214543), "0.01137"),
        ((1, [0.1 + 0.2]), "(1, [0.3])"),
        (np, "a module (numpy)"),
        (np.random.default_rng(0), "a random generator"),
        ({"loss": np.ones(99), "error": 1}, "a dictionary of loss, error"),
        ("underfitting or failed optimization", "'underfitting or failed optimization'"),
        ("word", "'word'"),
    ],
)
def test_a_value_is_named_without_addresses_and_digits(value, said):
    assert shown(value) == said


def test_no_address_is_shown():
    assert "0x" not in shown(Own()) and "0x" not in shown([Own()])


def test_an_error_is_quoted_in_one_line():
    def fails(x, f):
        raise ValueError(
            f"{f} of {0.011369616873214543}\n\n\x1b[1mbad\x1b[0m\n\nArguments received by"
        )

    with pytest.raises(Mistake) as mistake:
        call(fails, np.ones(3), call)
    assert str(mistake.value) == (
        "called with an array of shape (3,), a function, it raised ValueError: call of 0.01137 bad"
    )


def test_what_python_and_keras_print_is_put_in_words():
    def fails(x):
        raise TypeError(
            f"{fails} of {type(x)} takes {keras.Input((3,), name='x')}, not {keras.layers.ReLU()}"
        )

    with pytest.raises(Mistake) as mistake:
        call(fails, 1)
    text = str(mistake.value).partition("raised ")[2]
    assert text == "TypeError: fails of int takes KerasTensor, not ReLU"


def test_keras_errors_are_short():
    with pytest.raises(Mistake) as mistake:
        call(lambda x, y: keras.layers.Add()([x, y]), np.ones((2, 3)), np.ones((2, 4)))
    text = str(mistake.value)
    assert "\n" not in text and "\x1b" not in text and len(text) < 400 and "ValueError" in text


@pytest.mark.parametrize("answer", [3, "x", keras.layers.ReLU(), keras.layers.ReLU, int])
def test_what_is_no_function_is_refused(answer):
    with pytest.raises(Mistake, match="^the answer must be a function, and you hand in "):
        call(answer, 1)


def stub(x):
    """Do something."""
    ...


def forgets(x):
    x + 1


def half(x):
    y = x
    if y > 5:
        return y


@pytest.mark.parametrize("answer", [stub, lambda x: None, lambda x: ..., lambda x: (x, ...)])
def test_a_stub_is_no_mistake(answer):
    with pytest.raises(Unanswered):
        call(answer, 1)


@pytest.mark.parametrize("answer", [forgets, half, functools.partial(forgets), [].append])
def test_a_function_that_returns_nothing_is_told_so(answer):
    with pytest.raises(Mistake, match="your function returns nothing"):
        call(answer, 1)


def test_judging_needs_all_inputs_and_changes_none():
    """What is right, or is a known mistake, is so for each of the inputs."""
    inputs, right = [(1.0,), (2.0,)], lambda x: x**2
    judge(lambda x: x * x, inputs, right, {})
    with pytest.raises(Mistake, match="^doubled$"):
        judge(lambda x: x + x, inputs, right, {"one": lambda x: 1, "doubled": lambda x: 2 * x})
    with pytest.raises(Mistake, match="called with 1, what it gives is 7, which is too large"):
        judge(lambda x: 7, inputs, right, {"doubled": lambda x: 2 * x})

    def spoils(x):
        x += 1
        return x

    array = np.ones(3)
    with pytest.raises(Mistake):
        judge(spoils, [(array,)], lambda x: x, {})
    np.testing.assert_array_equal(array, 1)
