"""Objects of scenes, found again among the images that they were taken from."""

import numpy as np


def least_gap(picture, shown, box, images):
    """How far an object is from the image most like it, at the place where that fits best.

    Args:
        picture: Array of shape `(side, side)`, a scene without noise.
        shown: The pixels of the object, of the same shape, as booleans.
        box: Its top, left, bottom and right.
        images: Array of shape `(count, size, size)`, one of which was pasted somewhere.

    Returns:
        The largest difference of a pixel.
    """
    size, last = images.shape[1], len(picture) - images.shape[1]
    top, left, bottom, right = box
    best = np.inf
    for row in range(max(0, bottom - size), min(top, last) + 1):
        for column in range(max(0, right - size), min(left, last) + 1):
            place = slice(row, row + size), slice(column, column + size)
            mask = shown[place]
            best = min(best, np.abs(images[:, mask] - picture[place][mask]).max(axis=1).min())
    return best
