"""The record on JAX does what `reproduce` does on TensorFlow."""

import numpy as np
import pytest
import record_cifar10

jax = pytest.importorskip("jax")
jax_training = pytest.importorskip("jax_training")

from reslib.experiments import Run, network_tensorflow  # noqa: E402
from reslib.experiments.schedules import learning_rates  # noqa: E402


def test_order_and_draws_are_those_of_the_other_engine(monkeypatch):
    """Whatever a step is given: what it is made of stands in one array."""
    images = np.arange(300)
    seen = {"jax": [], "tensorflow": []}

    def programs(model):
        def advance(state, images, labels, order, rates):
            seen["jax"].append((order, rates))
            return state

        return advance, lambda state, measured: None

    monkeypatch.setattr(jax_training, "programs", programs)
    network = object.__new__(network_tensorflow.TensorFlowNetwork)
    network.batch_size, network.augmentation = 128, "crop_and_flip"
    network._train = lambda images, labels, order, rates: seen["tensorflow"].append((order, rates))
    run = Run("mlp", "cifar10", epochs=3, schedule="steps", seed=7)
    rates = np.split(learning_rates(run.schedule, run.learning_rate, 6), 3)
    random = np.random.default_rng(7)
    for epoch in range(3):
        network.train_epoch(images, images, random, rates[epoch])

    class Model:
        non_trainable_variables = ()

    data = [jax.numpy.asarray(part) for part in (images, images, images[:10], images[:10])]
    list(jax_training.train(Model, [np.zeros(1)], data, 3, 7))

    assert len(seen["jax"]) == 3
    for mine, theirs in zip(seen["jax"], seen["tensorflow"], strict=True):
        for a, b in zip(mine, theirs, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


def test_as_many_epochs_as_fit():
    start = record_cifar10.TO_START
    assert record_cifar10.epochs_that_fit(164, start + 100, pace=2) == 50
    assert record_cifar10.epochs_that_fit(164, start + 1000, pace=2) == 164
    assert record_cifar10.epochs_that_fit(164, 1000, pace=0) == 164
