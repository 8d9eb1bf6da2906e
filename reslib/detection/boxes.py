"""How well two boxes agree."""

from keras import ops


def iou(boxes, others):
    """Intersection over union: 1 for equal boxes, 0 for boxes that do not meet.

    Args:
        boxes: Tensor `(…, 4)` of top, left, bottom and right.
        others: Like `boxes`; the two are broadcast against each other.

    Returns:
        Tensor `(…)`.

    Example:

    >>> import numpy as np
    >>> float(iou(np.array([0.0, 0.0, 2.0, 2.0]), np.array([0.0, 1.0, 2.0, 3.0])))  # 2 of 6 pixels
    0.3333333333333333
    """
    sides = ops.minimum(boxes[..., 2:], others[..., 2:]) - ops.maximum(
        boxes[..., :2], others[..., :2]
    )
    shared = ops.prod(ops.maximum(sides, 0), axis=-1)
    return shared / (_area(boxes) + _area(others) - shared)


def _area(boxes):
    return ops.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)
