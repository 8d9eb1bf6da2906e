"""What is drawn of a computation graph and of a network's health."""

import numpy as np
import pandas as pd
import pytest

from reslib import figures

PLACES = {"a": (0, 0), "×": (2, 1), "f": (4, 1)}


def test_each_edge_carries_its_value_above_its_gradient():
    figure = figures.computation_graph(PLACES, [("a", "×", 7, -2.5), ("×", "f", 3, 1)], "Seen")
    texts = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert set(PLACES) | {"7", "-2.5", "3", "1"} <= set(texts)
    assert texts["7"][1] > texts["-2.5"][1] and texts["3"][1] > texts["1"][1]
    assert texts["3"][0] == pytest.approx(3)  # in the middle of its arrow
    assert figure.get_suptitle() == "Seen"


def health(steps):
    return pd.DataFrame({"saturated": [0.1, 0.2, 0.3], "gradient norm": np.full(3, 1.0 + steps)})


def test_health_panel_has_a_row_for_each_measure_and_a_column_for_each_network():
    records = {name: {0: health(0), 10: health(10)} for name in ("one", "two", "three")}
    figure = figures.health_panel(records, "Seen")
    assert len(figure.axes) == 2 * 3
    assert [ax.get_title() for ax in figure.axes[:3]] == ["one", "two", "three"]
    assert [ax.get_yscale() for ax in figure.axes] == ["linear"] * 3 + ["log"] * 3
    start, later = figure.axes[3].lines
    np.testing.assert_array_equal(start.get_xydata(), [[1, 1], [2, 1], [3, 1]])
    np.testing.assert_array_equal(later.get_ydata(), [11, 11, 11])
    assert float(start.get_color()) < float(later.get_color())  # the earliest is darkest


def test_health_panel_says_what_the_gauges_read_last():
    figure = figures.health_panel({"one": {0: health(0), 10: health(10)}}, "Seen")
    assert figure.get_label() == (
        "From the first layer to the last. one, after 10 steps: saturated 0.1 to 0.3, "
        "gradient norm 11 to 11."
    )


@pytest.mark.parametrize("moments, legends", [((0,), 0), ((0, 10), 1)])
def test_health_panel_names_the_moments_where_there_are_several(moments, legends):
    figure = figures.health_panel({"one": {steps: health(steps) for steps in moments}}, "Seen")
    assert sum(ax.get_legend() is not None for ax in figure.axes) == legends


@pytest.fixture
def trials():
    return pd.DataFrame(
        {
            "network": ["a", "a", "b", "b"],
            "saturated": [0.5, 0.5, 0.0, 0.0],
            "gradient norm": [1.0, 1.0, 2.0, 2.0],
            "update ratio": [1e-6, 1e-3, 1e-3, 1.0],
            "loss": [2.2, 0.5, 0.7, np.nan],
        }
    )


def test_gauges_draw_each_training_in_each_panel_and_a_diverged_one_at_the_top(trials):
    figure = figures.gauges(trials, "Seen", window=(1e-4, 1e-1), steps=100)
    for ax, gauge in zip(figure.axes, ("saturated", "gradient norm", "update ratio"), strict=True):
        points = np.concatenate([line.get_xydata() for line in ax.lines if line.get_ls() == "None"])
        expected = np.column_stack([trials[gauge], trials["loss"].fillna(3.2)])
        np.testing.assert_allclose(np.sort(points, axis=0), np.sort(expected, axis=0))
        assert ax.get_ylim()[1] > 3.2


def test_gauges_say_the_best_loss_inside_and_outside_of_the_window(trials):
    label = figures.gauges(trials, "Seen", window=(1e-4, 1e-1), steps=100).get_label()
    assert label.startswith("Training loss after 100 steps of 4 networks")
    assert "from 0.0001 to 0.1 the best reaches 0.50, of the others 2.20" in label


TABLE = pd.DataFrame([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0]], index=[2, 3])
LINE_STYLES = {"a": {"color": "black"}, "b": {"color": "red"}}


def test_layer_curves_draw_the_median_and_the_range():
    two_panels = {"one": {"a": TABLE}, "two": {"a": TABLE, "b": TABLE}}
    one, two = figures.layer_curves(two_panels, "", LINE_STYLES).axes
    np.testing.assert_array_equal(one.lines[0].get_xydata(), [[2, 2], [3, 4]])
    assert (len(one.lines), len(two.lines)) == (1, 2)
    (path,) = one.collections[0].get_paths()
    assert {1.0, 9.0, 3.0, 5.0} == set(path.vertices[:, 1])


def test_layer_curves_say_where_each_line_begins_and_ends():
    figure = figures.layer_curves({"": {"a": TABLE}}, "", LINE_STYLES)
    median = "Layer 2 to 3, median of 3 networks (bands: least to most)."
    assert figure.get_label() == f"{median} a from 2 to 4."
    figure = figures.layer_curves({"p": {"a": TABLE[[0]]}}, "", LINE_STYLES, xlabel="Depth")
    assert figure.get_label() == "Depth 2 to 3, one network. p: a from 1 to 3."


@pytest.mark.parametrize("factor, direct", [(1.0, False), (100.0, True)])
def test_layer_curves_label_lines_directly_where_they_end_apart(factor, direct):
    figure = figures.layer_curves({"": {"a": TABLE, "b": factor * TABLE}}, "", LINE_STYLES)
    assert {text.get_text() for text in figure.axes[0].texts} == ({"a", "b"} if direct else set())
    assert len(figure.legends) == (not direct)


def test_growth_curves_draw_predictions_and_every_network():
    predicted = pd.DataFrame({"a": [0.5, 1.0, 2.0]}, index=[0.5, 1, 2])
    measured = {"a": pd.DataFrame({0: [0.5, 1.0, 2.0], 1: [0.55, 1.1, 2.2]}, index=[0.5, 1, 2])}
    figure = figures.growth_curves(predicted, measured, "Seen", LINE_STYLES, {"Glorot": 1})
    line, *dots = figure.axes[0].lines[:3]
    np.testing.assert_array_equal(line.get_xydata(), [[0.5, 0.5], [1, 1], [2, 2]])
    np.testing.assert_array_equal([d.get_ydata() for d in dots], measured["a"].values.T)
    assert figure.get_label() == (
        "Growth per layer at gains from ½ to 2: predicted (lines) and measured (dots, 2 networks "
        "each). They differ by 4.9% on average."
    )


def test_growth_rows_stand_in_groups_with_their_means():
    groups = {"good": {"r": [1.0, 1.0]}, "bad": {"s": [0.25, 1.0], "t": [2.0, 2.0]}}
    figure = figures.growth_rows(groups, "Seen")
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["r", "s", "t"]
    drawn = {tuple(line.get_ydata()): tuple(line.get_xdata()) for line in ax.lines[:3]}
    rows = dict(zip(["r", "s", "t"], ax.get_yticks(), strict=True))
    assert drawn == {
        (rows["r"],) * 2: (1, 1),
        (rows["s"],) * 2: (0.25, 1),
        (rows["t"],) * 2: (2, 2),
    }
    assert {"1.00", "0.50", "2.00", "good", "bad"} <= {text.get_text() for text in ax.texts}
    assert "good: 0 of 1 below 0.9, 0 above 1.1; bad: 1 of 2 below 0.9, 1 above 1.1." in (
        figure.get_label()
    )


def test_parts_of_the_error_stand_on_one_another():
    table = pd.DataFrame({"bias²": [3.0, 1.0], "variance": [0.5, 2.0], "test": [4.4, 4.1]})
    figure = figures.error_parts(table, 1.0, "")
    bars = [[(b.get_y(), b.get_height()) for b in group] for group in figure.axes[0].containers]
    assert bars == [[(0, 1), (0, 1)], [(1, 3), (1, 1)], [(4, 0.5), (2, 2)]]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), table["test"])
    assert figure.get_label() == (
        "Mean squared error against the degree. Without the noise, bias² makes 86% of it at degree "
        "0 and variance makes 67% of it at degree 1. The error is lowest at degree 1. Noise, bias² "
        "and variance together miss the measured error by 2.4% at most."
    )


def test_unfinished_figures_are_not_left_for_jupyter_to_show():
    import matplotlib.pyplot as plt

    figures.panels(2, title="Half done")
    assert not plt.get_fignums()
