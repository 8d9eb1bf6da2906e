"""From a detector's answers to the few boxes that it stands by."""

from dataclasses import dataclass

import numpy as np


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


def detect(logits, distances, grid, most=20, least_score=0.05, overlap=0.5):
    """Keeps the best of the boxes that see the same object (non-maximum suppression).

    All positions inside an object answer for it. Of two boxes of the same class with a larger IoU
    than `overlap` the one with the lower score goes.

    Args:
        logits: Array `(N, positions, classes)`.
        distances: Array `(N, positions, 4)`, in cells.
        grid: The `Grid` of these positions.
        most: Integer, how many boxes an image can have.
        least_score: Float, the score below which a box is none.
        overlap: Float, see above.

    Returns:
        The `Detections`.
    """
    import tensorflow as tf

    boxes, scores, labels, number = tf.image.combined_non_max_suppression(
        tf.cast(grid.decode(np.asarray(distances)), "float32")[:, :, None],
        tf.sigmoid(tf.cast(logits, "float32")),
        max_output_size_per_class=most,
        max_total_size=most,
        iou_threshold=overlap,
        score_threshold=least_score,
        clip_boxes=False,  # which would be to 0 and 1
    )
    found = np.arange(most) < number.numpy()[:, None]
    labels = np.where(found, labels.numpy().astype("int32") + 1, 0)
    return Detections(boxes.numpy(), labels, scores.numpy())
