"""A network with its compiled loops for training and evaluation, on TensorFlow."""

from __future__ import annotations

import functools
import math

import keras
import numpy as np
import tensorflow as tf

from reslib.experiments import augmentation
from reslib.experiments.recipe import Recipe, build_for

STEPS_PER_CALL = 100  # many against the cost of a call, few against the patience of a Ctrl-C
IMAGES_PER_EVALUATION = 500


@functools.lru_cache(maxsize=8)
def traced_network(
    model: Recipe, input_shape: tuple[int, ...], classes: int, *settings
) -> TracedNetwork:
    """Return a traced network for a recipe, the same one to whoever asks again.

    Args:
        model: The `Recipe` of the network.
        input_shape: Shape of one image.
        classes: How many classes the data have.
        settings: The other arguments of `TracedNetwork`.
    """
    return TracedNetwork(build_for(model, input_shape, classes), *settings)


class TracedNetwork:
    """A network with its compiled loops for training and evaluation.

    The data stay in memory and whole stretches of an epoch run inside the TensorFlow graph: there
    is no input pipeline to wait for, and nearly no Python. Tracing a deep network costs as much as
    training it for an epoch, so the traced one is used for every run that it fits.

    All that a training needs of it is `restart`, `state`, `set_state`, `train_epoch`, `measure` and
    `model`: a network on another backend has to offer these.

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
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
        places = model.output_shape[1:-1]  # none, or the pixels of an image
        self.answers = math.prod(places)  # for each image
        self.velocities = [tf.Variable(tf.zeros_like(v.value)) for v in model.trainable_variables]
        images = tf.TensorSpec((None, *model.input_shape[1:]), "float32")
        labels = tf.TensorSpec((None, *places), "int32")
        order = tf.TensorSpec((None, batch_size, 4 if augmentation else 1), "int32")
        rates = tf.TensorSpec((None,), "float32")
        weights = [tf.TensorSpec((None, *places), "float32")] if weighted else []
        self._train = tf.function(
            self._train, [images, labels, order, rates, *weights], autograph=False
        )
        self._evaluate = tf.function(self._evaluate, [images, labels], autograph=False)

    def restart(self, fresh: keras.Model) -> None:
        """Take over the variables of a new network, and come to rest."""
        for old, new in zip(self.model.variables, fresh.variables, strict=True):
            old.assign(new)
        for velocity in self.velocities:
            velocity.assign(tf.zeros_like(velocity))

    def state(self) -> list[np.ndarray]:
        """Return everything that a step changes."""
        return [variable.value().numpy() for variable in self._variables()]

    def set_state(self, state: list[np.ndarray]) -> None:
        """Take over what `state` gave."""
        for variable, values in zip(self._variables(), state, strict=True):
            variable.assign(values)

    def _variables(self):
        """Weights, statistics and the state of random numbers, then the optimizer's velocities."""
        return [*(variable.value for variable in self.model.variables), *self.velocities]

    def train_epoch(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        random: np.random.Generator,
        rates: np.ndarray,
        weights: tf.Tensor | None = None,
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
        for step in range(0, len(rates), STEPS_PER_CALL):
            part = slice(step, step + STEPS_PER_CALL)
            draws = tf.constant(order[part]), tf.constant(rates[part])
            self._train(images, labels, *draws, *([] if weights is None else [weights]))

    def measure(self, images: tf.Tensor, labels: tf.Tensor) -> list[float]:
        """Return the mean loss, in nats, and the share of wrong answers, in inference mode."""
        sums = np.zeros(2)
        for first in range(0, len(images), IMAGES_PER_EVALUATION):
            part = slice(first, first + IMAGES_PER_EVALUATION)
            sums += [float(value) for value in self._evaluate(images[part], labels[part])]
        return (sums / (len(images) * self.answers)).tolist()

    def _train(self, images, labels, order, rates, weights=None):
        def body(i):
            chosen = order[i, :, 0]
            batch = tf.gather(images, chosen)
            if self.augmentation:
                batch = augmentation.crop_and_flip(batch, order[i, :, 1:])
            counts = None if weights is None else tf.gather(weights, chosen)
            self._step(batch, tf.gather(labels, chosen), rates[i], counts)
            return (i + 1,)

        # A loop inside the graph. AutoGraph would write the same, but to a file, and a disk can be
        # full.
        steps = tf.shape(order)[0]
        tf.while_loop(lambda i: i < steps, body, (0,), parallel_iterations=1)

    def _step(self, images, labels, rate, weights):
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)
            loss = self.loss(labels, logits, weights) / (self.batch_size * self.answers)
            loss += sum(self.model.losses)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        if self.weight_decay:
            gradients = [
                gradient + self.weight_decay * variable if variable.name == "kernel" else gradient
                for gradient, variable in zip(gradients, variables, strict=True)
            ]
        # For each variable one kernel does what Keras's SGD does with several.
        for variable, velocity, gradient in zip(variables, self.velocities, gradients, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable.value.handle,
                accum=velocity.handle,
                lr=rate,
                grad=gradient,
                momentum=self.momentum,
            )

    def _evaluate(self, images, labels):
        logits = self.model(images, training=False)
        wrong = tf.argmax(logits, axis=-1, output_type="int32") != labels
        return self.loss(labels, logits), tf.math.count_nonzero(wrong)
