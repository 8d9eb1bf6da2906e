"""What a detector is trained with: one loss for each of its two answers."""

from __future__ import annotations

import keras
from keras import KerasTensor, ops

from reslib import arguments
from reslib.detection.boxes import iou
from reslib.detection.grid import DIRECTIONS


@keras.saving.register_keras_serializable(package="reslib")
def focal_loss(
    classes: KerasTensor, logits: KerasTensor, alpha: float = 0.25, gamma: float = 2.0
) -> KerasTensor:
    """Compute a cross-entropy in which what is easy counts little.

    Nearly all positions see background, and soon see it well. Each term is weighted by
    (1 − p)^gamma, where p is the probability given to the truth, so that their large number does
    not drown the few that see an object.

    Args:
        classes: Integer tensor `(N, positions)`, 0 for background, as from `Grid.encode`.
        logits: Tensor `(N, positions, classes)`, without one for background.
        alpha: Float, the weight of "is there"; that of "is not there" is `1 - alpha`.
        gamma: Float.

    Returns:
        Tensor `(N,)`: the sum over positions and classes, per position that sees an object.

    Raises:
        ValueError: for other shapes.

    Reference:
        Lin et al., 2017, "Focal Loss for Dense Object Detection", equation 5.
    """
    arguments.array_shape("classes", classes, "N", "positions")
    arguments.array_shape("logits", logits, *classes.shape, "classes")
    classes = ops.cast(classes, "int32")
    there = ops.one_hot(classes - 1, logits.shape[-1], dtype=logits.dtype)  # -1 gives zeros
    sign = 2 * there - 1
    weight = alpha * there + (1 - alpha) * (1 - there)
    terms = weight * ops.sigmoid(-sign * logits) ** gamma * ops.softplus(-sign * logits)
    return ops.sum(terms, axis=(1, 2)) / _number(classes > 0, logits.dtype)


@keras.saving.register_keras_serializable(package="reslib")
def distance_loss(distances: KerasTensor, predicted: KerasTensor) -> KerasTensor:
    """Compute 1 − IoU of the predicted with the true box, where there is one.

    Both boxes are around the position, so that the distances say it all.

    Args:
        distances: Tensor `(N, positions, 4)`, all 0 where there is no object, as from
            `Grid.encode`.
        predicted: Tensor `(N, positions, 4)`, all above 0.

    Returns:
        Tensor `(N,)`: the mean over the positions that see an object.

    Raises:
        ValueError: for other shapes.

    Reference:
        Yu et al., 2016, "UnitBox", equation 3, with 1 − IoU in place of −log IoU.
    """
    arguments.array_shape("distances", distances, "N", "positions", 4)
    arguments.array_shape("predicted", predicted, *distances.shape)
    seen = ops.any(distances > 0, axis=-1)
    # Not `predicted * DIRECTIONS`: PyTorch takes no NumPy array into a product.
    boxes, predicted_boxes = (ops.multiply(x, DIRECTIONS) for x in (distances, predicted))
    loss = 1 - iou(boxes, predicted_boxes)
    return ops.sum(ops.where(seen, loss, 0), axis=1) / _number(seen, predicted.dtype)


def _number(seen, dtype):
    """Count those in each image, and say 1 if there are none."""
    return ops.maximum(ops.sum(ops.cast(seen, dtype), axis=1), 1)
