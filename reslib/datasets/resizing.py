"""Smaller images, by averaging over areas."""

import numpy as np

from reslib import arguments


def area_average(images: np.ndarray, size: int) -> np.ndarray:
    """Shrink square images so that each new pixel is the mean of the area it covers.

    Smaller images train faster, and averaging is the way to get them that adds nothing of its own:
    no ringing, no aliasing, and the mean brightness of an image stays what it was. Where the sides
    do not divide, an old pixel that lies across a border counts for each side by the share of its
    area that lies there.

    With `uint8` images of up to 256 pixels a side every sum is a whole number that `float32` holds
    without rounding, in whatever order it is added up: every machine computes the same averages.

    Args:
        images: Array of shape `(N, side, side, C)`.
        size: The new side, from 1 to `side`.

    Returns:
        A `float32` array of shape `(N, size, size, C)`, in the units of `images`.

    Raises:
        ValueError: If the images are not square, or `size` is not in that range.

    Example:

    >>> images = np.arange(16, dtype="uint8").reshape(1, 4, 4, 1)
    >>> area_average(images, 2)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """
    if np.ndim(images) != 4 or images.shape[1] != images.shape[2]:
        raise ValueError(
            f"images must have the shape (N, side, side, C), received {np.shape(images)}"
        )
    count, side, _, channels = images.shape
    accepted = f"an integer from 1 to {side}"
    size = arguments.integer("size", size, accepted, lambda size: 1 <= size <= side)
    if size == side:
        return images.astype("float32")

    # An area is a height times a width, so rows and columns are averaged one after the other.
    rows = overlaps(side, size)
    columns = np.kron(rows, np.eye(channels, dtype="float32")).T  # keeps the channels apart
    small = np.empty((count, size, size * channels), dtype="float32")
    for start in range(0, count, 1000):  # a big data set never has a second copy in memory
        part = images[start : start + 1000].astype("float32").reshape(-1, side, side * channels)
        small[start : start + 1000] = rows @ part @ columns
    small /= side**2
    return small.reshape(count, size, size, channels)


def overlaps(side: int, size: int) -> np.ndarray:
    """Measure what `size` equal intervals share with `side` equal intervals of the same line.

    The line is `side * size` long, so that all lengths are whole numbers: an old interval measures
    `size`, a new one `side`, and each row of the result sums to `side`.

    Args:
        side: The number of old intervals.
        size: The number of new intervals.

    Returns:
        A `float32` array of shape `(size, side)`, the lengths.

    Example:

    >>> overlaps(3, 2)
    array([[2., 1., 0.],
           [0., 1., 2.]], dtype=float32)
    """
    old = np.arange(side + 1) * size
    new = np.arange(size + 1)[:, None] * side
    ends = np.minimum(old[1:], new[1:])
    starts = np.maximum(old[:-1], new[:-1])
    return np.maximum(ends - starts, 0).astype("float32")
