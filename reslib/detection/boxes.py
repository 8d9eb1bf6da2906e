"""How well two boxes agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from keras import ops

from reslib import arguments

if TYPE_CHECKING:
    from keras import KerasTensor


def iou(boxes: np.ndarray | KerasTensor, others: np.ndarray | KerasTensor):
    """Compute the intersection over union: 1 for equal boxes, 0 for boxes that do not meet.

    A box without area, or with its bottom above its top, meets none.

    Args:
        boxes: Array or tensor `(…, 4)` of top, left, bottom and right.
        others: Like `boxes`; the two are broadcast against each other.

    Returns:
        A NumPy array `(…)` where both are NumPy arrays, else a tensor. NaN where a box holds NaN.

    Raises:
        ValueError: for other shapes.

    Example:

    >>> import numpy as np
    >>> float(iou(np.array([0.0, 0.0, 2.0, 2.0]), np.array([0.0, 1.0, 2.0, 3.0])))  # 2 of 6 pixels
    0.3333333333333333
    """
    arguments.array_shape("boxes", boxes, "…", 4)
    arguments.array_shape("others", others, "…", 4)
    in_numpy = isinstance(boxes, np.ndarray) and isinstance(others, np.ndarray)
    xp = np if in_numpy else ops  # the names are the same
    top, left, bottom, right = (
        (xp.maximum if i < 2 else xp.minimum)(boxes[..., i], others[..., i]) for i in range(4)
    )
    shared = xp.maximum(bottom - top, 0) * xp.maximum(right - left, 0)
    union = _area(boxes) + _area(others) - shared
    return shared / xp.where(union <= 0, 1, union)


def _area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
