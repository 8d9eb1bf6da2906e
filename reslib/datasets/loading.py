"""From the name of a data set to arrays that a network can be trained on."""

import os
from dataclasses import dataclass

import numpy as np

from reslib.datasets import cifar10, fashion_mnist
from reslib.datasets.resizing import area_average
from reslib.datasets.splits import Splits
from reslib.datasets.stratifying import dealt

NAMES = {
    "fashion_mnist": (fashion_mnist, fashion_mnist.subset),
    "fashion_mnist_full": (fashion_mnist, fashion_mnist.full),
    "cifar10": (cifar10, cifar10.full),
}


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images and labels, ready for training.

    Args:
        name: String, what `load` was asked for.
        x_train: `float32` array of shape `(N, height, width, channels)`.
        y_train: `int32` array of shape `(N,)`.
        x_test: Like `x_train`.
        y_test: Like `y_train`.
        class_names: Tuple of strings; a label is a position in it.
        checksum: String, SHA-256 of the images and labels it was made from, before resizing and
            selection. Records of training runs keep it, to know when data have changed.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple
    checksum: str

    def __repr__(self):
        shape = "×".join(str(side) for side in self.x_train.shape[1:])
        return (
            f"<{self.name}: {len(self.x_train):,} training and {len(self.x_test):,} test images "
            f"of {shape}, {len(self.class_names)} classes>"
        )


def load(
    name, size=None, train_size=None, test_size=None, standardize=True, path=None, groups=None
):
    """Loads a data set, in the size that an experiment can afford.

    Standardized pixels have zero mean and unit variance, channel by channel, over the training
    images that were selected. The test images are shifted and scaled by the same two numbers: they
    stand for pictures not yet seen, and must not take part in preparing the network for them.

    Args:
        name: String. `"fashion_mnist"` is a subset of 12,000 training and 2,000 test images that
            comes with the course. `"fashion_mnist_full"` and `"cifar10"` are downloaded by Keras.
        size: Integer, the side to which the images are shrunk, by area averaging. `None` keeps
            them as they are.
        train_size: Integer, how many training images, `None` for all. Images come class by class
            in turn (0, 1, ..., 9, 0, 1, ...), each class in the order of its file: the first ones,
            if they are a multiple of ten, hold as many of each class.
        test_size: Integer, the same for the test images.
        standardize: Boolean. If false, pixels stay in the range from 0 to 1.
        path: String, an `.npz` with `x_train`, `y_train`, `x_test` and `y_test` to use in place of
            a download: `uint8` images and integer labels. Not for `"fashion_mnist"`.
        groups: Sequence of sequences of class numbers that holds each class once: the classes of a
            group become one. The images stay the same. `None` leaves the classes as they are.

    Returns:
        A `Dataset`. Its arrays are yours to change: the next call makes new ones.

    Raises:
        ValueError: If an argument, or the file that `path` names, is not as described here.
        ConnectionError: If a download fails; the message says what else can be done.
        RuntimeError: If the course's own file is damaged.

    Example:

    >>> load("fashion_mnist", size=14, train_size=10_000)
    <fashion_mnist: 10,000 training and 2,000 test images of 14×14×1, 10 classes>
    """
    if not isinstance(name, str) or name not in NAMES:
        names = ", ".join(f'"{known}"' for known in NAMES)
        raise ValueError(f"name must be one of {names}, received {_quoted(name)}")
    module, published = NAMES[name]
    if path is None:
        splits = published()
    elif name == "fashion_mnist":
        raise ValueError(
            f'path must be None for "fashion_mnist", whose file comes with the course, '
            f'received {_quoted(path)}; for your own file use "fashion_mnist_full"'
        )
    elif not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"path must be that of an .npz, or None, received {path!r}")
    else:
        classes = len(module.CLASS_NAMES)
        splits = Splits.from_npz(path, module.IMAGE_SHAPE, classes, source=str(path))

    if not isinstance(standardize, bool):
        raise ValueError(f"standardize must be True or False, received {standardize!r}")
    train = dealt(splits.y_train)[: _count("train_size", train_size, len(splits.y_train))]
    test = dealt(splits.y_test)[: _count("test_size", test_size, len(splits.y_test))]
    side = _count("size", size, module.IMAGE_SHAPE[0])
    new_labels, class_names = _grouped(groups, module.CLASS_NAMES)

    x_train = area_average(splits.x_train[train], side)
    x_test = area_average(splits.x_test[test], side)
    for x in (x_train, x_test):
        x /= 255
    if standardize:
        _standardize(x_train, x_test)
    return Dataset(
        name=name,
        x_train=x_train,
        y_train=new_labels[splits.y_train[train]],
        x_test=x_test,
        y_test=new_labels[splits.y_test[test]],
        class_names=class_names,
        checksum=splits.checksum,
    )


def _grouped(groups, names):
    """The new label of each class, and the names of the groups."""
    numbers = list(range(len(names)))
    if groups is None:
        return np.array(numbers, "int32"), names
    try:
        groups = [list(group) for group in groups]
        members = [number for group in groups for number in group]
        whole = sorted(members) == numbers and all(
            isinstance(number, (int, np.integer)) and not isinstance(number, bool)
            for number in members
        )
    except TypeError:
        whole = False
    if not whole or not all(groups):
        raise ValueError(
            f"groups must be sequences of class numbers that hold each from 0 to {numbers[-1]} "
            f"once, received {groups!r}"
        )
    new_labels = np.empty(len(names), "int32")
    for label, group in enumerate(groups):
        new_labels[group] = label
    return new_labels, tuple(", ".join(names[number] for number in group) for group in groups)


def _standardize(x_train, x_test):
    """Shifts and scales both in place, by the statistics of the first."""
    # Summed in float64, since among millions of float32 numbers a sum loses its last digits.
    mean = x_train.mean(axis=(0, 1, 2), dtype="float64").astype("float32")
    for x in (x_train, x_test):
        x -= mean
    squares = np.einsum("nijc,nijc->c", x_train, x_train, dtype="float64")  # without a copy
    spread = np.sqrt(squares / x_train[..., 0].size).astype("float32")
    spread[spread == 0] = 1  # a channel without any contrast stays zero
    for x in (x_train, x_test):
        x /= spread


def _count(argument, value, available):
    """A number of things out of those that there are; `None` means all of them."""
    if value is None:
        return available
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 1 <= value <= available:
        raise ValueError(
            f"{argument} must be an integer from 1 to {available}, or None for {available}, "
            f"received {_quoted(value)}"
        )
    return int(value)


def _quoted(value):
    """Strings as they are typed in the course, anything else as Python shows it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)
