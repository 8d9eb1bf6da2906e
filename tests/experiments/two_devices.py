"""What two virtual CPU devices do, beside one: a process of its own, for TensorFlow is split first.

Writes what it saw to the file named on the command line.
"""

import sys

import reslib  # isort: skip  # noqa: F401  (first, for it keeps TensorFlow quiet)
import keras
import numpy as np
import tensorflow as tf

from reslib import models
from reslib.experiments import Run
from reslib.experiments.checkpoints import Checkpoints
from reslib.experiments.devices import prepare
from reslib.experiments.mirrored import strategy_over
from reslib.experiments.training import _traced_network, _TracedNetwork, train_here
from reslib.layers import batch_normalization

BATCH, STEPS = 24, 4
RECIPE = dict(depth=8, width=2, survival_probability=0.7, input_shape=(8, 8, 1), classes=3)

shares, losses = [], []  # of the steps that are traced, and of those that are made


def watch(step):
    def watched(self, images, labels, rate):
        context = tf.distribute.get_replica_context()
        replica = int(tf.get_static_value(context.replica_id_in_sync_group))
        shares.append((context.num_replicas_in_sync, replica, tf.zeros(0).device, images.shape[0]))
        return step(self, images, labels, rate)

    return watched


def seen_in_steps(network):
    """Loss, weights with statistics, and velocities, after each of a few steps."""
    stock = network.loss

    def loss(labels, logits):
        value = stock(labels, logits)
        tf.py_function(lambda value: losses.append(float(value)), [value], [])
        return value

    network.loss = loss
    random = np.random.default_rng(0)
    images = random.normal(2.0, 1.5, (BATCH * STEPS, 8, 8, 1)).astype("float32")
    images *= np.linspace(0.5, 2.0, len(images), dtype="float32")[:, None, None, None]
    labels = random.integers(0, 3, len(images)).astype("int32")
    order = np.arange(len(images), dtype="int32").reshape(STEPS, 1, BATCH, 1)
    seen = {"loss": [], "weights": [], "velocities": []}
    for batch in order:
        losses.clear()
        network._train(images, labels, tf.constant(batch), tf.constant([0.1], "float32"))
        seen["loss"].append(np.float64(sum(losses) / BATCH))
        seen["weights"].append(flat(network.model.get_weights()))
        seen["velocities"].append(flat(v.numpy() for v in network.velocities))
    return {name: np.stack(values) for name, values in seen.items()}


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def copies(network):
    """All that a step changes, as each device has it."""
    return np.stack([flat(v.values[i].numpy() for v in network._variables()) for i in (0, 1)])


def network(devices):
    recipe = Run(("cifar_resnet", RECIPE), "fashion_mnist").model
    made = _traced_network(recipe, None, None, BATCH, 0.9, 0.01, devices=devices)
    keras.utils.set_random_seed(1)
    made.restart(models.cifar_resnet(**RECIPE))
    return made


def resumed(run):
    """The weights of a run that was stopped after its first epoch, and of an undisturbed one."""
    undisturbed = train_here(run, keep_weights=True, devices=2)
    train_here(run, checkpoints=Checkpoints(run, 2), devices=2, end=1)
    again = train_here(run, keep_weights=True, checkpoints=Checkpoints(run, 2), devices=2)
    return np.stack([flat(result.weights) for result in (undisturbed, again)])


prepare(2)
prepare(2)  # as for the second run of a worker
_TracedNetwork._step = watch(_TracedNetwork._step)
content = {}

one = seen_in_steps(network(1))
shares.clear()
two_network = network(2)
two = seen_in_steps(two_network)
content["shares"] = np.array(shares)
content["replicas"] = strategy_over(2).num_replicas_in_sync
content["copies"] = copies(two_network)

_traced_network.cache_clear()
synchronizes = batch_normalization._in_one_of_several_replicas
batch_normalization._in_one_of_several_replicas = lambda: False
apart_network = network(2)
apart = seen_in_steps(apart_network)
content["copies_apart"] = copies(apart_network)
batch_normalization._in_one_of_several_replicas = synchronizes

for name, seen in (("one", one), ("two", two), ("apart", apart)):
    content.update({f"{name}_{key}": values for key, values in seen.items()})
content["resumed"] = resumed(
    Run(
        ("cifar_resnet", {"depth": 8, "width": 2}),
        ("fashion_mnist", {"size": 7, "train_size": 60, "test_size": 50}),
        epochs=3,
        batch_size=30,
    )
)
np.savez(sys.argv[1], **content)
