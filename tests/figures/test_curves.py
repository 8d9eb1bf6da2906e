"""What is drawn of errors against the epoch and against depth."""

import numpy as np
import pandas as pd
import pytest

from reslib import figures

ERRORS = {("plain", 20): (0.5, 0.3), ("plain", 56): (0.6, 0.8), ("residual", 56): (0.5, 0.1)}


@pytest.fixture
def table():
    """Two seeds a tenth above and below the given errors; test errors are five points more."""
    rows = []
    for (kind, depth), errors in ERRORS.items():
        for epoch, error in enumerate(errors, 1):
            for seed, factor in enumerate((0.9, 1.1)):
                train = error * factor
                rows.append((kind, depth, seed, epoch, train, train + 0.05))
    columns = ["kind", "depth", "seed", "epoch", "train_error", "test_error"]
    return pd.DataFrame(rows, columns=columns)


def test_error_curves_draw_the_mean_of_each_network_in_both_panels(table):
    figure = figures.error_curves(table, "Seen", kind="kind")
    for ax, more in zip(figure.axes, (0, 0.05), strict=True):
        drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
        assert set(drawn) == {"plain-20", "plain-56", "residual-56"}
        for (kind, depth), errors in ERRORS.items():
            np.testing.assert_allclose(drawn[f"{kind}-{depth}"], np.add(errors, more))
        low, high = ax.get_ylim()
        assert low == 0 and high >= 0.8 * 1.1 + 0.05  # the highest band of either panel is seen


def test_error_curves_say_the_last_errors(table):
    sentence = figures.error_curves(table, "Seen", kind="kind").get_label()
    assert sentence.startswith("Training / test error after epoch 2 (mean of 2 seeds")
    assert "plain-56 80.0% / 85.0%; residual-56 10.0% / 15.0%." in sentence


def test_depth_curves_draw_and_say_the_error_at_each_depth(table):
    final = table[table.epoch == 2]
    figure = figures.depth_curves(final, "Seen", kind="kind", of="cells")
    plain, residual = figure.axes[0].lines
    np.testing.assert_allclose(plain.get_xydata(), [[20, 0.35], [56, 0.85]])
    np.testing.assert_allclose(residual.get_xydata(), [[56, 0.15]])
    assert figure.axes[0].get_ylabel() == "Test error\n(share of cells)"
    assert "plain 35.0%, 85.0%; residual 15.0%." in figure.get_label()


def test_depth_curves_say_over_how_many_seeds(table):
    plain = table[(table.epoch == 2) & (table.kind == "plain")]
    assert "(mean of 2 seeds;" in figures.depth_curves(plain, "Seen").get_label()
    more = pd.concat([plain, plain[plain.depth == 56].assign(seed=2)])
    assert "(mean of 2 to 3 seeds;" in figures.depth_curves(more, "Seen").get_label()


def test_labels_stand_at_the_ends_of_their_lines_and_apart():
    figure, ax = figures.panels(title="Seen")
    for name, last in {"a": 1, "b": 1.001, "c": 3}.items():
        ax.plot([0, 1], [0, last], label=name)
    figures.label_ends(ax)
    figure.draw_without_rendering()
    places = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert set(places) == {"a", "b", "c"}
    assert places["a"].y1 <= places["b"].y0 < places["c"].y0
    end, _ = ax.transData.transform((1, 0))
    assert all(place.x0 > end for place in places.values())
