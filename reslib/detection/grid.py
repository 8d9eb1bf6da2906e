"""Where a detector answers, which object each position answers for, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reslib import arguments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# From a position back to the top and left, on to the bottom and right.
DIRECTIONS = np.array([-1, -1, 1, 1], "float32")


@dataclass(frozen=True)
class Grid:
    """The positions of all levels: the centres of their cells.

    An object belongs to one level, the coarsest on which its longer side is at least `cells` cells
    long (or the finest, if it is on none). Every position of that level inside its box answers for
    it, and no other does. With a single level there is nothing to choose: it has all objects.

    Args:
        image_shape: Height and width of the images in pixels.
        strides: Integers, the pixels from one cell of a level to the next, finest level first.
        cells: Number, see above.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        Tian et al., 2019, "FCOS", section 3. There each position chooses its level, by its largest
        distance. That an object has a level is from Lin et al., 2017, "Feature Pyramid Networks
        for Object Detection", section 4.2.

    Example:

    >>> Grid((64, 64), strides=(2, 4, 8, 16)).centres.shape
    (1360, 2)
    """

    image_shape: tuple[int, int]
    strides: tuple[int, ...]
    cells: float = 4

    def __post_init__(self):
        for name, least in (("image_shape", 2), ("strides", 1)):
            values = getattr(self, name)
            if not isinstance(values, (tuple, list)) or len(values) < least:
                raise ValueError(f"{name} must be a tuple of integers, received {values!r}")
            for value in values:
                arguments.positive_integer(f"{name} (each)", value)
        if len(self.image_shape) != 2:
            raise ValueError(f"image_shape must be (height, width), received {self.image_shape!r}")
        arguments.number("cells", self.cells, "a positive number", lambda value: value > 0)
        if list(self.strides) != sorted(set(self.strides)):
            raise ValueError(f"strides must grow, finest level first, received {self.strides!r}")

    @cached_property
    def _parts(self):
        """For each level the centres of its cells, row by row."""
        return [
            stride
            * (np.indices([-(-side // stride) for side in self.image_shape]) + 0.5)
            .reshape(2, -1)
            .T.astype("float32")
            for stride in self.strides
        ]

    @cached_property
    def centres(self):
        """Array `(positions, 2)`: row and column in pixels, finest level first."""
        return np.concatenate(self._parts)

    @cached_property
    def levels(self):
        """Array `(positions,)`: the level of each."""
        return np.repeat(np.arange(len(self.strides)), [len(part) for part in self._parts])

    def level_of(self, boxes: ArrayLike) -> np.ndarray:
        """Tell which level each box belongs to.

        Args:
            boxes: Array `(…, 4)` of top, left, bottom and right in pixels.

        Returns:
            Integer array `(…)`, 0 for the finest level.

        Raises:
            ValueError: for another shape.
        """
        boxes = arguments.array_shape("boxes", np.asarray(boxes), "…", 4)
        longer = np.max(boxes[..., 2:] - boxes[..., :2], axis=-1)
        least = self.cells * np.array(self.strides[1:])
        return np.sum(longer[..., None] >= least, axis=-1)

    def owners(self, boxes: ArrayLike) -> np.ndarray:
        """Tell which object each position answers for.

        Args:
            boxes: Array `(N, objects, 4)`.

        Returns:
            Integer array `(N, positions)`, a position along the axis of objects, or -1. Of several
            boxes around a position the smallest has it.

        Raises:
            ValueError: for another shape.
        """
        boxes = arguments.array_shape("boxes", np.asarray(boxes), "N", "objects", 4)
        owners = np.full((len(boxes), len(self.centres)), -1, "int16")
        order = np.argsort(-np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1), axis=1)
        scene = np.arange(len(boxes))
        for i in order.T:  # from the largest to the smallest, which comes last and stays
            box = boxes[scene, i][:, None]
            inside = np.all((box[..., :2] <= self.centres) & (self.centres < box[..., 2:]), axis=-1)
            inside &= self.level_of(box) == self.levels
            owners = np.where(inside, i[:, None], owners)
        return owners

    def encode(self, boxes: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Tell what a detector should answer.

        Args:
            boxes: Array `(N, objects, 4)` of top, left, bottom and right in pixels.
            labels: Integer array `(N, objects)`, from 1 on.

        Returns:
            An integer array `(N, positions)` of classes, 0 where there is no object, and a float
            array `(N, positions, 4)` of distances to the sides in cells, 0 where there is none.

        Raises:
            ValueError: for other shapes.
        """
        owners = self.owners(boxes)
        boxes, labels = np.asarray(boxes, "float32"), np.asarray(labels)
        arguments.array_shape("labels", labels, *boxes.shape[:2])
        if not boxes.shape[1]:  # no image has an object, and one that nobody owns changes nothing
            boxes, labels = np.zeros((len(boxes), 1, 4), "float32"), np.zeros((len(boxes), 1), int)
        scene = np.arange(len(owners))[:, None]
        classes = np.where(owners >= 0, labels[scene, owners], 0)
        distances = boxes[scene, owners]
        distances -= np.tile(self.centres, 2)
        distances *= DIRECTIONS / self._cell
        distances[owners < 0] = 0
        return classes.astype("int32"), distances

    def decode(self, distances: ArrayLike) -> np.ndarray:
        """Compute the boxes that distances in cells stand for.

        Args:
            distances: Array `(…, positions, 4)`.

        Returns:
            Array `(…, positions, 4)` of top, left, bottom and right in pixels.

        Raises:
            ValueError: for another shape.
        """
        distances = np.asarray(distances)
        arguments.array_shape("distances", distances, "…", len(self.centres), 4)
        return np.tile(self.centres, 2) + distances * DIRECTIONS * self._cell

    @cached_property
    def _cell(self):
        return np.array(self.strides, "float32")[self.levels][:, None]
