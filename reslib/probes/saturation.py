"""How many units answer to no change of their input any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from reslib import arguments
from reslib.probes.blocks import batch_for
from reslib.probes.gradients import gradient, state_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def saturation(model: keras.Model, x: ArrayLike, share: float = 0.05) -> pd.Series:
    """Measure the share of saturated units for each activation, from input to output.

    A unit is saturated at an input where the slope of its activation is less than `share` of the
    largest slope that the activation has anywhere: the gradient that arrives there does not get
    through. For ReLU these are the units that are off. Batch normalization uses the statistics of
    the batch, as in training; the model is left as it was.

    Args:
        model: A functional `keras.Model` with `keras.layers.Activation` layers, elementwise ones.
        x: Inputs, `(batch, …)`.
        share: Float in (0, 1).

    Returns:
        A pandas Series with numbers from 0 to 1, indexed by the names of the activation layers.

    Raises:
        ValueError: if the model has no such layer, or is not functional; if `x` is not a batch of
            its inputs; for another `share`.

    Example:

    >>> saturation(model, images[:128])  # doctest: +SKIP
    """
    import pandas as pd

    share = arguments.number(
        "share", share, "a number between 0 and 1", lambda value: 0 < value < 1
    )
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    if not layers:
        raise ValueError(f"model must have at least one Activation layer, received {model.name}")

    def slope(layer, inputs):
        # Each output depends on its own input alone, so that the sum has the slope of each.
        return np.abs(gradient(lambda inputs: keras.ops.sum(layer(inputs)), [inputs])[0])

    try:
        entrances = [layer.input for layer in layers]
    except AttributeError:
        raise ValueError(f"model must be functional, received {model.name}") from None
    until = keras.Model(model.inputs, entrances)
    entering, _ = until.stateless_call(
        *state_of(until), keras.ops.convert_to_tensor(batch_for(model, x)), training=True
    )
    everywhere = keras.ops.linspace(-10.0, 10.0, 2001)
    shares = [
        np.mean(slope(layer, inputs) < share * slope(layer, everywhere).max())
        for layer, inputs in zip(layers, keras.tree.flatten(entering), strict=True)
    ]
    names = pd.Index([layer.name for layer in layers], name="activation")
    return pd.Series(shares, index=names, name="saturated")
