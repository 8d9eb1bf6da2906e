"""Scenes with odd ones: small objects that are not of the large one's kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reslib import arguments
from reslib.datasets import fashion_mnist
from reslib.datasets.scenes import (
    CHUNK,
    NOISIEST,
    SIZE_NAMES,
    SceneObjects,
    Scenes,
    checksum,
    dense,
    draw,
)
from reslib.seeding import generator

KINDS = {"trousers": (1,), "shoe": (7, 9), "bag": (8,)}  # classes of Fashion-MNIST
QUESTIONS = {"kind": tuple(KINDS), "odd": (*KINDS, "odd")}  # what an object can be called


def odd_ones(
    train_size: int = 2000,
    test_size: int = 300,
    size: int = 48,
    small_objects: int = 6,
    object_sizes: Sequence[int] = (10, 24),
    question: str = "odd",
    small_weight: float = 5.0,
    noise: float = 0.1,
    seed: int = 0,
) -> Scenes:
    """Make pictures that hold one large object and several small ones, half of which are odd.

    An object is of one of three kinds: trousers, shoe, bag. A small object has the kind of the
    large one with probability 1/2, each of the other two kinds with 1/4; those are the odd ones.
    One can ask two questions about the same pictures. What kind an object is can be seen on the
    object itself. Whether a small one is odd can not: one must have seen the large one as well,
    which may lie anywhere, and be sure of the pixels of the small one.

    Pictures, places and splits are made as in `reslib.datasets.scenes`.

    Args:
        train_size: Integer, how many training pictures. The first pictures are the same whatever
            their number, as are the test pictures.
        test_size: Integer, how many test pictures.
        size: Integer, the side of a picture in pixels.
        small_objects: Integer, how many small objects each picture holds, at most 100.
        object_sizes: Two integers, the sides of the images of small and of large objects.
        question: `"kind"`: the label of a pixel is the kind of its object. `"odd"`: so it is, but
            small objects of another kind than the large one's are labelled `"odd"`. The pictures
            are the same.
        small_weight: Float above 0, what a training pixel on a small object counts in the loss;
            all others count 1.
        noise: As in `reslib.datasets.scenes`.
        seed: Integer of at least 0, to which `RESLIB_SEED_OFFSET` is added.

    Returns:
        A `reslib.datasets.Scenes`. In its `SceneObjects` the large object is the last, `labels`
        are the kinds from 1 to 3, whatever the question, and `sizes` 0 or 2. In `train_weights` is
        what each training pixel counts.

    Raises:
        ValueError: for an argument other than those above, or if so many objects do not fit.

    Example:

    >>> data = odd_ones(train_size=100, test_size=20)
    >>> data
    <odd_ones: 100 training and 20 test images of 48×48×1, 5 classes>
    >>> data.class_names
    ('background', 'trousers', 'shoe', 'bag', 'odd')
    """
    train_size = arguments.positive_integer("train_size", train_size)
    test_size = arguments.positive_integer("test_size", test_size)
    size = arguments.positive_integer("size", size)
    accepted = "an integer from 1 to 100"
    small_objects = arguments.integer(
        "small_objects", small_objects, accepted, lambda number: 1 <= number <= 100
    )
    small, large = _two_sizes(object_sizes)
    arguments.one_of("question", question, QUESTIONS)
    accepted = "a finite number above 0"
    small_weight = arguments.number("small_weight", small_weight, accepted, lambda x: x > 0)
    accepted = f"a number from 0 to {NOISIEST}"
    noise = arguments.number("noise", noise, accepted, lambda noise: 0 <= noise <= NOISIEST)
    seed = arguments.integer("seed", seed, "an integer of at least 0", lambda seed: seed >= 0)

    source = fashion_mnist.subset()
    sides = np.array([small] * small_objects + [large])
    splits = []
    for random, images, labels, number in zip(
        generator(seed).spawn(2),
        (source.x_train, source.x_test),
        (source.y_train, source.y_test),
        (train_size, test_size),
        strict=True,
    ):
        chunks = [
            _chunk(part, images[..., 0], labels, sides, size, noise)
            for part in random.spawn(-(-number // CHUNK))
        ]
        # Whole chunks, cut afterwards: else the last pictures would hang on their number.
        pictures, boxes, kinds, pixels = (
            np.concatenate(parts)[:number] for parts in zip(*chunks, strict=True)
        )
        sizes = np.full(kinds.shape, SIZE_NAMES.index("small"), "int32")
        sizes[:, -1] = SIZE_NAMES.index("large")
        y = dense(_called(kinds, question), pixels)
        splits.append((pictures, y, SceneObjects(boxes, kinds, sizes, pixels)))
    (x_train, y_train, train_objects), (x_test, y_test, test_objects) = splits
    on_small = (train_objects.pixels >= 0) & (train_objects.pixels < small_objects)
    train_weights = np.where(on_small, np.float32(small_weight), np.float32(1))
    return Scenes(
        name="odd_ones",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        class_names=("background", *QUESTIONS[question]),
        checksum=checksum(x_train, y_train, x_test, y_test, train_weights),
        train_objects=train_objects,
        test_objects=test_objects,
        train_weights=train_weights,
    )


def _chunk(random, images, labels, sides, size, noise):
    """Draw pictures, and boxes, kinds and pixels of their objects, the large one last."""
    members = [np.flatnonzero(np.isin(labels, classes)) for classes in KINDS.values()]
    large = random.integers(len(KINDS), size=(CHUNK, 1))
    shift = random.integers(1, len(KINDS), size=(CHUNK, len(sides) - 1))
    odd = random.random(shift.shape) < 0.5
    kinds = np.concatenate([(large + odd * shift) % len(KINDS), large], axis=1)
    # For each object one image of its kind, all being as likely.
    number_of = np.array([len(numbers) for numbers in members])[kinds]
    which = (random.random(kinds.shape) * number_of).astype(int)
    chosen = np.empty_like(kinds)
    for kind, numbers in enumerate(members):
        chosen[kinds == kind] = numbers[which[kinds == kind]]
    pictures, boxes, pixels = draw(random, images[chosen], sides, size, noise)
    return pictures, boxes, (kinds + 1).astype("int32"), pixels


def _called(kinds, question):
    """Return what the objects are called, as positions among the class names."""
    if question == "kind":
        return kinds
    return np.where(kinds == kinds[:, -1:], kinds, np.int32(len(KINDS) + 1))


def _two_sizes(values):
    accepted = "two integers of at least 1, for small and large objects"
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise ValueError(f"object_sizes must be {accepted}; received {values!r}")
    return [
        arguments.integer("object_sizes", value, accepted, lambda value: value >= 1)
        for value in values
    ]
