"""What happens to training images at random at each step.

It is the augmentation of the paper's CIFAR-10 networks: images are padded, cropped to the size that
they had, and some are flipped horizontally. The padding is zero, which for standardized images is
the mean colour. This file draws how; `crop_and_flip` of the traced networks does it.

Reference:
    He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.2.
"""

from __future__ import annotations

import numpy as np

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
