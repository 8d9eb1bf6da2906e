"""What is drawn of networks without some of their blocks, of branches, gates and paths."""

from math import comb

import numpy as np
import pandas as pd
import pytest

from reslib import figures


def two_seeds(*means):
    """A table whose columns have these means, a tenth above and below."""
    return pd.DataFrame([np.multiply(means, 0.9), np.multiply(means, 1.1)])


def lines_of(ax):
    return {line.get_label(): line.get_ydata() for line in ax.lines}


def test_block_errors_draw_each_block_and_the_whole_network():
    tables = {"plain": two_seeds(0.8, 0.9), "residual": two_seeds(0.2, 0.4)}
    whole = {"plain": [0.15, 0.25], "residual": [0.1, 0.1]}
    figure = figures.block_errors(tables, "Seen", whole=whole, guessing=0.9)
    (ax,) = figure.axes
    drawn = lines_of(ax)
    np.testing.assert_allclose(drawn["plain"], [0.8, 0.9])
    np.testing.assert_allclose(drawn["residual"], [0.2, 0.4])
    dotted = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(dotted, [0.2, 0.1])
    assert ax.get_xticks().tolist() == [1, 2] and ax.get_ylim() == (0, 1)
    assert "guessing" in [text.get_text() for text in ax.texts]
    assert "plain 85% (whole 20%); residual 30% (whole 10%)" in figure.get_label()
    assert "mean of 2 seeds" in figure.get_label()


def test_block_errors_draw_rises_in_points():
    tables = {"residual": two_seeds(0.2, 0.4), "residual, scaled": two_seeds(-0.1, 0.1)}
    figure = figures.block_errors(tables, "Seen")
    (ax,) = figure.axes
    assert ax.get_ylabel() == "Rise of the test error\n(points)"
    np.testing.assert_allclose(lines_of(ax)["residual"], [20, 40])
    assert ax.yaxis.get_major_formatter()(40) == "40"
    assert "in points: residual 30; residual, scaled 0." in figure.get_label()
    assert (
        figure.get_label().startswith("Rise of the test error")
        and "dotted" not in figure.get_label()
    )
    one, other = ax.lines
    assert one.get_color() == other.get_color()  # a variant is drawn as its network, broken
    assert (one.get_linestyle(), other.get_linestyle()) == ("-", "--")


def test_order_curves_draw_the_error_for_each_number_of_pairs():
    tables = {"plain": two_seeds(0.25, 0.5, 0.75), "residual": two_seeds(0.25, 0.3, 0.05)}
    figure = figures.order_curves(tables, "Seen")
    plain, _ = figure.axes[0].lines
    np.testing.assert_allclose(plain.get_xydata(), [[0, 0.25], [1, 0.5], [2, 0.75]])
    assert figure.get_label().startswith("Test error with 0, 1, 2 pairs")
    assert "plain 25%, 50%, 75%; residual 25%, 30%, 5.0%." in figure.get_label()


def test_path_lengths_weigh_each_length_by_its_paths():
    norms = pd.DataFrame([[4.0, 2.0, 1.0, 0.5]] * 2)
    figure = figures.path_lengths({"untrained": norms}, "Seen")
    left, right = figure.axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [1, 1 / 2, 1 / 4, 1 / 8])
    carried = np.array([4 * 1, 2 * 3, 1 * 3, 0.5 * 1])
    np.testing.assert_allclose(right.lines[0].get_ydata(), carried / carried.sum())
    np.testing.assert_allclose(right.lines[1].get_ydata(), [comb(3, k) / 8 for k in range(4)])
    assert left.get_yscale() == "log"
    length = carried @ np.arange(4) / carried.sum()
    assert f"untrained {length:.1f}; of the paths 1.5." in figure.get_label()


def test_branch_sizes_draw_each_depth_beside_the_root():
    untrained = {8: two_seeds(1.0, 0.5, 0.6), 20: two_seeds(*[0.3] * 9)}
    figure = figures.branch_sizes(untrained, "Seen", {8: two_seeds(0.9, 0.8, 0.7)})
    drawn = lines_of(figure.axes[0])
    np.testing.assert_allclose(drawn["8 layers, untrained"], [1.0, 0.5, 0.6])
    np.testing.assert_allclose(drawn["8 layers, trained"], [0.9, 0.8, 0.7])
    np.testing.assert_allclose(drawn["1/√(block)"], [n**-0.5 for n in range(1, 10)])
    assert "8 layers, untrained: 0.70; 20 layers, untrained: 0.30; 8 layers, trained: 0.80" in (
        figure.get_label()
    )


@pytest.fixture
def cases():
    return {
        (task, start): two_seeds(0.1, size, 0.4)
        for (task, start), size in {
            ("near", "start shut"): 0.3,
            ("far", "start shut"): 0.2,
            ("near", "start open"): 0.0,
            ("far", "start open"): 0.5,
        }.items()
    }


def test_gate_sizes_have_a_panel_for_each_start_and_a_row_for_each_seed_of_a_task(cases):
    figure = figures.gate_sizes(cases, "Seen", shut=0.1)
    shut, opened = figure.axes[:2]
    assert (shut.get_title(), opened.get_title()) == ("Gates start shut", "Gates start open")
    tables = [cases[task, "start open"] for task in ("near", "far")]
    np.testing.assert_allclose(opened.images[0].get_array(), np.concatenate(tables))
    assert [label.get_text() for label in shut.get_yticklabels()] == ["near", "far"]
    assert shut.get_yticks().tolist() == [0.5, 2.5]
    assert [label.get_text() for label in shut.get_xticklabels()] == ["1", "2", "3"]
    crossed = {text.get_position() for text in opened.texts}
    assert crossed == {(0, 0), (0, 2), (1, 0), (1, 1)}  # 0.09 of either task, and both of 0.0
    assert "near, start open 1.5; far, start open 0.5" in figure.get_label()


def test_removal_curves_have_a_panel_for_each_task_and_a_line_for_each_start(cases):
    figure = figures.removal_curves(cases, "Seen")
    near, far = figure.axes
    assert (near.get_title(), far.get_title()) == ("Near", "Far")
    np.testing.assert_allclose(lines_of(near)["start shut"], [0.1, 0.3, 0.4])
    np.testing.assert_allclose(lines_of(far)["start open"], [0.1, 0.5, 0.4])
    assert "(0, 1, 2)" in figure.get_label()
    assert "near, start shut 10%, 30%, 40%" in figure.get_label()


def test_single_seeds_have_no_spread_to_speak_of(cases):
    alone = {case: table.iloc[:1] for case, table in cases.items()}
    assert "seeds" not in figures.removal_curves(alone, "Seen").get_label()
