"""Blocks that are left out at random while a network trains."""

from __future__ import annotations

import keras

from reslib import arguments


@keras.saving.register_keras_serializable(package="reslib")
class StochasticDepth(keras.layers.Layer):
    """Drops its input as a whole at random, in training.

    At the end of the branch of a residual block it leaves the shortcut alone for some steps: the
    network that trains is shallower than the one that is used. As in the paper one draw holds for
    the whole batch, what survives is passed on unchanged, and in inference the input is multiplied
    by `survival_probability`, its mean over training. (Other libraries often draw for each example,
    and divide by the probability in training instead.) The branch is computed and then dropped,
    so this saves no time.

    Args:
        survival_probability: Float in (0, 1], how often the input is passed on.
        seed: Integer of at least 0, or `None` for a random one.

    Input shape:
        Any.

    Output shape:
        Same as the input's.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        Huang et al., 2016, "Deep Networks with Stochastic Depth", section 3.

    Example:

    >>> y = StochasticDepth(0.75)(keras.ops.ones(4), training=False)
    >>> keras.ops.convert_to_numpy(y).tolist()
    [0.75, 0.75, 0.75, 0.75]
    """

    def __init__(self, survival_probability: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.survival_probability = arguments.probability(
            "survival_probability", survival_probability
        )
        self.seed = arguments.seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs, training=None):
        if not training:
            return inputs * self.survival_probability
        survives = keras.random.uniform((), seed=self.seed_generator) < self.survival_probability
        return inputs * keras.ops.cast(survives, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "survival_probability": self.survival_probability,
            "seed": self.seed,
        }
