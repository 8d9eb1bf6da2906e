"""From the name of a data set to arrays that a network can be trained on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reslib import arguments
from reslib.datasets import cifar10, fashion_mnist
from reslib.datasets.own_files import read_own
from reslib.datasets.resizing import area_average
from reslib.datasets.stratification import stratified_order
from reslib.seeding import LARGEST_SEED, generator, seed_offset

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
    class_names: tuple[str, ...]
    checksum: str

    def __repr__(self):
        shape = "×".join(str(side) for side in self.x_train.shape[1:])
        return (
            f"<{self.name}: {len(self.x_train):,} training and {len(self.x_test):,} test images "
            f"of {shape}, {len(self.class_names)} classes>"
        )


def load(
    name: str,
    size: int | None = None,
    train_size: int | None = None,
    test_size: int | None = None,
    standardize: bool = True,
    path: str | os.PathLike | None = None,
    groups: Sequence[Sequence[int]] | None = None,
    draw: int | None = None,
) -> Dataset:
    """Load a data set, in the size that an experiment can afford.

    Standardized pixels have zero mean and unit variance, channel by channel, over the training
    images that were selected. The test images are shifted and scaled by the same two numbers: they
    stand for pictures not yet seen, and must not take part in preparing the network for them.

    Args:
        name: `"fashion_mnist"` is a subset of 12,000 training and 2,000 test images that
            comes with the course. `"fashion_mnist_full"` and `"cifar10"` are downloaded by Keras.
        size: The side to which the images are shrunk, by area averaging. `None` keeps
            them as they are.
        train_size: How many training images, `None` for all. Images come class by class
            in turn (0, 1, ..., 9, 0, 1, ...), each class in the order of its file: the first ones,
            if they are a multiple of ten, hold as many of each class.
        test_size: The same for the test images.
        standardize: If false, pixels stay in the range from 0 to 1.
        path: Path of an `.npz` with `x_train`, `y_train`, `x_test` and `y_test` to use in place of
            a download: `uint8` images and integer labels. It is read again when it has been
            replaced. Not for `"fashion_mnist"`.
        groups: Sequence of sequences of class numbers that holds each class once: the classes of a
            group become one. The images stay the same. `None` leaves the classes as they are.
        draw: Integer, a seed that draws the training images at random from all there are, in place
            of the first ones, still class by class in turn. `RESLIB_SEED_OFFSET` moves it. The
            test images stay the first ones. `None` draws nothing.

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
    module, published = NAMES[arguments.one_of("name", name, NAMES)]
    if path is None:
        splits = published()
    elif name == "fashion_mnist":
        raise ValueError(
            f'path must be None for "fashion_mnist", whose file comes with the course, '
            f'received {path!r}; for your own file use "fashion_mnist_full"'
        )
    elif not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"path must be that of an .npz, or None, received {path!r}")
    else:
        splits = read_own(path, module.IMAGE_SHAPE, len(module.CLASS_NAMES))

    arguments.boolean("standardize", standardize)
    train_size = _count("train_size", train_size, len(splits.y_train))
    test_size = _count("test_size", test_size, len(splits.y_test))
    train, checksum = _drawn_order(draw, splits)
    train = train[:train_size]
    test = stratified_order(splits.y_test)[:test_size]
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
        checksum=checksum,
    )


def _drawn_order(draw, splits):
    """Return the order of the training images, and a checksum that tells one draw from another."""
    if draw is None:
        return stratified_order(splits.y_train), splits.checksum
    accepted = f"an integer from 0 to {LARGEST_SEED}, or None"
    draw = arguments.integer("draw", draw, accepted, lambda value: 0 <= value <= LARGEST_SEED)
    shuffled = generator(draw).permutation(len(splits.y_train))
    facts = f"{splits.checksum} {draw + seed_offset()}"
    order = shuffled[stratified_order(splits.y_train[shuffled])]
    return order, hashlib.sha256(facts.encode()).hexdigest()


def _grouped(groups, names):
    """Return the new label of each class, and the names of the groups."""
    numbers = list(range(len(names)))
    if groups is None:
        return np.array(numbers, "int32"), names
    try:
        members = [[arguments.integer("groups", number) for number in group] for group in groups]
        if sorted(sum(members, [])) != numbers or not all(members):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            f"groups must be sequences of class numbers that hold each from 0 to {numbers[-1]} "
            f"once, received {groups!r}"
        ) from None
    new_labels = np.empty(len(names), "int32")
    for label, group in enumerate(members):
        new_labels[group] = label
    return new_labels, tuple(", ".join(names[number] for number in group) for group in members)


def _standardize(x_train, x_test):
    """Shift and scale both in place, by the statistics of the first."""
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
    """Return how many of the things that there are; `None` means all of them."""
    if value is None:
        return available
    accepted = f"an integer from 1 to {available}, or None for {available}"
    return arguments.integer(argument, value, accepted, lambda value: 1 <= value <= available)
