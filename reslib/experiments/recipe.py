"""What the names in a `Run` mean: from a recipe to a data set or a network."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import math
import os
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from reslib.seeding import seed_offset

if TYPE_CHECKING:
    import keras

    from reslib.datasets import Dataset

# What a run can name, and what each of its labels or answers stands for.
NETWORKS = {
    "cifar_resnet": "image",
    "mlp": "image",
    "pyramid_segmenter": "pixel",
    "resnet": "image",
    "row_resnet": "cell",
}
# Functions of `reslib.datasets` that draw at random.
DRAWN = {"scenes": "pixel", "odd_ones": "pixel", "flood_fill": "cell"}
DATASETS = {"fashion_mnist": "image", "fashion_mnist_full": "image", "cifar10": "image", **DRAWN}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A name and the arguments to call it with, frozen: `Recipe("cifar_resnet", {"depth": 20})`."""

    name: str
    items: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "items", tuple(sorted((k, _freeze(v)) for k, v in self._pairs())))

    def _pairs(self):
        return self.items.items() if isinstance(self.items, dict) else self.items

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as a new dictionary."""
        return dict(self.items)

    def __str__(self):
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.items)})"


def as_recipe(field: str, value: Any, names: dict[str, str]) -> Recipe:
    """Make a recipe of what was passed for a field of a `Run`, with arguments that are taken.

    Args:
        field: `"model"` or `"dataset"`.
        value: A name, a name and its arguments, or a `Recipe`.
        names: `NETWORKS` or `DATASETS`.

    Raises:
        ValueError: for anything else, an unknown name or an unknown argument.
    """
    if isinstance(value, str):
        value = (value, {})
    if not isinstance(value, Recipe):
        try:
            name, arguments = value
            value = Recipe(name, dict(arguments))
        except (TypeError, ValueError):
            raise ValueError(
                f'{field} must be a name and its arguments, such as ("{next(iter(names))}", {{…}}),'
                " with finite numbers, strings, booleans, None or sequences of these; received "
                f"{value!r}"
            ) from None
    if value.name not in names:
        choices = ", ".join(map(repr, names))
        raise ValueError(f"{field} must be one of {choices}, received {value.name!r}")
    accepted = inspect.signature(_function(value.name)).parameters
    for name in value.arguments:
        if name not in accepted:
            choices = ", ".join(accepted)
            raise ValueError(
                f"{field}: {value.name} takes the arguments {choices}; received {name!r}"
            )
    path = value.arguments.get("path")
    if field == "dataset" and path and isinstance(path, str):
        # The whole path: a worker, or this process later on, may be in another folder.
        value = Recipe(value.name, {**value.arguments, "path": os.path.abspath(path)})
    return value


def load_data(dataset: Recipe) -> Dataset:
    """Load the data set of a recipe, or find it in this process's memory.

    A file that was replaced is loaded again, and what is drawn at random is drawn again under
    another `RESLIB_SEED_OFFSET`.
    """
    return _load_data(dataset, seed_offset(), _identity(dataset))


@functools.lru_cache(maxsize=4)
def _load_data(dataset, seed_offset, identity):
    return _function(dataset.name)(**dataset.arguments)


def checksum(dataset: Recipe) -> str:
    """Return `load_data(dataset).checksum`, with no more work than it takes.

    What a data set holds decides what it is, not its name or its file. Here a file is read once for
    each state that it is found in, and no images are prepared for training.
    """
    if dataset.name in DRAWN:
        return load_data(dataset).checksum
    named = {name: dataset.arguments.get(name) for name in ("path", "draw")}
    return _checksum(dataset.name, *named.values(), seed_offset(), _identity(dataset))


@functools.lru_cache(maxsize=64)
def _checksum(name, path, draw, seed_offset, identity):
    smallest = {"size": 1, "train_size": 1, "test_size": 1}  # the checksum is of all there is
    return _function(name)(**smallest, path=path, draw=draw).checksum


def _identity(dataset):
    """Return what tells a file from one that took its place; `None` without a file."""
    path = dataset.arguments.get("path")
    if not isinstance(path, str):
        return None
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # to load it will say what is wrong
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def build(model: Recipe, dataset: Recipe) -> keras.Model:
    """Build the untrained network of a recipe for a data set: see `build_for`."""
    data = load_data(dataset)
    return build_for(model, data.x_train.shape[1:], len(data.class_names))


def build_for(model: Recipe, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Build a network, its weights drawn from Keras's current random state, on any backend alike.

    Args:
        model: A `Recipe` with a name in `NETWORKS`.
        input_shape: Shape of one image of the data, without the batch axis.
        classes: How many classes the data have.

    Raises:
        ValueError: if an argument of the recipe is refused, or does not fit the data.
    """
    from reslib.experiments.philox import drawn_as_on_tensorflow  # NumPy comes with it

    arguments = {"input_shape": input_shape, "classes": classes, **model.arguments}
    with keras_as_it_comes(), drawn_as_on_tensorflow():
        network = _function(model.name)(**arguments)
    sizes = network.input_shape[1:]
    fits = len(sizes) == len(input_shape) and all(
        size in (None, actual) for size, actual in zip(sizes, input_shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"input_shape of {model.name} must fit the images of the dataset, {input_shape} (it is "
            f"theirs where none is given), received {arguments['input_shape']!r}"
        )
    if network.output_shape[-1] < classes:
        raise ValueError(
            f"classes of {model.name} must be at least {classes}, as many as the dataset has (they "
            f"are its own where none are given), received {arguments['classes']!r}"
        )
    return network


@contextlib.contextmanager
def keras_as_it_comes() -> Generator[None]:
    """Let Keras have its own defaults, whatever `keras.json` or the notebook has set.

    A run is built and trained in float32 with channels last. Else the same run would give other
    numbers on a machine with another `keras.json`, under the same name.
    """
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    from keras import config

    before = config.floatx(), config.epsilon(), config.image_data_format(), config.dtype_policy()
    try:
        _configure(config, "float32", 1e-7, "channels_last", "float32")
        yield
    finally:
        _configure(config, *before)


def _configure(config, floatx, epsilon, image_data_format, dtype_policy):
    config.set_floatx(floatx)
    config.set_epsilon(epsilon)
    config.set_image_data_format(image_data_format)
    config.set_dtype_policy(dtype_policy)


def _function(name) -> Callable:
    """Whatever a name in `NETWORKS` or `DATASETS` stands for."""
    if name in NETWORKS:
        from reslib import models

        return getattr(models, name)
    from reslib import datasets

    return getattr(datasets, name) if name in DRAWN else functools.partial(datasets.load, name)


def _freeze(value):
    if isinstance(value, (list, tuple)):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()  # a NumPy number
    # What is not finite has no place in JSON, and NaN does not even equal itself.
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if value is None or (isinstance(value, (bool, int, float, str)) and is_finite):
        return value
    raise TypeError(f"cannot be part of a run: {value!r}")
