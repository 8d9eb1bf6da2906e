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


def test_layer_curves_draw_the_median_and_the_range():
    table = pd.DataFrame([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0]], index=[2, 3])
    styles = {"a": {"color": "black"}, "b": {"color": "red"}}
    figure = figures.layer_curves(
        {"one": {"a": table}, "two": {"a": table, "b": table}}, "", styles
    )
    one, two = figure.axes
    np.testing.assert_array_equal(one.lines[0].get_xydata(), [[2, 2], [3, 4]])
    assert (len(one.lines), len(two.lines)) == (1, 2)
    (path,) = one.collections[0].get_paths()
    assert {1.0, 9.0, 3.0, 5.0} == set(path.vertices[:, 1])


def test_growth_maps_write_each_factor_in_its_cell():
    table = pd.DataFrame([[0.25, 1.0], [2.0, 8.0]], index=["r", "s"], columns=["c", "d"])
    figure = figures.growth_maps({"one": table}, "")
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert written == {(0, 0): "0.25", (1, 0): "1.00", (0, 1): "2.00", (1, 1): "8.00"}


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
