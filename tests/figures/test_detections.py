"""Which colour a box is drawn in: the verdict on every box and object is known."""

import numpy as np
from matplotlib.colors import to_hex

from reslib.datasets import SceneObjects
from reslib.detection import Detections, Grid
from reslib.figures.detections import VERDICTS, detections, four_distances, positions

BOXES = np.array([[0, 0, 10, 10], [20, 20, 40, 40], [0, 40, 20, 60], [44, 0, 64, 20]])
LABELS = np.array([1, 2, 3, 4])


def drawn(boxes, labels, scores):
    """The verdicts by their colour, in one picture of the four objects."""
    truth = SceneObjects(BOXES[None], LABELS[None], np.array([[0, 1, 1, 1]]), None)
    found = Detections(np.array([boxes], "float32"), np.array([labels]), np.array([scores]))
    figure = detections(np.zeros((1, 64, 64, 1)), truth, {"some": found}, "Title")
    names = {color.lower(): name for name, (color, _) in VERDICTS.items()}
    there, some = (ax.patches for ax in figure.axes)
    assert [box.get_xy() for box in there] == [(left - 0.5, top - 0.5) for top, left, *_ in BOXES]
    return [names[to_hex(box.get_edgecolor())] for box in some]


def test_each_box_has_its_verdict():
    boxes = [BOXES[0], BOXES[1] + 1, BOXES[2] + 15, BOXES[0], BOXES[3]]
    verdicts = drawn(boxes, [1, 3, 3, 5, 4], [0.9, 0.8, 0.7, 0.6, 0.1])
    # The fourth is where a better one is, the last is too uncertain to be drawn.
    assert verdicts == ["found", "wrong class", "false alarm", "missed", "missed"]


def test_where_nothing_is_found_all_are_missed():
    assert drawn([[0, 0, 0, 0]], [0], [0]) == ["missed"] * 4


def test_the_sentence_counts_the_verdicts():
    truth = SceneObjects(BOXES[None], LABELS[None], np.array([[0, 1, 1, 1]]), None)
    found = Detections(BOXES[None].astype("float32"), np.array([[1, 2, 3, 9]]), np.ones((1, 4)))
    figure = detections(np.zeros((1, 64, 64, 1)), truth, {"some": found}, "Title")
    assert "'some' 3 found, 1 wrong class, 0 false alarm, 0 missed." in figure.get_label()


def test_four_distances_lead_from_a_position_to_the_sides():
    grid = Grid((64, 64), (2, 4, 8))
    box = (8, 16, 40, 32)  # 32 pixels long: on the level of 8 pixels
    figure = four_distances(np.zeros((64, 64, 1)), box, grid, "Title")
    (ax,) = figure.axes
    arrows = [text for text in ax.texts if not text.get_text()]
    row, column = {(text.xyann[1] + 0.5, text.xyann[0] + 0.5) for text in arrows}.pop()
    assert len({text.xyann for text in arrows}) == 1 and (row, column) in grid.centres
    ends = {(text.xy[1] + 0.5, text.xy[0] + 0.5) for text in arrows}
    assert ends == {(8, column), (row, 16), (40, column), (row, 32)}
    cells = (row - 8, column - 16, 40 - row, 32 - column)
    words = ("top", "left", "bottom", "right")
    said = ", ".join(f"{word} {c / 8:.1f}" for word, c in zip(words, cells, strict=True))
    assert f"in cells of 8 pixels: {said}." in figure.get_label()


def test_positions_are_those_of_the_grid():
    objects = SceneObjects(BOXES[None], LABELS[None], np.array([[0, 1, 1, 2]]), None)
    grid = Grid((64, 64), (16,))
    figure = positions(np.zeros((64, 64, 1)), objects, {"coarse": grid}, "Title")
    (ax,) = figure.axes
    owners = grid.owners(BOXES[None])[0]
    for size, dots in enumerate(ax.lines):
        own = [i for i in np.flatnonzero(owners >= 0) if objects.sizes[0, owners[i]] == size]
        drawn_at = np.stack([dots.get_ydata(), dots.get_xdata()], axis=-1) + 0.5
        np.testing.assert_array_equal(drawn_at.reshape(-1, 2), grid.centres[own])
    assert "coarse 100%, 100%, 100%." in figure.get_label()
