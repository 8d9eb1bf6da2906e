"""The traced network of the backend that Keras runs on."""

from __future__ import annotations

import functools

import keras

from reslib.experiments.network import TracedNetwork
from reslib.experiments.recipe import Recipe, build_for


@functools.lru_cache(maxsize=8)
def traced_network(
    model: Recipe, input_shape: tuple[int, ...], classes: int, *settings
) -> TracedNetwork:
    """Return a traced network for a recipe, the same one to whoever asks again.

    Args:
        model: The `Recipe` of the network.
        input_shape: Shape of one image.
        classes: How many classes the data have.
        settings: The other arguments of `TracedNetwork`.
    """
    return trace(build_for(model, input_shape, classes), *settings)


def trace(model: keras.Model, *settings, **named_settings) -> TracedNetwork:
    """Make a traced network of a model; the arguments are those of `TracedNetwork`."""
    if keras.backend.backend() == "jax":
        from reslib.experiments.network_jax import JaxNetwork as Network
    else:
        from reslib.experiments.network_tensorflow import TensorFlowNetwork as Network
    return Network(model, *settings, **named_settings)
