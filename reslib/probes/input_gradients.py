"""How the output changes with the input, at many inputs at once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import keras

from reslib.framework import parts_of
from reslib.probes.blocks import batch_for, only_input_of
from reslib.probes.gradients import gradient, state_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike


def input_gradients(
    model: keras.Model, x: ArrayLike, through_statistics: bool = False
) -> np.ndarray:
    """Compute the gradient of the sum of a network's outputs at each of many inputs.

    One pass forward and one back for the whole batch, in place of one for each input: the outputs
    of different inputs do not share a path, so the gradient of the sum over the batch holds each
    input's own.

    Batch normalization is the exception, since there all outputs share the statistics of the
    batch. They are those of the batch `x`, as in training, and count either as constants or as
    functions of the inputs. The model is left as it was.

    Args:
        model: A `keras.Model` with one input.
        x: Inputs, `(batch, …)`.
        through_statistics: If `False`, means and variances are held fixed (and layers that act
            only in training, such as dropout, are off). Row i is then the gradient of output i,
            summed over the classes, as each input moves alone. If `True`, the gradient also goes
            through the statistics, as in a training step. Row i then tells how the sum of the
            outputs of the *whole batch* changes with input i.

    Returns:
        A NumPy array of the shape of `x`, in units of output per unit of input.

    Raises:
        ValueError: if the model has not one input, or `x` is not a batch of it.

    Reference:
        Balduzzi et al., 2017, "The Shattered Gradients Problem", section 2.

    Example:

    >>> gradients = input_gradients(model, np.linspace(-2, 2, 256)[:, None])  # doctest: +SKIP
    """
    x = keras.ops.convert_to_tensor(batch_for(model, x), only_input_of(model).dtype)
    weights, state = state_of(model)
    if not through_statistics:
        with _without_memory(model):
            _, state = model.stateless_call(weights, state, x, training=True)

    def total(x):
        outputs, _ = model.stateless_call(weights, state, x, training=bool(through_statistics))
        return keras.ops.sum(outputs)

    return gradient(total, [x])[0]


@contextlib.contextmanager
def _without_memory(model):
    """Let the moving statistics be those of the last batch, so that inference uses just these."""
    layers = [part for part in parts_of(model) if isinstance(part, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
