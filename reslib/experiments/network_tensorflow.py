"""The traced network on TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf

from reslib.experiments.augmentation import PADDING
from reslib.experiments.network import TracedNetwork


class TensorFlowNetwork(TracedNetwork):
    """A `TracedNetwork` whose loops are graphs."""

    def __init__(self, model: keras.Model, *args, **kwargs):
        super().__init__(model, *args, **kwargs)
        images = tf.TensorSpec((None, *model.input_shape[1:]), "float32")
        labels = tf.TensorSpec((None, *self.places), "int32")
        columns = 4 if self.augmentation else 1
        order = tf.TensorSpec((None, self.batch_size, columns), "int32")
        rates = tf.TensorSpec((None,), "float32")
        weights = [tf.TensorSpec((None, *self.places), "float32")] if self.weighted else []
        self._train = tf.function(
            self._train, [images, labels, order, rates, *weights], autograph=False
        )
        self._evaluate = tf.function(self._evaluate, [images, labels], autograph=False)

    def run_eagerly(self, eagerly: bool) -> None:
        """See `TracedNetwork`."""
        tf.config.run_functions_eagerly(eagerly)

    def _train(self, images, labels, order, rates, weights=None):
        def body(i):
            chosen = order[i, :, 0]
            batch = tf.gather(images, chosen)
            if self.augmentation:
                batch = crop_and_flip(batch, order[i, :, 1:])
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
                accum=velocity.value.handle,
                lr=rate,
                grad=gradient,
                momentum=self.momentum,
            )

    def _evaluate(self, images, labels):
        logits = self.model(images, training=False)
        wrong = tf.argmax(logits, axis=-1, output_type="int32") != labels
        return self.loss(labels, logits), tf.math.count_nonzero(wrong)


def crop_and_flip(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Pad the images, crop them to the size that they had, and flip some horizontally.

    Args:
        images: Tensor of shape `(batch, height, width, channels)`.
        draws: Tensor of shape `(batch, 3)`, as `augmentation.draw` gives them.

    Returns:
        Tensor of the shape of `images`.
    """
    height, width = tf.unstack(tf.shape(images)[1:3], num=2)
    first_row, first_column, flipped = tf.unstack(draws[:, :, None], num=3, axis=1)
    columns = tf.range(width)
    columns = first_column + tf.where(flipped == 1, width - 1 - columns, columns)
    sides = [PADDING, PADDING]
    padded = tf.pad(images, [[0, 0], sides, sides, [0, 0]])
    cropped = tf.gather(padded, first_row + tf.range(height), axis=1, batch_dims=1)
    cropped = tf.gather(cropped, columns, axis=2, batch_dims=1)
    return tf.ensure_shape(cropped, images.shape)
