"""Whatever is passed, the answer is a result or a ValueError that names the argument."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reslib import datasets, layers, models
from reslib.experiments import Run

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 0),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(-3, 3), max_size=3),
    st.binary(max_size=3),
    st.just(np.ones(2)),
    st.just({"a": 1}),
    st.just(object()),
)
GOOD = {"model": ("cifar_resnet", {"depth": 8}), "dataset": "fashion_mnist"}


def named(argument, make, value):
    """Make it; if it is refused, then by name."""
    try:
        make(**{argument: value})
    except ValueError as error:
        assert argument in str(error)
        return False
    return True


@pytest.mark.parametrize("field", sorted(Run.__dataclass_fields__))
@given(value=junk)
@settings(deadline=None, max_examples=60)
def test_run_takes_or_names(field, value):
    """And what it takes is plain data afterwards: it can be compared and written down."""
    if named(field, lambda **changed: Run(**{**GOOD, **changed}), value):
        run = Run(**{**GOOD, field: value})
        assert Run(**run.to_dict()) == run


@pytest.mark.parametrize("argument", ["size", "train_size", "test_size", "path"])
@given(value=junk.filter(lambda value: value is not None))
@settings(deadline=None, max_examples=40)
def test_load_names_what_it_refuses(argument, value):
    assert not named(argument, lambda **a: datasets.load("fashion_mnist", **a), value)


@given(value=junk)
@settings(deadline=None, max_examples=40)
def test_load_names_an_unknown_name(value):
    assert not named("name", datasets.load, value)


@given(
    size=st.integers(1, 28),
    train_size=st.integers(1, 300),
    test_size=st.integers(1, 100),
    standardize=st.booleans(),
)
@settings(deadline=None, max_examples=15)
def test_data_have_the_size_that_was_asked_for(size, train_size, test_size, standardize):
    data = datasets.load("fashion_mnist", size, train_size, test_size, standardize)
    assert data.x_train.shape == (train_size, size, size, 1) and data.x_train.dtype == "float32"
    assert data.x_test.shape == (test_size, size, size, 1) and data.x_test.dtype == "float32"
    assert data.y_train.shape == (train_size,) and data.y_train.dtype == "int32"
    assert np.isfinite(data.x_train).all() and np.isfinite(data.x_test).all()


@pytest.mark.parametrize(
    "make, argument",
    [
        (lambda **a: layers.ResidualBlock(**{"filters": 4, **a}), "filters"),
        (lambda **a: layers.ResidualBlock(**{"filters": 4, **a}), "strides"),
        (lambda **a: layers.PreActivationBlock(**{"filters": 4, **a}), "filters"),
        (lambda **a: layers.BottleneckBlock(**{"filters": 4, **a}), "filters"),
        (lambda **a: layers.FeaturePyramid(**{"channels": 4, **a}), "channels"),
        (models.cifar_resnet, "depth"),
        (lambda **a: models.cifar_resnet(8, **a), "width"),
        (lambda **a: models.cifar_resnet(8, **a), "classes"),
        (models.resnet, "depth"),
    ],
)
@given(value=junk)
@settings(deadline=None, max_examples=25)
def test_sizes_of_networks_are_refused_by_name(make, argument, value):
    """None of this is a positive integer."""
    assert not named(argument, make, value)


known = (None, "A", "B", "C")


@given(value=junk.filter(lambda value: not any(value is one for one in known)))
@settings(deadline=None, max_examples=25)
def test_unknown_shortcuts_are_refused_by_name(value):
    assert not named("shortcut", lambda **a: layers.ResidualBlock(4, **a), value)
