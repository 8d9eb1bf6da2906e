"""What is drawn of rows of cells."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from reslib import datasets, figures
from reslib.figures.cells import FILLS


@pytest.fixture(scope="module")
def data():
    return datasets.flood_fill(train_size=4, test_size=1, cells=40)


def fills(ax, bottom, cells):
    """The names of the fills in one row, from left to right."""
    names = {to_hex(color).upper(): name for name, color in FILLS.items()}
    row = [patch for patch in ax.patches if patch.get_y() == bottom and patch.get_x() < cells]
    row.sort(key=lambda patch: patch.get_x())
    return [names[to_hex(patch.get_facecolor()).upper()] for patch in row]


def expected(x, y):
    return [
        "wall" if w else "in reach" if r else "out of reach"
        for w, r in zip(x[:, 0], y, strict=True)
    ]


def test_each_row_shows_its_walls_its_mark_and_what_is_in_reach(data):
    figure = figures.cell_rows(data.x_train, data.y_train, "Seen")
    (ax,) = figure.axes
    marks = {line.get_ydata()[0]: line.get_xdata()[0] for line in ax.lines}
    for row, (x, y) in enumerate(zip(data.x_train, data.y_train, strict=True)):
        bottom = -1.7 * row
        assert fills(ax, bottom, 40) == expected(x, y)
        assert marks[bottom + 0.5] == x[:, 1].argmax() + 0.5
    assert f"{int(data.x_train[..., 0].sum())} walls" in figure.get_label()
    assert f"{data.y_train.mean():.0%} of the cells" in figure.get_label()


def test_a_network_sees_one_cell_less_than_its_depth_to_each_side_within_the_row(data):
    x, y = data.x_train[0], data.y_train[0]
    figure = figures.receptive_fields(x, y, 10, (8, 20, 32), "Seen")
    (ax,) = figure.axes
    assert fills(ax, 0, 40) == expected(x, y)
    bars = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert bars == [(3, 18), (0, 30), (0, 40)]


@pytest.mark.parametrize("away, seen", [(19, "20 and 32 layers"), (20, "with 32 layers")])
def test_the_sentence_says_who_sees_the_mark(away, seen):
    x, y = np.zeros((40, 2)), np.ones(40, int)
    x[2, 1] = 1
    label = figures.receptive_fields(x, y, 2 + away, (8, 20, 32), "Seen").get_label()
    assert f"{away} cells away" in label and seen in label


def test_the_sentence_says_when_nobody_sees_the_mark():
    x, y = np.zeros((40, 2)), np.ones(40, int)
    x[2, 1] = 1
    assert "none" in figures.receptive_fields(x, y, 39, (8, 20), "Seen").get_label()
