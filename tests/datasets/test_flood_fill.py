"""Flood fill in a row, held against SciPy's labelling of connected cells."""

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from reslib.datasets import Dataset, flood_fill

ALONG_THE_ROW = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]])


def splits(data):
    return (data.x_train, data.y_train), (data.x_test, data.y_test)


@given(cells=st.integers(1, 70), wall_probability=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_in_reach_is_the_connected_part_that_holds_the_mark(cells, wall_probability, seed):
    for x, y in splits(flood_fill(30, 20, cells, wall_probability, seed)):
        wall, mark = np.moveaxis(x, -1, 0) == 1
        parts, _ = ndimage.label(~wall, ALONG_THE_ROW)
        np.testing.assert_array_equal(y, parts == parts[mark][:, None])


def test_each_row_has_one_mark_which_is_no_wall():
    for x, y in splits(flood_fill(500, 300, wall_probability=0.9)):
        assert set(np.unique(x)) == {0, 1}
        np.testing.assert_array_equal(x[..., 1].sum(axis=1), 1)
        assert not (x[..., 0] * x[..., 1]).any()
        assert (y[x[..., 1] == 1] == 1).all()


def test_form():
    data = flood_fill(30, 20, cells=9)
    assert isinstance(data, Dataset)
    assert data.x_train.shape == (30, 9, 2) and data.x_train.dtype == "float32"
    assert data.y_test.shape == (20, 9) and data.y_test.dtype == "int32"
    assert set(np.unique(data.y_train)) == {0, 1} and len(data.class_names) == 2
    assert repr(data) == "<flood_fill: 30 training and 20 test rows of 9 cells, 2 classes>"
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.x_train = None


def test_defaults_are_those_of_the_course():
    data = flood_fill()
    assert data.x_train.shape == (20_000, 64, 2) and data.x_test.shape == (2000, 64, 2)
    no_mark = data.x_train[..., 1] == 0
    assert abs(data.x_train[no_mark, 0].mean() * 40 - 1) < 0.03  # five standard errors


@pytest.mark.parametrize("wall_probability", [0.025, 0.7])
def test_marks_are_as_likely_everywhere(wall_probability):
    x = flood_fill(16_000, 1, 16, wall_probability).x_train
    counts = x[..., 1].sum(axis=0)
    assert np.sum((counts - 1000) ** 2 / 1000) < 37.7  # chi-square, 15 degrees, p = .001


def test_without_walls_all_is_in_reach_and_with_walls_alone_only_the_mark():
    assert flood_fill(20, 20, wall_probability=0).y_train.all()
    data = flood_fill(20, 20, wall_probability=1)
    np.testing.assert_array_equal(data.y_test, data.x_test[..., 1])


def test_same_seed_same_rows(monkeypatch):
    def everything(data):
        return [data.x_train, data.y_train, data.x_test, data.y_test]

    def same(one, other):
        return [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]

    data, again, other = flood_fill(60, 40), flood_fill(60, 40), flood_fill(60, 40, seed=1)
    assert all(same(everything(data), everything(again))) and again.checksum == data.checksum
    assert not any(same(everything(data), everything(other))) and other.checksum != data.checksum
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    assert all(same(everything(flood_fill(60, 40)), everything(other)))


def test_first_rows_do_not_hang_on_their_number():
    few, many = flood_fill(60, 40), flood_fill(501, 7)
    np.testing.assert_array_equal(many.x_train[:60], few.x_train)
    np.testing.assert_array_equal(few.x_test[:7], many.x_test)


def test_training_and_test_rows_are_others():
    data = flood_fill(100, 100)
    assert not np.array_equal(data.x_train, data.x_test)


def test_twenty_thousand_rows_take_less_than_a_second():
    started = time.process_time()
    flood_fill(20_000, 2000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "arguments, name",
    [
        ({"train_size": 0}, "train_size"),
        ({"test_size": 2.5}, "test_size"),
        ({"cells": "64"}, "cells"),
        ({"wall_probability": -0.1}, "wall_probability"),
        ({"wall_probability": 1.1}, "wall_probability"),
        ({"wall_probability": float("nan")}, "wall_probability"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        flood_fill(**{"train_size": 2, "test_size": 2, **arguments})
