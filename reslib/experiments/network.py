"""A network with its compiled loops for training and evaluation: what all backends share."""

from __future__ import annotations

import abc
import math
from typing import Any

import keras
import numpy as np

from reslib.experiments import augmentation

STEPS_PER_CALL = 100  # many against the cost of a call, few against the patience of a Ctrl-C
IMAGES_PER_EVALUATION = 500


class TracedNetwork(abc.ABC):
    """A network with its compiled loops for training and evaluation.

    The data stay in the device's memory and whole stretches of an epoch are one compiled loop:
    there is no input pipeline to wait for, and nearly no Python. Tracing a deep network costs as
    much as training it for an epoch, so the traced one is used for every run that it fits.

    A training calls the methods without an underscore, and reads `model` and `batch_size`. What a
    backend has to add is abstract here; what a step draws at random is drawn here, for all alike.

    Batches are always full. (A left-over batch of one image would have one value per channel behind
    a dense layer, whose variance is NaN to cuDNN's batch normalization.)

    Args:
        model: A `keras.Model` that gives logits.
        batch_size: Integer.
        momentum: Float in [0, 1), of stochastic gradient descent.
        weight_decay: Float, see `Run`.
        augmentation: `"crop_and_flip"` or `None`.
        weighted: Boolean, whether the training labels have weights.
    """

    def __init__(
        self,
        model: keras.Model,
        batch_size: int,
        momentum: float,
        weight_decay: float,
        augmentation: str | None = None,
        weighted: bool = False,
    ):
        self.model = model
        self.batch_size = batch_size
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.augmentation = augmentation
        self.weighted = weighted
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
        self.places = model.output_shape[1:-1]  # none, or the pixels of an image
        self.answers = math.prod(self.places)  # for each image
        self.velocities = [
            keras.Variable(np.zeros(variable.shape, variable.dtype), trainable=False)
            for variable in model.trainable_variables
        ]

    def restart(self, fresh: keras.Model) -> None:
        """Take over the variables of a new network, and come to rest."""
        for old, new in zip(self.model.variables, fresh.variables, strict=True):
            old.assign(new)
        for velocity in self.velocities:
            velocity.assign(np.zeros(velocity.shape, velocity.dtype))

    def state(self) -> list[np.ndarray]:
        """Return everything that a step changes."""
        return [np.asarray(variable).copy() for variable in self._variables()]

    def set_state(self, state: list[np.ndarray]) -> None:
        """Take over what `state` gave."""
        for variable, values in zip(self._variables(), state, strict=True):
            variable.assign(values)

    def _variables(self):
        """Weights, statistics and the state of random numbers, then the optimizer's velocities."""
        return [*self.model.variables, *self.velocities]

    def train_epoch(
        self,
        images: Any,
        labels: Any,
        random: np.random.Generator,
        rates: np.ndarray,
        weights: Any = None,
    ) -> None:
        """Pass once over the images in random order, one step for each learning rate.

        Args:
            images: `float32` tensor of shape `(N, height, width, channels)`.
            labels: `int32` tensor of shape `(N,)`, or `(N, height, width)` where they are dense.
            random: Draws the order, and how images are augmented.
            rates: `float32` array of at most N / `batch_size` learning rates.
            weights: `float32` tensor with the shape of `labels`, what each counts in the loss, for
                a weighted network; `None` for others.
        """
        order = random.permutation(len(images))[: len(rates) * self.batch_size]
        # For each image of each step its number, and then what is drawn to augment it.
        order = order.reshape(len(rates), self.batch_size, 1).astype("int32")
        if self.augmentation:
            draws = augmentation.draw(random, order.shape[:2])
            order = np.concatenate([order, draws], axis=2)
        # Parts of equal length, or nearly so: JAX compiles a loop anew for each length.
        parts = math.ceil(len(rates) / STEPS_PER_CALL)
        for part in zip(np.array_split(order, parts), np.array_split(rates, parts), strict=True):
            self._train(images, labels, *part, *([] if weights is None else [weights]))

    def measure(self, images: Any, labels: Any) -> list[float]:
        """Return the mean loss, in nats, and the share of wrong answers, in inference mode."""
        sums = np.zeros(2)
        for first in range(0, len(images), IMAGES_PER_EVALUATION):
            part = slice(first, first + IMAGES_PER_EVALUATION)
            sums += [float(value) for value in self._evaluate(images[part], labels[part])]
        return (sums / (len(images) * self.answers)).tolist()

    @abc.abstractmethod
    def run_eagerly(self, eagerly: bool) -> None:
        """Choose for this process whether Python runs the loops, where that is quicker at first."""

    @abc.abstractmethod
    def _train(self, images, labels, order, rates, weights=None):
        """Take a step for each row of `order`, with the learning rate that stands beside it."""

    @abc.abstractmethod
    def _evaluate(self, images, labels):
        """Return the sum of the losses, and how many answers are wrong."""
