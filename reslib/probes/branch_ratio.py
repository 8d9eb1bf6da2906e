"""How much a residual block adds to what it passes on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import keras
import numpy as np

from reslib import arguments
from reslib.probes.blocks import batch_for, replaced, residual_blocks_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def branch_ratio(
    model: keras.Model, x: ArrayLike, batch_size: int = 500, batch_statistics: bool = False
) -> pd.Series:
    """Measure the size of F(x) relative to the shortcut of x, for each residual block.

    Each size is the root of the mean square over all values of all inputs. At 0 a block does
    nothing; at 1 it adds as much as it passes on. F(x) is what is added in inference, thus
    multiplied by the survival probability where there is one. Where a block changes the size, the
    shortcut is what the sum is made with: under option A it has zeros in the new channels.

    The model runs in inference, with its moving statistics as they are, and is left as it was.
    Those of a network just built are of no data: have it take those of the batch instead.

    Args:
        model: A `keras.Model` with residual blocks of `reslib.layers`.
        x: Inputs, `(N, …)`.
        batch_size: Integer, how many inputs run at once.
        batch_statistics: Boolean. With `True` the model runs as in training: each normalization
            takes the mean and the variance of the batch, and stochastic depth drops blocks.

    Returns:
        A pandas Series of the ratios, indexed by the blocks' paths, from input to output.

    Raises:
        ValueError: if the model has no blocks, or one without a shortcut; if `x` is not a batch
            of its inputs.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 4.2 and figure 7,
        which shows the responses of F alone.

    Example:

    >>> branch_ratio(model, images)  # doctest: +SKIP
    """
    import pandas as pd

    blocks = residual_blocks_of(model)
    arguments.positive_integer("batch_size", batch_size)
    arguments.boolean("batch_statistics", batch_statistics)
    squares = {path: np.zeros(2) for path in blocks}

    def measured(path, block):
        def add_shortcut(branch, inputs, training):
            total = type(block).add_shortcut(block, branch, inputs, training)
            shortcut = block.shortcut_layer(inputs)
            for i, part in enumerate((total - shortcut, shortcut)):
                size = keras.ops.sum(keras.ops.square(part))
                squares[path][i] += float(keras.ops.convert_to_numpy(size))
            return total

        return replaced(block, "add_shortcut", add_shortcut)

    x = batch_for(model, x)
    state = [(v, keras.ops.convert_to_numpy(v)) for v in model.non_trainable_variables]
    with contextlib.ExitStack() as stack:
        for path, block in blocks.items():
            stack.enter_context(measured(path, block))
        for start in range(0, len(x), batch_size):
            model(x[start : start + batch_size], training=batch_statistics)
    if batch_statistics:  # the moving ones have moved
        for variable, before in state:
            variable.assign(before)
    ratios = [float(np.sqrt(added / passed)) for added, passed in squares.values()]
    return pd.Series(ratios, index=pd.Index(blocks, name="block"), name="F(x) relative to x")
