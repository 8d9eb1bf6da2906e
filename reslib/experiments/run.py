"""The description of one training run."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from reslib import arguments
from reslib.experiments.recipe import DATASETS, NETWORKS, Recipe, as_recipe
from reslib.experiments.schedules import SCHEDULES
from reslib.seeding import LARGEST_SEED, seed_offset

AUGMENTATIONS = ("crop_and_flip",)


@dataclasses.dataclass(frozen=True)
class Run:
    """Everything that decides the result of one training run.

    The same run gives the same numbers on the CPU of the same machine. The loss is the
    cross-entropy of the model's logits, its mean over the images, or over all their pixels where
    labels are dense; the optimizer is stochastic gradient descent with momentum. Where the data set
    says what each label counts (`train_weights`, as `"odd_ones"` does), the losses of the training
    images are multiplied by it before the mean; losses and errors that are reported are not.

    Args:
        model: A name in `reslib.models` and its arguments, `("cifar_resnet", {"depth": 20})`, or
            the name alone. `input_shape` and `classes` are the dataset's where they are not given.
        dataset: A name for `reslib.datasets.load` and its arguments, or the name alone; or
            `"scenes"`, `"odd_ones"` or `"flood_fill"` and the arguments of that function of
            `reslib.datasets`.
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
        set_field = object.__setattr__  # the dataclass is frozen
        set_field(self, "model", as_recipe("model", self.model, NETWORKS))
        set_field(self, "dataset", as_recipe("dataset", self.dataset, DATASETS))
        for name in ("epochs", "batch_size"):
            set_field(self, name, arguments.positive_integer(name, getattr(self, name)))
        accepted = f"an integer from 0 to {LARGEST_SEED}"
        seed = arguments.integer("seed", self.seed, accepted, lambda n: 0 <= n <= LARGEST_SEED)
        set_field(self, "seed", seed)
        for name in ("learning_rate", "weight_decay"):
            value = arguments.number(
                name, getattr(self, name), "a finite number of at least 0", lambda x: x >= 0
            )
            set_field(self, name, value)
        momentum = arguments.number(
            "momentum", self.momentum, "a number in [0, 1)", lambda x: 0 <= x < 1
        )
        set_field(self, "momentum", momentum)
        arguments.one_of("schedule", self.schedule, SCHEDULES)
        arguments.one_of("augmentation", self.augmentation, (None, *AUGMENTATIONS))
        answers, labels = NETWORKS[self.model.name], DATASETS[self.dataset.name]
        if answers != labels:
            raise ValueError(
                f"model must give an answer for each {labels}, as dataset={self.dataset.name!r} "
                f"has a label for each; received {self.model.name!r}, with one for each {answers}"
            )
        if self.augmentation and labels != "image":
            raise ValueError(
                f"augmentation must be None for {self.dataset.name}, whose labels are dense and "
                f"would have to move with the pixels; received {self.augmentation!r}"
            )

    @property
    def true_seed(self) -> int:
        """The seed that is used: `seed` moved by `RESLIB_SEED_OFFSET`."""
        return self.seed + seed_offset()

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain data, ready for JSON; `Run(**run.to_dict())` is the run again."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("model", "dataset"):
            fields[name] = [fields[name].name, fields[name].arguments]
        return json.loads(json.dumps(fields))
