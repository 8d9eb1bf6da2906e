"""Pictures that hold objects of three sizes, for networks that must see all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reslib import arguments
from reslib.datasets import fashion_mnist
from reslib.datasets.loading import Dataset
from reslib.datasets.resizing import overlaps
from reslib.seeding import generator

SIZE_NAMES = ("small", "medium", "large")

CHUNK = 500  # scenes that are drawn together
ATTEMPTS = 100  # to place the objects of a scene
DARKEST = 8  # of 255; what is darker around a garment is the shade of its photograph
CELL = 8  # pixels from one value of the background's coarse noise to the next
NOISIEST = 100  # beyond it a picture would hold only black and white in any case
BRIGHTEST = np.float32(0.3)  # of the background; of the garments most are brighter


@dataclass(frozen=True, eq=False, repr=False)
class SceneObjects:
    """What the pictures of one split show, object by object.

    Args:
        boxes: `int32` array of shape `(N, objects, 4)`: the first row and column of the object's
            pixels, and the first row and column behind them (top, left, bottom, right).
        labels: `int32` array of shape `(N, objects)`, 1 to 10, as in the dense labels.
        sizes: `int32` array of shape `(N, objects)`: 0, 1 or 2, a position in `SIZE_NAMES`.
        pixels: `int8` array of shape `(N, height, width)`: which object a pixel belongs to, a
            position along the axis of objects; -1 for the background.
    """

    boxes: np.ndarray
    labels: np.ndarray
    sizes: np.ndarray
    pixels: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Scenes(Dataset):
    """Pictures and dense labels, ready for training: a `Dataset` with the objects.

    Args:
        name: String, `"scenes"`.
        x_train: `float32` array of shape `(N, height, width, 1)`.
        y_train: `int32` array of shape `(N, height, width)`: a class for each pixel.
        x_test: Like `x_train`.
        y_test: Like `y_train`.
        class_names: Tuple of strings, `"background"` first; a label is a position in it.
        checksum: String, SHA-256 of all pictures and dense labels: it tells seeds apart too.
        train_objects: The `SceneObjects` of the training pictures.
        test_objects: Those of the test pictures.
        train_weights: As in `Dataset`.
    """

    train_objects: SceneObjects
    test_objects: SceneObjects


def scenes(
    train_size: int = 2000,
    test_size: int = 500,
    size: int = 64,
    counts: Sequence[int] = (2, 1, 1),
    object_sizes: Sequence[int] = (10, 20, 40),
    noise: float = 0.1,
    seed: int = 0,
) -> Scenes:
    """Make pictures that each hold small, medium and large clothes on a noisy background.

    The objects are images of Fashion-MNIST, brought to one of three sizes by averaging over areas
    and placed at random, without any overlap. An object of each class is as likely in each size.
    The training pictures show training images, the test pictures test images: no object is in
    both. The background is smooth noise, and white noise lies over all.

    Args:
        train_size: How many training pictures. The first pictures are the same whatever
            their number, as are the test pictures.
        test_size: How many test pictures.
        size: The side of a picture in pixels.
        counts: Three integers, how many small, medium and large objects each picture holds.
        object_sizes: Three integers, the sides of the images of small, medium and large objects.
            Most objects fill their image in one direction only.
        noise: The standard deviation of the white noise, from 0 to 100. Brightness is from 0 to 1,
            and cut off there.
        seed: At least 0; `RESLIB_SEED_OFFSET` is added to it.

    Returns:
        A `Scenes`.

    Raises:
        ValueError: for an argument other than those above, or if so many objects do not fit.

    Example:

    >>> data = scenes(train_size=100, test_size=20)
    >>> data
    <scenes: 100 training and 20 test images of 64×64×1, 11 classes>
    >>> data.train_objects.boxes.shape
    (100, 4, 4)
    """
    train_size = arguments.positive_integer("train_size", train_size)
    test_size = arguments.positive_integer("test_size", test_size)
    size = arguments.positive_integer("size", size)
    counts = _for_each_size("counts", counts, least=0)
    object_sizes = _for_each_size("object_sizes", object_sizes, least=1)
    if not sum(counts):
        raise ValueError(f"counts must name at least one object, received {counts!r}")
    seed = arguments.integer("seed", seed, "an integer of at least 0", lambda seed: seed >= 0)
    accepted = f"a number from 0 to {NOISIEST}"
    noise = arguments.number("noise", noise, accepted, lambda noise: 0 <= noise <= NOISIEST)

    source = fashion_mnist.subset()
    splits = (
        (source.x_train, source.y_train, train_size),
        (source.x_test, source.y_test, test_size),
    )
    arrays = []
    for random, (images, labels, number) in zip(generator(seed).spawn(2), splits, strict=True):
        chunks = [
            _chunk(part, images[..., 0], labels, size, counts, object_sizes, noise)
            for part in random.spawn(-(-number // CHUNK))
        ]
        # Whole chunks, cut afterwards: else the last pictures would hang on their number.
        arrays.append([np.concatenate(parts)[:number] for parts in zip(*chunks, strict=True)])
    (x_train, y_train, *train), (x_test, y_test, *test) = arrays
    return Scenes(
        name="scenes",
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        class_names=("background", *fashion_mnist.CLASS_NAMES),
        checksum=checksum(x_train, y_train, x_test, y_test),
        train_objects=SceneObjects(*train),
        test_objects=SceneObjects(*test),
    )


def _chunk(random, images, labels, size, counts, object_sizes, noise):
    """Draw pictures, dense labels, and the four arrays of `SceneObjects`."""
    kinds = np.repeat([0, 1, 2], counts)
    sides = np.repeat(object_sizes, counts)
    chosen = random.integers(len(images), size=(CHUNK, len(kinds)))
    pictures, boxes, pixels = draw(random, images[chosen], sides, size, noise)
    classes = labels[chosen].astype("int32") + 1
    sizes = np.tile(kinds.astype("int32"), (CHUNK, 1))
    return pictures, dense(classes, pixels), boxes, classes, sizes, pixels


def draw(
    random: np.random.Generator, images: np.ndarray, sides: np.ndarray, size: int, noise: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pictures that show given images of clothes on a noisy background, at random places.

    Args:
        random: Draws places, background and noise.
        images: `uint8` array `(CHUNK, objects, height, width)`.
        sides: Integers, the side in pixels that each object's image gets.
        size: The side of a picture.
        noise: As in `scenes`.

    Returns:
        The pictures, and `boxes` and `pixels` of their `SceneObjects`.
    """
    corners = _corners(random, size, sides)
    pictures = _smooth_noise(random, size)
    pixels = np.full((CHUNK, size, size), -1, "int8")
    boxes = np.empty((CHUNK, len(sides), 4), "int32")
    scene = np.arange(CHUNK)[:, None, None]
    for i, side in enumerate(sides):
        garments = images[:, i]
        brightness = _resized(garments / np.float32(255), side)
        covered = _resized((garments > DARKEST).astype("float32"), side)
        # Half covered; but no object vanishes, however thin.
        shown = covered >= np.minimum(0.5, covered.max(axis=(1, 2), keepdims=True))

        rows = corners[:, i, 0, None, None] + np.arange(side)[:, None]
        columns = corners[:, i, 1, None, None] + np.arange(side)
        place = scene, rows, columns
        pictures[place] = np.where(shown, brightness, pictures[place])
        pixels[place] = np.where(shown, i, pixels[place])
        boxes[:, i] = _boxes(shown) + np.tile(corners[:, i], 2)

    pictures += noise * random.standard_normal(pictures.shape, "float32")
    return pictures.clip(0, 1)[..., None], boxes, pixels


def dense(labels: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Give each pixel the label of the object that it belongs to, 0 to the background."""
    background = np.zeros((len(labels), 1), labels.dtype)
    # Position -1, of the background, is the last.
    labels = np.concatenate([labels, background], axis=1)
    return labels[np.arange(len(labels))[:, None, None], pixels]


def _corners(random, size, sides):
    """Draw top and left of each object, so that no two overlap."""
    corners = np.empty((CHUNK, len(sides), 2), int)
    left = np.arange(CHUNK)
    for _ in range(ATTEMPTS):
        corners[left], placed = _attempt(random, len(left), size, sides)
        left = left[~placed]
        if not len(left):
            return corners
    raise ValueError(
        "counts and object_sizes must leave room in a picture: objects with the sides "
        f"{sides.tolist()} do not fit into size={size}, or hardly ever"
    )


def _attempt(random, number, size, sides):
    """Place the largest first, each where it is free, all places being as likely.

    Returns:
        Corners, and whether all objects of a picture found a place.
    """
    corners = np.zeros((number, len(sides), 2), int)
    placed = np.ones(number, bool)
    order = np.argsort(-sides, kind="stable")
    for n, i in enumerate(order):
        starts = np.arange(size - sides[i] + 1)
        free = np.ones((number, len(starts), len(starts)), bool)
        for j in order[:n]:
            corner = corners[:, j, :, None]
            rows, columns = np.moveaxis(
                (starts < corner + sides[j]) & (corner < starts + sides[i]), 1, 0
            )
            free &= ~(rows[:, :, None] & columns[:, None, :])
        count = free.reshape(number, -1).cumsum(axis=1, dtype="int32")
        total = count[:, -1] if count.size else np.zeros(number, int)
        placed &= total > 0
        if not placed.any():
            break
        wanted = np.floor(random.random(number) * total)  # one of the free places
        place = (count > wanted[:, None]).argmax(axis=1)
        corners[:, i] = np.stack(np.divmod(place, len(starts)), axis=1)
    return corners, placed


def _resized(images, side):
    """Make each new pixel the mean of the area it covers."""
    weights = overlaps(images.shape[1], side) / np.float32(images.shape[1])
    return weights @ images @ weights.T


def _smooth_noise(random, size):
    """Draw random values on a coarse grid, and straight lines between them."""
    cells = -(-size // CELL) + 1
    position = np.arange(size) / CELL
    lines = np.maximum(0, 1 - np.abs(position[:, None] - np.arange(cells))).astype("float32")
    grid = BRIGHTEST * random.random((CHUNK, cells, cells), "float32")
    return lines @ grid @ lines.T


def _boxes(shown):
    """Return top, left, bottom and right of what is shown."""
    edges = []
    for axis in (2, 1):
        line = shown.any(axis=axis)
        edges.append((line.argmax(axis=1), line.shape[1] - line[:, ::-1].argmax(axis=1)))
    (top, bottom), (left, right) = edges
    return np.stack([top, left, bottom, right], axis=1)


def checksum(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _for_each_size(name, values, least):
    """Return three integers as a tuple, or refuse them with an error that names the argument."""
    accepted = f"three integers of at least {least}, for {', '.join(SIZE_NAMES)}"
    if not isinstance(values, (tuple, list)) or len(values) != len(SIZE_NAMES):
        raise ValueError(f"{name} must be {accepted}; received {values!r}")
    return tuple(
        arguments.integer(name, value, accepted, lambda value: value >= least) for value in values
    )
