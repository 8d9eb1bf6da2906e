"""What is drawn of a computation graph and of a network's health."""

import numpy as np
import pandas as pd
import pytest

from reslib import figures

PLACES = {"a": (0, 0), "×": (2, 1), "f": (4, 1)}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


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
