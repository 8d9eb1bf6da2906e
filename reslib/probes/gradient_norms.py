"""How large the gradient is that reaches each layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import keras
import numpy as np

from reslib.probes.blocks import batch_for
from reslib.probes.cross_entropy import cross_entropy
from reslib.probes.gradients import gradient, state_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def gradient_norms(
    model: keras.Model, x: ArrayLike, y: ArrayLike, loss: Callable | None = None
) -> pd.Series:
    """Measure the L2 norm of the loss gradient for each weight layer, from input to output.

    The gradient is that of one training step on the batch `(x, y)`: batch normalization uses the
    statistics of the batch. The model is left as it was; its moving statistics do not move.

    Args:
        model: A `keras.Model` whose outputs are logits, or fit the `loss`.
        x: Inputs, `(batch, …)`.
        y: Targets; integer labels `(batch,)` for the default loss.
        loss: Function of `(y, outputs)` that gives one value per example, or a scalar. By default
            the cross-entropy of the softmax of the outputs.

    Returns:
        A pandas Series of the norms, indexed by the layers' paths, such as
        `"stage1_block1/conv1/convolution"`. A weight layer is one that has a kernel. Norms are in
        units of loss per unit of weight.

    Raises:
        ValueError: if the model has no weight layer; if `x` is not a batch of its inputs; for
            labels that the outputs do not have.

    Example:

    >>> norms = gradient_norms(model, images[:128], labels[:128])  # doctest: +SKIP
    """
    import pandas as pd

    loss = loss or cross_entropy
    kernels = [i for i, v in enumerate(model.trainable_variables) if v.name == "kernel"]
    if not kernels:
        raise ValueError(f"model must have at least one layer with a kernel, received {model.name}")

    x = keras.ops.convert_to_tensor(batch_for(model, x))
    weights, state = state_of(model)

    def mean_loss(*values):
        moved = dict(zip(kernels, values, strict=True))
        own = [moved.get(i, weight) for i, weight in enumerate(weights)]
        outputs, _ = model.stateless_call(own, state, x, training=True)
        return keras.ops.mean(loss(y, outputs))

    norms = [float(np.linalg.norm(g)) for g in gradient(mean_loss, [weights[i] for i in kernels])]
    paths = [model.trainable_variables[i].path.rsplit("/", 1)[0] for i in kernels]
    return pd.Series(norms, index=pd.Index(paths, name="layer"), name="gradient norm")
