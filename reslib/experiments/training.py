"""Training in this process: a network is traced once, and trained for any number of seeds."""

import dataclasses
import functools
import time

import keras
import numpy as np
import tensorflow as tf

from reslib import datasets, models
from reslib.experiments.result import MEASURES, Result

STEPS_PER_CALL = 100  # many against the cost of a call, few against the patience of a Ctrl-C
IMAGES_PER_EVALUATION = 500


@functools.lru_cache(maxsize=2)
def load_data(recipe):
    """The dataset of a run."""
    return datasets.load(recipe.name, **recipe.arguments)


def build(run):
    """The untrained network of a run, its weights drawn from Keras's current random state."""
    data = load_data(run.dataset)
    from_data = {"input_shape": data.x_train.shape[1:], "classes": len(data.class_names)}
    return getattr(models, run.model.name)(**{**from_data, **run.model.arguments})


def train_here(run, keep_weights=False, after_epoch=lambda: None):
    """Train one run in this process (readers call `reslib.experiments.train`).

    Args:
        run: The `Run`.
        keep_weights: Whether the result shall hold the trained weights.
        after_epoch: Function to call after each epoch.

    Returns:
        The `Result`.
    """
    network = _traced_network(dataclasses.replace(run, **_UNTRACED))
    network.restart(run.true_seed)
    history = {name: [] for name in MEASURES}
    started = time.perf_counter()
    random = np.random.default_rng(run.true_seed)
    for rates in np.split(_learning_rates(run, network.steps_per_epoch), run.epochs):
        network.train_epoch(random, rates)
        for name, value in zip(MEASURES, network.measure(), strict=True):
            history[name].append(value)
        after_epoch()
    seconds = time.perf_counter() - started
    return Result(run, history, seconds, network.model.get_weights() if keep_weights else None)


def _learning_rates(run, steps_per_epoch):
    """The rate of every step of a run: constant, or falling along half a cosine."""
    steps = run.epochs * steps_per_epoch
    progress = np.arange(steps) / steps
    factor = 1.0 if run.schedule == "constant" else (1 + np.cos(np.pi * progress)) / 2
    return np.broadcast_to(run.learning_rate * factor, steps).astype("float32")


# What a compiled network does not depend on: runs that differ in nothing else share one.
_UNTRACED = {"epochs": 1, "learning_rate": 0.0, "schedule": "constant", "seed": 0}


@functools.lru_cache(maxsize=3)
def _traced_network(run):
    return _TracedNetwork(run)


class _TracedNetwork:
    """A network with its compiled loops for training and evaluation.

    The data stay in memory and whole stretches of an epoch run inside the TensorFlow graph: there
    is no input pipeline to wait for, and nearly no Python. Tracing a deep network costs as much as
    training it for an epoch, so the traced one starts anew for each seed.
    """

    def __init__(self, run):
        self.run = run
        data = load_data(run.dataset)
        self.train_data = tf.constant(data.x_train), tf.constant(data.y_train)
        self.test_data = tf.constant(data.x_test), tf.constant(data.y_test)
        self.batch_size = min(run.batch_size, len(data.x_train))
        self.steps_per_epoch = len(data.x_train) // self.batch_size
        self.model = build(run)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
        self.optimizer = keras.optimizers.SGD(momentum=run.momentum)
        self.optimizer.build(self.model.trainable_variables)

    def restart(self, seed):
        """Draw new weights, as a new network built from this seed would have them."""
        keras.utils.set_random_seed(seed)
        for old, new in zip(self.model.variables, build(self.run).variables, strict=True):
            old.assign(new)
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))

    def train_epoch(self, random, rates):
        """One pass over the training images in random order, with the learning rates given."""
        order = random.permutation(len(self.train_data[0]))[: len(rates) * self.batch_size]
        order = order.reshape(len(rates), self.batch_size).astype("int32")
        for step in range(0, len(rates), STEPS_PER_CALL):
            part = slice(step, step + STEPS_PER_CALL)
            self._train_steps(tf.constant(order[part]), tf.constant(rates[part]))

    def measure(self):
        """Training loss and error, test loss and error, all in inference mode."""
        count = len(self.test_data[0])
        measured = []
        for images, labels in (self.train_data, self.test_data):
            images, labels = images[:count], labels[:count]
            sums = np.zeros(2)
            for first in range(0, len(images), IMAGES_PER_EVALUATION):
                part = slice(first, first + IMAGES_PER_EVALUATION)
                sums += [float(value) for value in self._evaluate(images[part], labels[part])]
            measured += list(sums / len(images))
        return measured

    @functools.cached_property
    def _train_steps(self):
        images, labels = self.train_data
        variables = self.model.trainable_variables

        def step(indices, rate):
            with tf.GradientTape() as tape:
                logits = self.model(tf.gather(images, indices), training=True)
                loss = self.loss(tf.gather(labels, indices), logits) / self.batch_size
                loss += sum(self.model.losses)
            gradients = tape.gradient(loss, [variable.value for variable in variables])
            if self.run.weight_decay:
                gradients = [
                    gradient + self.run.weight_decay * variable.value
                    if variable.name == "kernel"
                    else gradient
                    for gradient, variable in zip(gradients, variables, strict=True)
                ]
            self.optimizer.learning_rate.assign(rate)
            self.optimizer.apply(gradients, variables)

        @tf.function(
            input_signature=[
                tf.TensorSpec((None, self.batch_size), "int32"),
                tf.TensorSpec((None,), "float32"),
            ]
        )
        def train_steps(order, rates):
            for i in tf.range(tf.shape(order)[0]):
                step(order[i], rates[i])

        return train_steps

    @functools.cached_property
    def _evaluate(self):
        image_shape = self.train_data[0].shape[1:]

        @tf.function(
            input_signature=[
                tf.TensorSpec((None, *image_shape), "float32"),
                tf.TensorSpec((None,), "int32"),
            ]
        )
        def evaluate(images, labels):
            logits = self.model(images, training=False)
            wrong = tf.argmax(logits, axis=-1, output_type="int32") != labels
            return self.loss(labels, logits), tf.math.count_nonzero(wrong)

        return evaluate
