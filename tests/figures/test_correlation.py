"""Figures of correlations show the numbers they are given, and say them in a sentence."""

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


def test_laws_draw_a_panel_for_each_family_and_a_dashed_line_for_a_theory_alone():
    measured = pd.DataFrame({1: [0.4, 0.6], 64: [0.1, 0.3]})
    few = {"halves": ("plain", pd.DataFrame({1: [0.5, 0.5], 4: [0.1, 0.3]}), lambda L: 0.5**L)}
    many = {
        "ours": ("residual", measured, lambda L: 1 / L),
        "theirs": ("control", None, lambda L: L**-0.5),
    }
    figure = figures.laws({"few": few, "many": many}, "Seen")
    assert [ax.get_title() for ax in figure.axes] == ["few", "many"]
    assert [ax.get_xscale() for ax in figure.axes] == ["linear", "log"]
    (dashed,) = [line for line in figure.axes[1].lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(dashed.get_ydata(), dashed.get_xdata() ** -0.5)
    assert figure.get_label().endswith(
        "halves: 0.5, 0.2 with 1, 4 layers; ours: 0.5, 0.2 with 1, 64 layers."
    )


def test_dot_rows_shows_every_seed_and_the_mean():
    table = pd.DataFrame({"a": {"one": [1, 3], "two": [5, 7, 9]}, "b": {"one": [0], "two": [2]}})
    figure = figures.dot_rows(table, ["red", "blue"], "title")
    axes = figure.axes
    drawn = [line.get_xydata().tolist() for line in axes[0].lines]
    assert drawn == [[[1, 0], [3, 0]], [[2, 0]], [[5, 1], [7, 1], [9, 1]], [[7, 1]]]
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["one", "two"]
    assert axes[0].get_ylim() == (1.5, -0.5)  # the first row on top, with room for its bar
    assert [ax.get_xlabel() for ax in axes] == ["a", "b"]
    assert figure.get_label().endswith("a: one 2, two 7; b: one 0, two 2.")


def test_autocorrelations_has_a_panel_for_each_kind():
    values = [1.0, 0.5, 0.2]
    kinds = {"plain": {2: values, 10: values}, "residual, β = 0.1": {2: values, 10: values}}
    figure = figures.autocorrelations(kinds, {"white": values, "brown": values}, "title")
    axes = figure.axes
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
    assert "plain: 0.50, 0.50; residual, β = 0.1: 0.50, 0.50." in figure.get_label()


def test_signals_are_scaled_to_the_largest_value_shown_and_described_whole():
    x = np.linspace(0, 1, 4)
    curves = {
        "a": (np.array([1.0, -4, 2, 9]), "plain"),
        "b": (np.array([1.0, -1, 1, -1]), "control"),
    }
    figure = figures.signals(x, curves, "t", shown=slice(0, 3))
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [0.25, -1, 0.5])
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), x[:3])
    assert figure.get_label().endswith("b -0.75.")


@pytest.mark.parametrize(("count", "rows"), [(3, 1), (5, 2), (6, 2)])
def test_signals_stand_at_most_three_side_by_side(count, rows):
    curves = {str(k): (np.array([1.0, 2, 1]), "plain") for k in range(count)}
    axes = figures.signals(np.arange(3.0), curves, "t").axes
    assert [ax.get_title() for ax in axes if ax.get_visible()] == [str(k) for k in range(count)]
    assert len({round(ax.get_position().y0, 3) for ax in axes}) == rows


def test_flips_show_the_mean_of_each_depth_and_step_beside_the_law():
    rows = [(4, 0.1, 0.02, 0.96), (4, 0.1, 0.04, 0.92), (24, 0.1, 1.0, 0.1), (24, 0.2, 2.0, 0.0)]
    table = pd.DataFrame(rows, columns=["depth", "step", "flips", "autocorrelation"])
    figure = figures.flips(table, "Seen")
    (ax,) = figure.axes
    law, *dots = [line for line in ax.lines if len(line.get_xdata())]
    np.testing.assert_allclose(law.get_ydata(), np.exp(-2 * law.get_xdata()))
    drawn = sorted(tuple(point) for line in dots for point in line.get_xydata())
    np.testing.assert_allclose(drawn, [(0.03, 0.94), (1, 0.1), (2, 0)])
    away = [abs(y - np.exp(-2 * x)) for x, y in drawn]
    assert f"{np.mean(away):.2f} away" in figure.get_label()
    assert f"at most {max(away):.2f}." in figure.get_label()


def test_size_and_correlation_names_every_network_apart_from_the_others():
    rows = [("plain one", 0.0, 0.0), ("plain two", 0.02, 0.1), ("skips", 0.9, 0.2)]
    table = pd.DataFrame(rows * 2, columns=["network", "autocorrelation", "size"])
    figure = figures.size_and_correlation(table, "Seen")
    (ax,) = figure.axes
    names = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert abs(names["plain one"] - names["plain two"]) > 0.5
    assert "skips 0.90 and 10^0.2" in figure.get_label()
    colors = {line.get_color() for line in ax.lines}
    assert colors == {figures.COLORS["plain"], figures.COLORS["residual"]}


def test_steps_mark_what_did_not_arrive_with_an_arrow():
    rows = [("plain", 8, 20), ("plain", 8, 40), ("plain", 16, 90), ("plain", 16, np.inf)]
    rows += [("plain", 32, np.inf), ("residual", 8, 10), ("residual", 16, 10), ("residual", 32, 10)]
    table = pd.DataFrame(rows, columns=["network", "depth", "steps"])
    figure = figures.steps(table, "depth", 150, "Seen", xlabel="Layers", ticks=(8, 16, 32))
    (ax,) = figure.axes
    plain, residual = ax.lines
    np.testing.assert_allclose(plain.get_ydata(), [30, 120, 150])
    np.testing.assert_allclose(residual.get_ydata(), [10, 10, 10])
    arrows = [text for text in ax.texts if text.arrow_patch and not text.get_text()]
    assert [arrow.xy[0] for arrow in arrows] == [16, 32]
    assert "plain 30, 120, more than 150 at 8, 16, 32" in figure.get_label()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["8", "16", "32"]


def test_steps_can_be_drawn_from_the_largest_to_the_least():
    table = pd.DataFrame({"network": "plain", "alike": [1.0, 0.0], "steps": [10, 100]})
    (ax,) = figures.steps(table, "alike", 150, "Seen", xlabel="Cosine", falling=True).axes
    assert ax.xaxis_inverted()
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [1, 0])


def test_steps_name_lines_of_different_length_beside_the_axes_where_no_name_covers_a_line():
    rows = [("plain", 8, 20), ("plain", 32, 90), ("residual", 8, 10), ("residual", 16, 10)]
    table = pd.DataFrame(rows, columns=["network", "depth", "steps"])
    figure = figures.steps(table, "depth", 150, "Seen", xlabel="Layers")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["plain", "residual"]
    assert ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1
    assert not [text for text in ax.texts if text.get_text()]
