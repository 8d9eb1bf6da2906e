"""Keras's batch normalization on TensorFlow's fused kernel."""

import keras

from reslib import arguments


@keras.saving.register_keras_serializable(package="reslib")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization, on a fused kernel where the backend has one.

    A drop-in for `keras.layers.BatchNormalization`: the same arguments, defaults, weights and
    results, in training as in inference. Keras computes the moments, the normalization and their
    gradients from a dozen separate operations; on TensorFlow this layer uses the one kernel made
    for it. Wherever the kernel does not apply (other backends, `float64`, masks, synchronized or
    renormalized statistics, another axis than the last), Keras's own code runs.

    A `.keras` file stores the name of the class. To hand weights to or from Keras's layer use
    `set_weights()` or a `.weights.h5` file.

    Args:
        axis, momentum, epsilon, center, scale, **kwargs: Those of
            `keras.layers.BatchNormalization`.

    Input shape:
        Any, with the channels last for the fused kernel.

    Output shape:
        Same as the input's.

    Raises:
        ValueError: for a value of the five named arguments that has no meaning, or an input without
            such an axis of known size.

    Reference:
        Ioffe & Szegedy, 2015, "Batch Normalization", Algorithms 1 and 2.

    Example:

    >>> layer = BatchNormalization(momentum=0.9, epsilon=1e-5)
    >>> tuple(layer(keras.ops.ones((8, 14, 14, 3)), training=True).shape)
    (8, 14, 14, 3)
    """

    def __init__(self, axis=-1, momentum=0.99, epsilon=1e-3, center=True, scale=True, **kwargs):
        super().__init__(
            axis=arguments.integer("axis", axis),
            momentum=arguments.number(
                "momentum", momentum, "a number in [0, 1]", lambda value: 0 <= value <= 1
            ),
            epsilon=arguments.number(
                "epsilon", epsilon, "a number of at least 0", lambda value: value >= 0
            ),
            center=arguments.boolean("center", center),
            scale=arguments.boolean("scale", scale),
            **kwargs,
        )

    def build(self, input_shape):
        dimensions = len(input_shape)
        if not -dimensions <= self.axis < dimensions or input_shape[self.axis] is None:
            raise ValueError(
                "axis must be that of a dimension of known size, received "
                f"{self.axis} for the shape {tuple(input_shape)}"
            )
        super().build(input_shape)

    def call(self, inputs, training=None, mask=None):
        learns = bool(training and self.trainable)
        if mask is not None or not self._fused_kernel_applies(inputs):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        inputs = tf.cast(inputs, self.compute_dtype)
        channels = inputs.shape[-1]
        # The kernel knows four dimensions. Which of the leading ones a value stood in is all the
        # same to it, since the moments are taken over all of them.
        maps = inputs if len(inputs.shape) == 4 else tf.reshape(inputs, (-1, 1, 1, channels))
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=maps,
            scale=tf.ones(channels) if self.gamma is None else self.gamma.value,
            offset=tf.zeros(channels) if self.beta is None else self.beta.value,
            # In training the kernel wants no moving statistics, and returns those of the batch.
            mean=tf.zeros(0) if learns else self.moving_mean.value,
            variance=tf.zeros(0) if learns else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=learns,
        )
        if learns:
            # The kernel returns the unbiased variance; Keras's moving average is of the biased one.
            count = tf.cast(tf.size(maps) // channels, variance.dtype)
            self.moving_mean.assign(self._moved(self.moving_mean, mean))
            variance = self._moved(self.moving_variance, variance * (count - 1) / count)
            if all(side in (None, 1) for side in maps.shape[:3]):
                # Of a single value the unbiased one is 0 / 0: on some devices NaN, which no average
                # forgets. The biased one is 0.
                alone = self._moved(self.moving_variance, 0.0)
                variance = tf.where(count > 1, variance, alone)
            self.moving_variance.assign(variance)
        return outputs if maps is inputs else tf.reshape(outputs, tf.shape(inputs))

    def _moved(self, average, value):
        return average * self.momentum + value * (1 - self.momentum)

    def _fused_kernel_applies(self, inputs):
        return (
            keras.backend.backend() == "tensorflow"
            and self.axis in (-1, len(inputs.shape) - 1)
            and self.compute_dtype in ("float32", "float16", "bfloat16")
            and self.variable_dtype == "float32"
            and not self.synchronized
            and not getattr(self, "renorm", False)  # since Keras 3.15
        )
