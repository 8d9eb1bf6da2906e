"""Each pixel has the colour of its class; each dot and line stands where its number is."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from reslib import figures
from reslib.figures.scenes import CLASSES

NAMES = ("background", "trousers", "shoe", "bag", "odd")
TRUTH = np.array([[[0, 1, 2, 3, 4]]])
ANSWER = np.array([[[4, 1, 2, 0, 0]]])


def test_a_pixel_has_the_colour_of_its_class():
    figure = figures.dense_labels(
        np.zeros((1, 1, 5, 1)), {"truth": TRUTH, "net": ANSWER}, NAMES, "Seen"
    )
    alone, *columns = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["picture", "truth", "net"]
    assert len(alone.images) == 1
    for ax, labels in zip(columns, (TRUTH, ANSWER), strict=True):
        colors = np.asarray(ax.images[1].get_array())[0]
        for color, label in zip(colors, labels[0, 0], strict=True):
            if label:
                np.testing.assert_allclose(color[:3], to_rgb(CLASSES[label - 1]))
            else:
                assert color[3] == 0  # the picture shows


def test_the_sentence_counts_the_objects_pixels_that_agree():
    figure = figures.dense_labels(
        np.zeros((1, 1, 5, 1)), {"truth": TRUTH, "net": ANSWER}, NAMES, "Seen"
    )
    assert "'truth': in 'net' 50%." in figure.get_label()  # two of four; the background is none
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == list(NAMES[1:])


def test_each_scene_has_its_words():
    two = np.zeros((2, 1, 5, 1)), {"truth": TRUTH.repeat(2, axis=0)}, NAMES, "Seen"
    figure = figures.dense_labels(*two, rows=("before", "after"))
    left = [text.get_text() for ax in figure.axes[::2] for text in ax.texts]
    assert left == ["before", "after"]
    assert not any(ax.texts for ax in figure.axes[1::2])
    with pytest.raises(ValueError):
        figures.dense_labels(*two, rows=("before",))


def table(**measures):
    rows = {"network": ["a", "a", "b", "b"], "seed": [0, 1, 0, 1]}
    return pd.DataFrame({**rows, **measures})


def test_a_dot_for_each_seed_and_a_mark_at_their_mean():
    measured = table(found=[0.1, 0.3, 0.6, 0.8])
    figure = figures.seed_rows(measured, {"found": 0.5}, "Seen")
    (ax,) = figure.axes
    dots, marks = ax.lines[0:4:2], ax.lines[1:4:2]
    assert [list(line.get_xdata()) for line in dots] == [[0.1, 0.3], [0.6, 0.8]]
    np.testing.assert_allclose([line.get_xdata()[0] for line in marks], [0.2, 0.7])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first network is on top
    assert list(ax.lines[4].get_xdata()) == [0.5, 0.5]
    assert figure.get_label() == (
        "Mean of 2 seeds (thick marks; dots are seeds). found: a 20%, b 70%."
    )


def test_without_a_guess_there_is_no_line_for_it():
    figure = figures.seed_rows(table(found=[0.1, 0.3, 0.6, 0.8]), {"found": None}, "Seen")
    assert len(figure.axes[0].lines) == 4 and not figure.axes[0].texts


def test_small_shares_are_drawn_on_half_the_axis():
    for most, right in ((0.4, 0.51), (0.8, 1.02)):
        figure = figures.seed_rows(table(found=[0.1, 0.2, 0.3, most]), {"found": None}, "Seen")
        assert figure.axes[0].get_xlim() == (0, right)


def test_levels_in_their_order_and_the_fused_one_apart():
    rows = [("C2", 0, 0.9), ("C10", 0, 0.5), ("P2", 0, 0.8)]
    rows += [("C2", 1, 0.7), ("C10", 1, 0.3), ("P2", 1, 0.6)]
    known = pd.DataFrame(rows, columns=["level", "seed", "where"])
    figure = figures.level_curves(known, {"where": "where it is"}, "Seen", fused="P2")
    (ax,) = figure.axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.8, 0.4])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [0.7])
    assert ax.lines[1].get_xdata()[0] > ax.lines[0].get_xdata().max()
    assert [text.get_text() for text in ax.get_xticklabels()] == ["C2", "C10", "P2"]
    assert "where it is 80%, 40%, 70%." in figure.get_label()
