"""The description of one training run."""

import dataclasses
import functools
import inspect
import json
import math
import sys

from reslib.seeding import LARGEST_SEED, seed_offset

SCHEDULES = ("constant", "cosine", "warmup", "steps", "steps_after_warmup")
AUGMENTATIONS = ("crop_and_flip",)
DRAWN = ("scenes", "flood_fill")  # functions of reslib.datasets that draw at random
DATASETS = ("fashion_mnist", "fashion_mnist_full", "cifar10", *DRAWN)


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
    def arguments(self):
        return dict(self.items)

    def __str__(self):
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.items)})"


@dataclasses.dataclass(frozen=True)
class Run:
    """Everything that decides the result of one training run.

    The same run gives the same numbers on the CPU of the same machine. The loss is the
    cross-entropy of the model's logits, its mean over the images, or over all their pixels where
    labels are dense; the optimizer is stochastic gradient descent with momentum.

    Args:
        model: A name in `reslib.models` and its arguments, `("cifar_resnet", {"depth": 20})`, or
            the name alone. `input_shape` and `classes` are the dataset's where they are not given.
        dataset: A name for `reslib.datasets.load` and its arguments, or the name alone; or
            `"scenes"` or `"flood_fill"` and the arguments of that function in `reslib.datasets`.
        epochs: Integer, passes over the training images.
        batch_size: Integer. The images that fill no batch at the end of an epoch wait for the next
            epoch's shuffle.
        learning_rate: Float, the highest rate.
        schedule: `"cosine"` lets the rate fall to zero along half a cosine, step by step;
            `"constant"` keeps it; `"warmup"` first lets it rise from zero, linearly over the first
            tenth of all steps, then fall as `"cosine"` does; `"steps"` divides it by ten after half
            of all steps, and again after three quarters; `"steps_after_warmup"` does so too, but
            takes a tenth of it for the first 160th of all steps.
        momentum: Float in [0, 1).
        weight_decay: Float. Adds `weight_decay / 2 · ‖kernel‖²` for each kernel to the loss that
            is minimized (not to the one recorded).
        augmentation: `"crop_and_flip"` pads each training image with 4 pixels of the mean colour
            on each side, crops it to its size at a random place and flips it horizontally with
            probability ½, anew at each step; what is measured is measured on the images as they
            are. Not for dense labels. `None` for none.
        seed: Integer from 0 to 2³² - 1 that decides all random numbers: initial weights, the order
            of the images and their augmentation, after `RESLIB_SEED_OFFSET` has been added.

    Raises:
        ValueError: for any other argument.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.2: augmentation,
        and `"steps"`, with 64,000 of them. With 110 layers the paper begins at a tenth of the rate
        until the training error is below 80 %, "about 400 iterations"; here the number is fixed.

    Example:

    >>> Run(("cifar_resnet", {"depth": 20}), ("fashion_mnist", {"size": 14}), epochs=4, seed=1).seed
    1
    """

    model: Recipe
    dataset: Recipe
    epochs: int = 1
    batch_size: int = 128
    learning_rate: float = 0.1
    schedule: str = "cosine"
    momentum: float = 0.9
    weight_decay: float = 0.0
    augmentation: str | None = None
    seed: int = 0

    def __post_init__(self):
        from reslib import datasets, models

        set_field = object.__setattr__  # the dataclass is frozen
        set_field(self, "model", _recipe("model", self.model, models.__all__))
        set_field(self, "dataset", _recipe("dataset", self.dataset, DATASETS))
        _check_arguments("model", self.model, getattr(models, self.model.name))
        name, is_drawn = self.dataset.name, self.dataset.name in DRAWN
        load = getattr(datasets, name) if is_drawn else functools.partial(datasets.load, name)
        _check_arguments("dataset", self.dataset, load)
        for name in ("epochs", "batch_size"):
            set_field(self, name, _integer(name, getattr(self, name), minimum=1))
        set_field(self, "seed", _integer("seed", self.seed, minimum=0, maximum=LARGEST_SEED))
        for name, below in (("learning_rate", None), ("momentum", 1), ("weight_decay", None)):
            set_field(self, name, _number(name, getattr(self, name), below))
        _choice("schedule", self.schedule, SCHEDULES)
        _choice("augmentation", self.augmentation, (None, *AUGMENTATIONS))
        if self.augmentation and is_drawn:
            raise ValueError(
                f"augmentation must be None for {self.dataset.name}, whose labels are dense and "
                f"would have to move with the pixels; received {self.augmentation!r}"
            )

    @property
    def true_seed(self):
        """The seed that is used: `seed` moved by `RESLIB_SEED_OFFSET`."""
        return self.seed + seed_offset()

    def to_dict(self):
        """The run as plain data, ready for JSON; `Run(**run.to_dict())` is the run again."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("model", "dataset"):
            fields[name] = [fields[name].name, fields[name].arguments]
        return json.loads(json.dumps(fields))


def _recipe(field, value, names):
    if isinstance(value, str):
        value = (value, {})
    if not isinstance(value, Recipe):
        try:
            name, arguments = value
            value = Recipe(name, dict(arguments))
        except (TypeError, ValueError):
            raise ValueError(
                f'{field} must be a name and its arguments, such as ("{names[0]}", {{…}}), with '
                f"finite numbers, strings, booleans, None or sequences of these; received {value!r}"
            ) from None
    if value.name not in names:
        choices = ", ".join(map(repr, names))
        raise ValueError(f"{field} must be one of {choices}, received {value.name!r}")
    return value


def _check_arguments(field, recipe, function):
    accepted = inspect.signature(function).parameters
    for name in recipe.arguments:
        if name not in accepted:
            choices = ", ".join(accepted)
            raise ValueError(
                f"{field}: {recipe.name} takes the arguments {choices}; received {name!r}"
            )


def _freeze(value):
    if isinstance(value, (list, tuple)):
        return tuple(_freeze(item) for item in value)
    value = _unwrap(value)
    # What is not finite has no place in JSON, and NaN does not even equal itself.
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if value is None or (isinstance(value, (bool, int, float, str)) and is_finite):
        return value
    raise TypeError(f"cannot be part of a run: {value!r}")


def _unwrap(value):
    """A NumPy number as a plain one."""
    is_number = hasattr(value, "item") and getattr(value, "shape", None) == ()
    return value.item() if is_number else value


def _choice(name, value, accepted):
    if not (value is None or isinstance(value, str)) or value not in accepted:
        choices = ", ".join(map(repr, accepted))
        raise ValueError(f"{name} must be one of {choices}, received {value!r}")


def _integer(name, value, minimum, maximum=math.inf):
    value = _unwrap(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} must be an integer, received {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, received {value!r}")
    if value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, received {value!r}")
    return value


def _number(name, value, below=None):
    value = _unwrap(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # An integer can be larger than any float.
    if not is_number or not 0 <= value <= sys.float_info.max or (below and value >= below):
        accepted = f"a number in [0, {below})" if below else "a finite number of at least 0"
        raise ValueError(f"{name} must be {accepted}, received {value!r}")
    return float(value)
