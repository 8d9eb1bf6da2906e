"""From a detector's answers to the few boxes that it stands by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from reslib import arguments
from reslib.detection.boxes import iou
from reslib.detection.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False, repr=False)
class Detections:
    """The boxes found in each image, best first.

    Args:
        boxes: `float32` array `(N, most, 4)` of top, left, bottom and right in pixels.
        labels: `int32` array `(N, most)`, from 1 on; 0 where nothing more was found.
        scores: `float32` array `(N, most)`, the probability of that class.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def detect(
    logits: ArrayLike,
    distances: ArrayLike,
    grid: Grid,
    most: int = 20,
    least_score: float = 0.05,
    overlap: float = 0.5,
) -> Detections:
    """Keep the best of the boxes that see the same object (non-maximum suppression).

    All positions inside an object answer for it. Of two boxes of the same class with a larger IoU
    than `overlap` the one with the lower score goes.

    Args:
        logits: Array `(N, positions, classes)`.
        distances: Array `(N, positions, 4)`, in cells.
        grid: The `Grid` of these positions.
        most: Integer, how many boxes an image can have.
        least_score: Float, the score above which a box is one.
        overlap: Float, see above.

    Returns:
        The `Detections`. Of equal scores the one at the earlier position is the better.

    Raises:
        ValueError: for other shapes, as of a single image without its axis; for an argument other
            than those above.
    """
    positions = len(grid.centres)
    most = arguments.positive_integer("most", most)
    least_score = arguments.number("least_score", least_score)
    overlap = arguments.number("overlap", overlap)
    logits = ops.cast(ops.convert_to_tensor(logits), "float32")
    arguments.array_shape("logits", logits, "N", positions, "classes")
    distances = ops.convert_to_numpy(distances)
    arguments.array_shape("distances", distances, len(logits), positions, 4)

    scores = ops.convert_to_numpy(ops.sigmoid(logits))
    boxes = grid.decode(distances).astype("float32")
    found = Detections(
        np.zeros((len(boxes), most, 4), "float32"),
        np.zeros((len(boxes), most), "int32"),
        np.zeros((len(boxes), most), "float32"),
    )
    for i, (image_scores, image_boxes) in enumerate(zip(scores, boxes, strict=True)):
        position, label = np.nonzero(image_scores > least_score)
        candidates = image_boxes[position], label, image_scores[position, label]
        kept = _best(*candidates, most, overlap)
        for array, values in zip(vars(found).values(), candidates, strict=True):
            array[i, : len(kept)] = values[kept]
        found.labels[i, : len(kept)] += 1
    return found


def _best(boxes, labels, scores, most, overlap):
    """Of all boxes of one image, find the places of those that are kept, best first."""
    order = np.argsort(-scores, kind="stable")
    boxes, labels = boxes[order], labels[order]
    alive, kept = np.ones(len(order), bool), []
    while alive.any() and len(kept) < most:
        best = alive.argmax()  # the first of them
        kept.append(best)
        alive[best] = False
        rivals = np.flatnonzero(alive & (labels == labels[best]))
        alive[rivals[iou(boxes[rivals], boxes[best]) > overlap]] = False
    return order[kept]
