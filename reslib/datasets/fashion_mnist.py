"""Fashion-MNIST: grey pictures of ten kinds of clothes, whole or as the subset of the course."""

import io
from functools import lru_cache

from reslib.datasets.download import fetch
from reslib.datasets.folder import DATA, verified
from reslib.datasets.splits import Splits
from reslib.datasets.stratification import stratified_order

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
IMAGE_SHAPE = (28, 28, 1)

FILE = "fashion_mnist.npz"

TRAIN_SIZE = 12_000
TEST_SIZE = 2_000

# `Splits.checksum` of the subset. It stands here, beside the rule that it belongs to, because a
# library installed without its data folder has no other way to know what the rule must give.
SUBSET_CHECKSUM = "c7667d6452cee5a88e76a9a70a774a122f659591fcada5314eb11d9310351b5e"


@lru_cache(maxsize=1)
def subset() -> Splits:
    """Read the 12,000 training and 2,000 test images that come with the course.

    They are read from `data/fashion_mnist.npz`, whose SHA-256 must be the manifest's. Where there
    is no such file, the same images are picked from the full set.

    Returns:
        The `Splits`.

    Raises:
        RuntimeError: If the file is damaged, or the full set is another one than it was.
        ConnectionError: If there is no file and the full set cannot be downloaded.

    Reference:
        - Xiao et al., 2017. [Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
          Algorithms](https://arxiv.org/abs/1708.07747)
    """
    path = DATA / FILE
    if path.exists():
        content = verified(
            path, f"git checkout -- data (or delete {FILE}: it is then derived anew)"
        )
        splits = Splits.from_npz(io.BytesIO(content), IMAGE_SHAPE, len(CLASS_NAMES), str(path))
        origin = f"{path} and the manifest beside it"
    else:
        splits = select(full())
        origin = "keras.datasets.fashion_mnist"
    if splits.checksum != SUBSET_CHECKSUM:
        raise RuntimeError(
            f"The images from {origin} are not the subset that the course was written with: "
            f"expected the checksum {SUBSET_CHECKSUM}, found {splits.checksum}. "
            "To get it back: git checkout -- data"
        )
    return splits


@lru_cache(maxsize=1)
def full() -> Splits:
    """Load all 60,000 training and 10,000 test images.

    Returns:
        The `Splits`.

    Raises:
        ConnectionError: If they cannot be downloaded.
    """
    arrays = fetch("fashion_mnist")
    source = "keras.datasets.fashion_mnist"
    return Splits.from_arrays(arrays, IMAGE_SHAPE, len(CLASS_NAMES), source)


def select(splits: Splits) -> Splits:
    """Pick the subset of the course from the full set.

    Its rule is no rule of its own: the first 12,000 training and 2,000 test images in the order of
    `stratified_order`, thus the first 1,200 and 200 of each class in that of the original files.

    Args:
        splits: The full set, as `Splits`.

    Returns:
        The subset, as `Splits`.
    """
    train = stratified_order(splits.y_train)[:TRAIN_SIZE]
    test = stratified_order(splits.y_test)[:TEST_SIZE]
    arrays = {
        "x_train": splits.x_train[train],
        "y_train": splits.y_train[train],
        "x_test": splits.x_test[test],
        "y_test": splits.y_test[test],
    }
    return Splits.from_arrays(arrays, IMAGE_SHAPE, len(CLASS_NAMES), "the selected subset")
