"""The traced network on JAX."""

from __future__ import annotations

import jax
import keras
import numpy as np
from jax import numpy as jnp

from reslib.experiments.augmentation import PADDING
from reslib.experiments.network import TracedNetwork
from reslib.experiments.records import folder


class JaxNetwork(TracedNetwork):
    """A `TracedNetwork` whose loops are compiled by XLA; on a CPU each step by itself.

    Between two calls the state lies in Keras's variables, as on other backends. A call takes a
    copy, whose memory each state leaves to the next, and puts the last one into the variables: a
    call that fails leaves the network as it was.
    """

    def __init__(self, model: keras.Model, *args, **kwargs):
        super().__init__(model, *args, **kwargs)
        remember_what_is_compiled()
        self._loop = jax.jit(self._loop, donate_argnums=0)
        self._answer = jax.jit(self._answer)

    def run_eagerly(self, eagerly: bool) -> None:
        """Change nothing: XLA would compile each operation by itself, which takes longer."""

    def _train(self, images, labels, order, rates, weights=None):
        state = jax.tree.map(jnp.copy, self._values())
        parts = len(rates) if loops_are_slow() else 1
        for part in zip(np.array_split(order, parts), np.array_split(rates, parts), strict=True):
            state = self._loop(state, images, labels, *part, weights)
        for variables, values in zip(self._parts(), state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def _evaluate(self, images, labels):
        return self._answer(*self._values()[:2], images, labels)

    def _parts(self):
        return self.model.trainable_variables, self.model.non_trainable_variables, self.velocities

    def _values(self):
        return [[variable.value for variable in part] for part in self._parts()]

    def _loop(self, state, images, labels, order, rates, weights):
        def step(state, draws):
            order, rate = draws
            chosen = order[:, 0]
            batch = images[chosen]
            if self.augmentation:
                batch = crop_and_flip(batch, order[:, 1:])
            counts = None if weights is None else weights[chosen]
            return self._step(state, batch, labels[chosen], rate, counts), None

        if len(rates) == 1:
            return step(state, (order[0], rates[0]))[0]
        return jax.lax.scan(step, state, (order, rates))[0]

    def _step(self, state, images, labels, rate, weights):
        def loss(trainable, others):
            logits, others, prices = self.model.stateless_call(
                trainable, others, images, training=True, return_losses=True
            )
            loss = self.loss(labels, logits, weights) / (self.batch_size * self.answers)
            return loss + sum(prices), others

        values, others, velocities = state
        gradients, others = jax.grad(loss, has_aux=True)(values, others)
        if self.weight_decay:
            gradients = [
                gradient + self.weight_decay * value if variable.name == "kernel" else gradient
                for gradient, value, variable in zip(
                    gradients, values, self.model.trainable_variables, strict=True
                )
            ]
        velocities = [
            self.momentum * velocity - rate * gradient
            for velocity, gradient in zip(velocities, gradients, strict=True)
        ]
        values = [value + velocity for value, velocity in zip(values, velocities, strict=True)]
        return [values, others, velocities]

    def _answer(self, trainable, others, images, labels):
        logits, _ = self.model.stateless_call(trainable, others, images, training=False)
        return self.loss(labels, logits), jnp.count_nonzero(jnp.argmax(logits, axis=-1) != labels)


def crop_and_flip(images: jax.Array, draws: jax.Array) -> jax.Array:
    """Pad the images, crop them to the size that they had, and flip some horizontally.

    Args:
        images: Array of shape `(batch, height, width, channels)`.
        draws: Array of shape `(batch, 3)`, as `augmentation.draw` gives them.

    Returns:
        Array of the shape of `images`.
    """

    def one(image, draw):
        padded = jnp.pad(image, ((PADDING, PADDING), (PADDING, PADDING), (0, 0)))
        crop = jax.lax.dynamic_slice(padded, (draw[0], draw[1], 0), image.shape)
        return jnp.where(draw[2] == 1, crop[:, ::-1], crop)

    return jax.vmap(one)(images, draws)


def loops_are_slow() -> bool:
    """Tell whether a step takes longer in a loop, as gradients of kernels do on a CPU, by far."""
    return jax.default_backend() == "cpu"


def remember_what_is_compiled() -> None:
    """Keep compiled loops beside the records, unless `JAX_COMPILATION_CACHE_DIR` names a place."""
    if jax.config.jax_compilation_cache_dir is None:
        jax.config.update("jax_compilation_cache_dir", str(folder().parent / "compiled"))
