"""Training images, moved and mirrored at random at each step."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

PADDING = 4  # pixels on each side


def draw(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw what happens to each image.

    Args:
        random: NumPy generator.
        shape: Tuple of integers: for how many images.

    Returns:
        Array of integers of the shape `(*shape, 3)`: for each image the first row and the first
        column of its crop (from 0 to `2 * PADDING`), and 1 if it is flipped, else 0.
    """
    return random.integers(0, (2 * PADDING + 1, 2 * PADDING + 1, 2), (*shape, 3), "int32")


def crop_and_flip(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Pad the images, crop them to the size that they had, and flip some horizontally.

    It is the augmentation of the paper's CIFAR-10 networks. The padding is zero, which for
    standardized images is the mean colour.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        draws: Tensor of shape `(batch, 3)`, as `draw` gives them.

    Returns:
        Tensor of the shape of `images`.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.2.
    """
    height, width = tf.unstack(tf.shape(images)[1:3], num=2)
    first_row, first_column, flipped = tf.unstack(draws[:, :, None], num=3, axis=1)
    columns = tf.range(width)
    columns = first_column + tf.where(flipped == 1, width - 1 - columns, columns)
    sides = [PADDING, PADDING]
    padded = tf.pad(images, [[0, 0], sides, sides, [0, 0]])
    cropped = tf.gather(padded, first_row + tf.range(height), axis=1, batch_dims=1)
    cropped = tf.gather(cropped, columns, axis=2, batch_dims=1)
    return tf.ensure_shape(cropped, images.shape)
