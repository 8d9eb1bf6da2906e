"""Training in this process: a network is traced once, and trained for any number of seeds."""

import functools
import math
import random
import threading
import time

import keras
import numpy as np
import tensorflow as tf

from reslib import datasets, models
from reslib.experiments import augmentation
from reslib.experiments.checkpoints import Checkpoint
from reslib.experiments.result import MEASURES, Result
from reslib.experiments.run import DRAWN
from reslib.seeding import seed_offset

STEPS_PER_CALL = 100  # many against the cost of a call, few against the patience of a Ctrl-C
IMAGES_PER_EVALUATION = 500
WARMUP = 0.1  # the share of all steps in which the schedule "warmup" lets the learning rate rise
GENTLE_START = 1 / 160  # that of "steps_after_warmup" at a tenth of the rate: 400 of 64,000 steps


def load_data(recipe):
    """The dataset of a run."""
    return _load_data(recipe, seed_offset())


@functools.lru_cache(maxsize=4)
def _load_data(recipe, seed_offset):
    """Remembered for each offset too, which moves what is drawn at random."""
    if recipe.name in DRAWN:
        return getattr(datasets, recipe.name)(**recipe.arguments)
    return datasets.load(recipe.name, **recipe.arguments)


def build(run):
    """The untrained network of a run, its weights drawn from Keras's current random state."""
    data = load_data(run.dataset)
    return _build(run.model, data.x_train.shape[1:], len(data.class_names))


def _build(recipe, input_shape, classes):
    from_data = {"input_shape": input_shape, "classes": classes}
    return getattr(models, recipe.name)(**{**from_data, **recipe.arguments})


def _build_from_seed(run):
    """The network with the weights of the run's seed.

    Keras draws them by way of Python's own random numbers, which all threads of a process share,
    and a cluster's worker has threads that draw too. So this thread gets numbers of its own.
    """
    keras.utils.set_random_seed(run.true_seed)
    mine, shared, me = random.Random(run.true_seed).randint, random.randint, threading.get_ident()
    random.randint = lambda *ends: (mine if threading.get_ident() == me else shared)(*ends)
    try:
        return build(run)
    finally:
        random.randint = shared


def train_here(
    run, keep_weights=False, after_epoch=lambda epoch: None, checkpoints=None, devices=1, end=None
):
    """Train one run in this process (readers call `reslib.experiments.train`).

    Args:
        run: The `Run`.
        keep_weights: Whether the result shall hold the trained weights.
        after_epoch: Function to call with the number of each epoch, from 1, when it is done, and
            of each that needed no training.
        checkpoints: The `Checkpoints` of the run, to go on from and to leave one after each epoch
            but the last; or `None` for neither.
        devices: Integer, over how many devices each batch is split.
        end: Integer, the epoch after which to leave the rest to another process, or `None`.

    Returns:
        The `Result`, or `None` where epochs are left.
    """
    data = load_data(run.dataset)
    network = _traced_network(
        run.model,
        data.x_train.shape[1:],
        len(data.class_names),
        min(run.batch_size, len(data.x_train)),
        run.momentum,
        run.weight_decay,
        run.augmentation,
        devices=devices,
    )
    start = checkpoints.read(network.size) if checkpoints else None
    if start is None:
        network.restart(_build_from_seed(run))
        order = np.random.default_rng(run.true_seed)
        start = Checkpoint({name: [] for name in MEASURES}, 0.0, order, None)
    else:
        network.set_state(start.state)

    train_data = tf.constant(data.x_train), tf.constant(data.y_train)
    test_data = tf.constant(data.x_test), tf.constant(data.y_test)
    measured_train_data = tuple(part[: len(data.x_test)] for part in train_data)
    history, order = start.history, start.random
    for epoch in range(start.epochs):
        after_epoch(epoch + 1)
    started = time.perf_counter() - start.seconds
    steps = len(data.x_train) // network.batch_size
    rates = np.split(_learning_rates(run, run.epochs * steps), run.epochs)
    for epoch in range(start.epochs, end or run.epochs):
        network.train_epoch(*train_data, order, rates[epoch])
        values = network.measure(*measured_train_data) + network.measure(*test_data)
        for name, value in zip(MEASURES, values, strict=True):
            history[name].append(value)
        if checkpoints and epoch + 1 < run.epochs:
            seconds = time.perf_counter() - started
            checkpoints.write(Checkpoint(history, seconds, order, network.state()))
        after_epoch(epoch + 1)
    if len(history["test_error"]) < run.epochs:
        return None
    seconds = time.perf_counter() - started
    weights = network.model.get_weights() if keep_weights else None
    return Result(run, history, seconds, weights, devices)


def _learning_rates(run, steps):
    """The rate of every step of a run."""
    if run.schedule.startswith("steps"):
        return _falling_in_steps(run, steps)
    warmup = math.ceil(WARMUP * steps) if run.schedule == "warmup" else 0
    rise = np.arange(1, warmup + 1) / warmup if warmup else np.empty(0)
    fall = (1 + np.cos(np.pi * np.arange(steps - warmup) / (steps - warmup))) / 2
    factor = 1.0 if run.schedule == "constant" else np.concatenate([rise, fall])
    return np.broadcast_to(run.learning_rate * factor, steps).astype("float32")


def _falling_in_steps(run, steps):
    step = np.arange(steps)
    tenths = (2 * step >= steps).astype(int) + (4 * step >= 3 * steps)
    if run.schedule == "steps_after_warmup":
        tenths += step < round(steps * GENTLE_START)
    return (run.learning_rate / 10.0**tenths).astype("float32")


@functools.lru_cache(maxsize=8)
def _traced_network(recipe, input_shape, classes, *settings, devices=1):
    if devices > 1:
        from reslib.experiments.mirrored import MirroredNetwork, strategy_over

        with strategy_over(devices).scope():
            return MirroredNetwork(_build(recipe, input_shape, classes), *settings)
    return _TracedNetwork(_build(recipe, input_shape, classes), *settings)


class _TracedNetwork:
    """A network with its compiled loops for training and evaluation.

    The data stay in memory and whole stretches of an epoch run inside the TensorFlow graph: there
    is no input pipeline to wait for, and nearly no Python. Tracing a deep network costs as much as
    training it for an epoch, so the traced one is used for every run that it fits.
    """

    def __init__(self, model, batch_size, momentum, weight_decay, augmentation=None):
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
        self._train = tf.function(self._train, [images, labels, order, rates], autograph=False)
        self._evaluate = tf.function(self._evaluate, [images, labels], autograph=False)

    def restart(self, fresh):
        """Take over the state of a new network, and come to rest."""
        for old, new in zip(self.model.variables, fresh.variables, strict=True):
            old.assign(new)
        for velocity in self.velocities:
            velocity.assign(tf.zeros_like(velocity))

    @property
    def size(self):
        """Bytes of the state."""
        return sum(math.prod(v.shape) * v.dtype.size for v in self._variables())

    def state(self):
        """Everything that a step changes, as bytes."""
        content = b"".join(v.value().numpy().tobytes() for v in self._variables())
        return np.frombuffer(content, "uint8")

    def set_state(self, state):
        """Take over what `state` gave."""
        first = 0
        for variable in self._variables():
            size = math.prod(variable.shape) * variable.dtype.size
            content = state[first : first + size].tobytes()
            values = np.frombuffer(content, variable.dtype.as_numpy_dtype)
            variable.assign(values.reshape(variable.shape))
            first += size

    def _variables(self):
        """Weights, statistics and the state of random numbers, then the optimizer's velocities."""
        return [*(variable.value for variable in self.model.variables), *self.velocities]

    def train_epoch(self, images, labels, random, rates):
        """Pass once over the images in random order, one step for each learning rate."""
        order = random.permutation(len(images))[: len(rates) * self.batch_size]
        # For each image of each step its number, and then what is drawn to augment it.
        order = order.reshape(len(rates), self.batch_size, 1).astype("int32")
        if self.augmentation:
            draws = augmentation.draw(random, order.shape[:2])
            order = np.concatenate([order, draws], axis=2)
        for step in range(0, len(rates), STEPS_PER_CALL):
            part = slice(step, step + STEPS_PER_CALL)
            self._train(images, labels, tf.constant(order[part]), tf.constant(rates[part]))

    def measure(self, images, labels):
        """Mean loss and share of wrong answers, in inference mode."""
        sums = np.zeros(2)
        for first in range(0, len(images), IMAGES_PER_EVALUATION):
            part = slice(first, first + IMAGES_PER_EVALUATION)
            sums += [float(value) for value in self._evaluate(images[part], labels[part])]
        return (sums / (len(images) * self.answers)).tolist()

    def _train(self, images, labels, order, rates):
        def body(i):
            chosen = order[i, :, 0]
            batch = tf.gather(images, chosen)
            if self.augmentation:
                batch = augmentation.crop_and_flip(batch, order[i, :, 1:])
            self._step(batch, tf.gather(labels, chosen), rates[i])
            return (i + 1,)

        # A loop inside the graph. AutoGraph would write the same, but to a file, and a disk can be
        # full.
        steps = tf.shape(order)[0]
        tf.while_loop(lambda i: i < steps, body, (0,), parallel_iterations=1)

    def _step(self, images, labels, rate):
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)
            loss = self.loss(labels, logits) / (self.batch_size * self.answers)
            loss += sum(self.model.losses)
        gradients = self._sum(tape.gradient(loss, [variable.value for variable in variables]))
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

    def _sum(self, gradients):
        """Over the shares of a batch, of which there is one here."""
        return gradients

    def _evaluate(self, images, labels):
        logits = self.model(images, training=False)
        wrong = tf.argmax(logits, axis=-1, output_type="int32") != labels
        return self.loss(labels, logits), tf.math.count_nonzero(wrong)
