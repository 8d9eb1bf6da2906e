"""What is drawn of training and test measures, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from reslib import figures


def results(what, values, seeds=3):
    """Test errors of 0.1 to 0.3 around their mean, 0.2; losses ten times as large."""
    rows = [
        {what: value, "seed": seed, "train_error": 0.01 * i, "test_error": 0.1 * (seed + 1)}
        for i, value in enumerate(values)
        for seed in range(seeds)
    ]
    table = pd.DataFrame(rows)
    return table.assign(train_loss=10 * table.train_error, test_loss=10 * table.test_error)


def test_few_values_stand_at_equal_distances_with_mean_and_spread():
    table = results("weight_decay", [0.0, 0.001, 0.1])
    figure = figures.training_and_test({"Decay": (table, "weight_decay")}, "Seen")
    (ax,) = figure.axes
    test, train = ax.lines
    np.testing.assert_allclose(test.get_xydata(), [[0, 0.2], [1, 0.2], [2, 0.2]])
    np.testing.assert_allclose(train.get_ydata(), [0, 0.01, 0.02])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "0.001", "0.1"]
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0.1, pytest.approx(0.3))


def test_many_values_are_drawn_to_scale():
    table = results("epoch", range(1, 41))
    (ax,) = figures.training_and_test({"Passes": (table, "epoch")}, "").axes
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), range(1, 41))


def test_a_row_for_each_measure_and_a_column_for_each_table():
    table = results("epoch", [1, 2])
    varied = {"one": (table, "epoch"), "two": (table, "epoch"), "three": (table, "epoch")}
    figure = figures.training_and_test(varied, "Seen", measures="loss error")
    assert len(figure.axes) == 2 * 3
    assert [ax.get_title() for ax in figure.axes[:3]] == list(varied)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), 2)
    np.testing.assert_allclose(figure.axes[3].lines[0].get_ydata(), 0.2)


def test_the_sentence_says_the_first_the_lowest_and_the_last_mean():
    table = results("dataset_train_size", [250, 1_000, 12_000])
    table.loc[table.dataset_train_size == 1_000, "test_error"] = 0.15
    figure = figures.training_and_test({"Passes": (table, "dataset_train_size")}, "Seen")
    expected = "Passes: mean test error 20.0% at 250, 15.0% at 1,000, 20.0% at 12,000."
    assert figure.get_label() == expected


@pytest.mark.parametrize("measures", ["", "accuracy", "loss accuracy"])
def test_other_measures_are_refused(measures):
    with pytest.raises(ValueError, match="^measures must be of 'loss', 'error'"):
        figures.training_and_test({"a": (results("epoch", [1]), "epoch")}, "", measures=measures)
