"""Figures of correlations show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from reslib import figures


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_decay_shows_means_errors_and_theory():
    measured = pd.DataFrame({1: [0.4, 0.6], 4: [0.1, 0.3]})
    _, ax = plt.subplots()
    figures.decay(ax, measured, lambda depth: 1 / depth, label="ours")
    theory, dots = sorted(ax.lines, key=lambda line: len(line.get_xdata()), reverse=True)[:2]
    np.testing.assert_allclose(theory.get_xydata(), [(k, 1 / k) for k in (1, 2, 3, 4)])
    np.testing.assert_allclose(dots.get_xydata(), [(1, 0.5), (4, 0.2)])
    ((bars,),) = [container.lines[2] for container in ax.containers]
    heights = [segment[1, 1] - segment[0, 1] for segment in bars.get_segments()]
    np.testing.assert_allclose(heights, 0.4)  # ± two standard errors of 0.1
    assert ax.get_yscale() == "log"


def test_dot_rows_shows_every_seed_and_the_mean():
    table = pd.DataFrame({"a": {"one": [1, 3], "two": [5, 7, 9]}, "b": {"one": [0], "two": [2]}})
    axes = figures.dot_rows(table, ["red", "blue"], "title").axes
    drawn = [line.get_xydata().tolist() for line in axes[0].lines]
    assert drawn == [[[1, 0], [3, 0]], [[2, 0]], [[5, 1], [7, 1], [9, 1]], [[7, 1]]]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["one", "two"]
    assert [ax.get_xlabel() for ax in axes] == ["a", "b"]


def test_autocorrelations_has_a_panel_for_each_kind():
    values = [1.0, 0.5, 0.2]
    kinds = {"plain": {2: values, 10: values}, "residual, β = 0.1": {2: values, 10: values}}
    axes = figures.autocorrelations(kinds, {"white": values, "brown": values}, "title").axes
    assert [ax.get_title() for ax in axes] == list(kinds)
    for ax, color in zip(axes, ("plain", "residual"), strict=True):
        assert [line.get_label() for line in ax.lines] == [
            "2 layers",
            "10 layers",
            "white",
            "brown",
        ]
        assert ax.lines[0].get_color() == figures.COLORS[color]
        assert ax.lines[0].get_alpha() < ax.lines[1].get_alpha()


def test_signals_are_scaled_to_their_largest_value():
    x = np.linspace(0, 1, 3)
    axes = figures.signals(x, {"a": (np.array([1, -4, 2]), "plain"), "b": (x, "control")}, "t").axes
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), [0.25, -1, 0.5])
