"""CIFAR-10: small colour photographs of ten kinds of animals and vehicles."""

from functools import lru_cache

from reslib.datasets.download import fetch
from reslib.datasets.splits import Splits

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
IMAGE_SHAPE = (32, 32, 3)


@lru_cache(maxsize=1)
def full() -> Splits:
    """Load all 50,000 training and 10,000 test images.

    Returns:
        The `Splits`.

    Raises:
        ConnectionError: If they cannot be downloaded.

    Reference:
        - Krizhevsky, 2009. [Learning Multiple Layers of Features from Tiny Images](
          https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf)
    """
    arrays = fetch("cifar10")
    for key in ("x_train", "x_test"):
        if arrays[key].shape[1:] == (3, 32, 32):  # Keras was set to "channels_first"
            arrays[key] = arrays[key].transpose(0, 2, 3, 1)
    return Splits.from_arrays(arrays, IMAGE_SHAPE, len(CLASS_NAMES), "keras.datasets.cifar10")
