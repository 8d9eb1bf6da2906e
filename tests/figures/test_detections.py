"""Which colour a box is drawn in: the verdict on every box and object is known."""

import numpy as np
from matplotlib.colors import to_hex

from reslib.datasets import SceneObjects
from reslib.detection import Detections
from reslib.figures.detections import VERDICTS, detections

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
