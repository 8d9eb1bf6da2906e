"""One run, trained in this process."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Generator

import numpy as np
from keras import ops

from reslib import smoke
from reslib.experiments.recipe import build_for, keras_as_it_comes, load_data
from reslib.experiments.records import Checkpoint, Record
from reslib.experiments.result import MEASURES, Result
from reslib.experiments.run import Run
from reslib.experiments.schedules import learning_rates
from reslib.experiments.tracing import traced_network


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
        data.train_weights is not None,
    )
    start = record.read_checkpoint(like=network.state()) if record else None
    if start is None:
        with seeded(run.true_seed):
            network.restart(build_for(run.model, *form))
        order = np.random.default_rng(run.true_seed)
        start = Checkpoint({name: [] for name in MEASURES}, 0.0, order, [])
    else:
        network.set_state(start.state)

    to_device = ops.convert_to_tensor
    train_data = to_device(data.x_train), to_device(data.y_train)
    weights = None if data.train_weights is None else to_device(data.train_weights)
    test_data = to_device(data.x_test), to_device(data.y_test)
    if smoke.on():
        test_data = tuple(part[: smoke.IMAGES] for part in test_data)
    network.run_eagerly(smoke.on() and len(network.model.layers) > smoke.LAYERS)
    measured_train_data = tuple(part[: len(test_data[0])] for part in train_data)
    history, order = start.history, start.random
    for epoch in range(start.epochs):
        after_epoch(epoch + 1)
    started = time.perf_counter() - start.seconds
    steps = len(data.x_train) // network.batch_size
    rates = learning_rates(run.schedule, run.learning_rate, run.epochs * steps)
    rates = np.split(rates, run.epochs)
    if smoke.on():
        rates[0] = rates[0][: smoke.STEPS]
    for epoch in range(start.epochs, run.epochs):
        if smoke.on() and epoch > 0:
            for values in history.values():
                values.append(values[-1])
            after_epoch(epoch + 1)
            continue
        network.train_epoch(*train_data, order, rates[epoch], weights)
        values = network.measure(*measured_train_data) + network.measure(*test_data)
        for name, value in zip(MEASURES, values, strict=True):
            history[name].append(value)
        if record and epoch + 1 < run.epochs:
            seconds = time.perf_counter() - started
            record.write_checkpoint(Checkpoint(history, seconds, order, network.state()))
        after_epoch(epoch + 1)
    seconds = time.perf_counter() - started
    trained = network.model.get_weights() if keep_weights else None
    return Result(run, history, seconds, trained)


@contextlib.contextmanager
def seeded(seed: int) -> Generator[None]:
    """Seed what Keras builds, and let no other thread take random numbers that are meant for it.

    Keras draws all seeds of a network with `random.randint`, from numbers that all threads of a
    process share. Also in a Dask worker of one thread there is a second one, for its messages, and
    that draws when it estimates their size (`dask.sizeof`): no weights would be those of the seed.
    So this thread draws from numbers of its own. What others call stays what it was.
    """
    own, shared, me = random.Random(seed).randint, random.randint, threading.get_ident()
    random.randint = lambda *ends: (own if threading.get_ident() == me else shared)(*ends)
    try:
        yield
    finally:
        random.randint = shared
