"""One run, trained in this process."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from reslib.experiments.network import traced_network
from reslib.experiments.recipe import build_for, keras_as_it_comes, load_data
from reslib.experiments.records import Checkpoint, Record
from reslib.experiments.result import MEASURES, Result
from reslib.experiments.run import Run
from reslib.experiments.schedules import learning_rates


@keras_as_it_comes()
def train_run(
    run: Run,
    keep_weights: bool = False,
    after_epoch: Callable[[int], None] = lambda epoch: None,
    record: Record | None = None,
) -> Result:
    """Train one run in this process (readers call `reslib.experiments.train`).

    Args:
        run: The `Run`.
        keep_weights: Whether the result shall hold the trained weights.
        after_epoch: Function to call with the number of each epoch, from 1, when it is done, and
            of each that needed no training.
        record: The `Record` of the run, with the checkpoint to go on from; one is left there after
            each epoch but the last. `None` for neither.

    Raises:
        ValueError: if the network does not fit the data, or the data are not those of the record.
    """
    data = load_data(run.dataset)
    if record:
        record.check_data(data)
    form = data.x_train.shape[1:], len(data.class_names)
    network = traced_network(
        run.model,
        *form,
        min(run.batch_size, len(data.x_train)),
        run.momentum,
        run.weight_decay,
        run.augmentation,
    )
    start = record.read_checkpoint(like=network.state()) if record else None
    if start is None:
        keras.utils.set_random_seed(run.true_seed)
        network.restart(build_for(run.model, *form))
        random = np.random.default_rng(run.true_seed)
        start = Checkpoint({name: [] for name in MEASURES}, 0.0, random, [])
    else:
        network.set_state(start.state)

    train_data = tf.constant(data.x_train), tf.constant(data.y_train)
    test_data = tf.constant(data.x_test), tf.constant(data.y_test)
    measured_train_data = tuple(part[: len(data.x_test)] for part in train_data)
    history, random = start.history, start.random
    for epoch in range(start.epochs):
        after_epoch(epoch + 1)
    started = time.perf_counter() - start.seconds
    steps = len(data.x_train) // network.batch_size
    rates = learning_rates(run.schedule, run.learning_rate, run.epochs * steps)
    rates = np.split(rates, run.epochs)
    for epoch in range(start.epochs, run.epochs):
        network.train_epoch(*train_data, random, rates[epoch])
        values = network.measure(*measured_train_data) + network.measure(*test_data)
        for name, value in zip(MEASURES, values, strict=True):
            history[name].append(value)
        if record and epoch + 1 < run.epochs:
            seconds = time.perf_counter() - started
            record.write_checkpoint(Checkpoint(history, seconds, random, network.state()))
        after_epoch(epoch + 1)
    seconds = time.perf_counter() - started
    weights = network.model.get_weights() if keep_weights else None
    return Result(run, history, seconds, weights)
