"""One network over several devices: each has a copy of it, and computes its share of every batch.

`tf.distribute` does it. (Keras's own `keras.distribution.DataParallel` accepts several devices on
TensorFlow too, but computes everything on one of them.)
"""

import tensorflow as tf

from reslib.experiments.training import _TracedNetwork


class MirroredNetwork(_TracedNetwork):
    """A traced network, built in the scope of a strategy, that learns on all of its devices.

    Batches are split into equal shares. Each device has the gradient of its share of the loss; the
    sum of them, which is that of the whole batch, moves every copy of the weights by the same step.
    Since batch normalization synchronizes its statistics, all is as on one device but for the
    order of sums, and that is for rounding. Measuring is done by the first device.
    """

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.strategy = tf.distribute.get_strategy()

    def _step(self, images, labels, rate):
        replicas = self.strategy.num_replicas_in_sync
        images, labels = tf.split(images, replicas), tf.split(labels, replicas)

        def step():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            share = int(tf.get_static_value(replica))
            _TracedNetwork._step(self, images[share], labels[share], rate)

        self.strategy.run(step)

    def _sum(self, gradients):
        return tf.distribute.get_replica_context().all_reduce("SUM", gradients)


def strategy_over(devices):
    """The strategy that mirrors a network on the first GPUs, or on as many virtual CPUs."""
    gpus = tf.config.list_logical_devices("GPU")
    if len(gpus) >= devices:
        return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus[:devices]])
    cpus = tf.config.list_logical_devices("CPU")[:devices]
    # Without collective operations, which would wait for each other's threads.
    return tf.distribute.MirroredStrategy(
        [cpu.name for cpu in cpus], cross_device_ops=tf.distribute.ReductionToOneDevice()
    )
