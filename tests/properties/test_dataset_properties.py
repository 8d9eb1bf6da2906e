"""Data for any arguments: what was asked for, or a refusal by name."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from junk import (
    accepted,
    anything,
    boolean,
    by_argument,
    either,
    examples,
    none,
    number,
    one_of,
    sequence,
)

from reslib import datasets
from reslib.datasets.loading import LARGEST_SEED


def whole(least, most=10**5):
    """NumPy's integers are as good as Python's here."""

    def is_valid(value):
        return (
            isinstance(value, (int, np.integer))
            and not isinstance(value, bool)
            and least <= value <= most
        )

    return is_valid


SUBSET = {"name": "fashion_mnist", "size": 2, "train_size": 10, "test_size": 10}
SCENES = {
    "train_size": 2,
    "test_size": 1,
    "size": 12,
    "counts": (1, 0, 0),
    "object_sizes": (1, 2, 3),
}
CASES = {
    datasets.load: (
        SUBSET,
        {
            "name": one_of("fashion_mnist"),
            "size": either(none, whole(1, 28)),
            "train_size": either(none, whole(1, 12_000)),
            "test_size": either(none, whole(1, 2000)),
            "standardize": boolean,
            "path": none,
            "groups": none,
            "draw": either(none, whole(0, LARGEST_SEED)),
        },
    ),
    datasets.flood_fill: (
        {"train_size": 2, "test_size": 1, "cells": 12},
        {
            "train_size": whole(1),
            "test_size": whole(1),
            "cells": whole(1),
            "wall_probability": number(lambda value: 0 <= value <= 1),
            "seed": whole(0, np.inf),
        },
    ),
    datasets.scenes: (
        SCENES,
        {
            "train_size": whole(1),
            "test_size": whole(1),
            "size": whole(1),  # the one object is of one pixel
            "counts": lambda value: sequence(whole(0), 3)(value) and sum(value) > 0,
            "object_sizes": lambda value: sequence(whole(1), 3)(value) and value[0] <= 12,
            "noise": number(lambda value: 0 <= value <= 100),
            "seed": whole(0, np.inf),
        },
    ),
}


@pytest.mark.parametrize("make, good, argument, is_valid", **by_argument(CASES))
@given(value=anything)
@examples(30)
def test_what_is_valid_is_taken_and_nothing_else(make, good, argument, is_valid, value):
    assume(argument == "seed" or not (type(value) is int and value > 10**5))  # fills the memory
    assert accepted(argument, lambda **a: make(**{**good, **a}), value) == is_valid(value)


@given(value=anything.filter(lambda value: value is not None and not isinstance(value, str)))
@examples(30)
def test_only_a_path_can_be_a_file(value):
    load = lambda path: datasets.load("fashion_mnist_full", path=path)  # noqa: E731
    assert not accepted("path", load, value)


@given(
    size=st.integers(1, 28),
    train_size=st.integers(1, 300),
    test_size=st.integers(1, 100),
    standardize=st.booleans(),
)
@examples(10)
def test_data_have_the_size_that_was_asked_for(size, train_size, test_size, standardize):
    data = datasets.load("fashion_mnist", size, train_size, test_size, standardize)
    assert data.x_train.shape == (train_size, size, size, 1) and data.x_train.dtype == "float32"
    assert data.x_test.shape == (test_size, size, size, 1) and data.x_test.dtype == "float32"
    assert data.y_train.shape == (train_size,) and data.y_train.dtype == "int32"
    assert np.isfinite(data.x_train).all() and np.isfinite(data.x_test).all()


@given(classes=st.permutations(range(10)), cuts=st.sets(st.integers(1, 9)))
@examples(10)
def test_groups_change_the_labels_and_nothing_else(classes, cuts):
    """Any partition of the classes."""
    edges = [0, *sorted(cuts), 10]
    groups = [classes[i:j] for i, j in zip(edges, edges[1:], strict=False)]
    plain, grouped = datasets.load(**SUBSET), datasets.load(**SUBSET, groups=groups)
    assert len(grouped.class_names) == len(groups)
    for old, new in zip(plain.y_train, grouped.y_train, strict=True):
        assert old in groups[new]
        assert plain.class_names[old] in grouped.class_names[new].split(", ")
    np.testing.assert_array_equal(grouped.x_train, plain.x_train)
    assert grouped.y_test.dtype == "int32" and grouped.checksum == plain.checksum


@given(
    groups=st.lists(st.lists(st.sampled_from([*range(10), -1, 10, 0.0, True, "a", None])))
    | st.just([[float(n) for n in range(10)]])
    | st.just([[0, True, *range(2, 10)]])
    | st.just([[*range(10)], []])
)
@examples(30)
def test_what_is_no_partition_is_refused(groups):
    members = [one for group in groups for one in group]
    assume({*map(type, members)} != {int} or sorted(members) != [*range(10)] or [] in groups)
    assert not accepted("groups", lambda groups: datasets.load(**SUBSET, groups=groups), groups)


@given(
    size=st.integers(1, 20),
    counts=st.tuples(*[st.integers(0, 2)] * 3).filter(any),
    object_sizes=st.tuples(*[st.integers(1, 9)] * 3),
    seed=st.integers(0, 2**40),
)
@examples(10)
def test_scenes_hold_what_was_asked_for_or_say_that_it_does_not_fit(
    size, counts, object_sizes, seed
):
    try:
        data = datasets.scenes(3, 2, size, counts, object_sizes, seed=seed)
    except ValueError as error:
        assert "counts and object_sizes" in str(error)
        # Less than half of a picture in squares of one size leaves room in any case.
        assert sum(counts) > 1 or max(object_sizes) > size
        return
    assert data.x_train.shape == (3, size, size, 1) and data.y_test.shape == (2, size, size)
    assert data.x_train.dtype == "float32" and data.y_train.dtype == "int32"
    assert (data.x_train >= 0).all() and (data.x_train <= 1).all()
    objects = data.train_objects
    assert [(objects.sizes == kind).sum() for kind in range(3)] == [3 * n for n in counts]
    assert ((objects.boxes[..., 2:] - objects.boxes[..., :2]).max(-1) >= 1).all()
    assert (objects.boxes >= 0).all() and (objects.boxes <= size).all()
