"""The gradient that reaches the input along single paths through a residual network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import keras
import numpy as np

from reslib import arguments
from reslib.probes.blocks import batch_for, replaced, residual_blocks_of
from reslib.probes.cross_entropy import cross_entropy
from reslib.probes.gradients import gradient

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def path_gradients(
    model: keras.Model,
    x: ArrayLike,
    y: ArrayLike,
    paths: ArrayLike,
    loss: Callable | None = None,
    batch_size: int = 1024,
) -> np.ndarray:
    """Compute the gradient of the loss at the input, along each of some paths.

    A signal has two ways through a residual block, F and the shortcut. Through n blocks there are
    2^n paths, and the gradient at the input is the sum of what comes along them all.

    Forward the network runs as always, with all its paths. On the way back, in each block, the
    gradient goes only where the path goes. Everything that no path can avoid is differentiated as
    usual: the stem, the last layer, and the ReLU behind a sum, which stops the gradient where the
    whole network's sum is negative.

    The model runs in inference, with its moving statistics as they are, so that each input has a
    gradient of its own. The model is left as it was.

    Args:
        model: A `keras.Model` with residual blocks of `reslib.layers`, whose outputs are logits,
            or fit the `loss`.
        x: Inputs, `(N, …)`.
        y: Targets; integer labels `(N,)` for the default loss.
        paths: Booleans, `(P, n)`: whether the path goes through F, for each block from input to
            output. The length of a path is the number of its `True`.
        loss: Function of `(y, outputs)` that gives one value per example. By default the
            cross-entropy of the softmax of the outputs.
        batch_size: Integer, about how many pairs of a path and an input run at once.

    Returns:
        A NumPy array `(P, N, …)`, the gradient of each input's own loss along each path.

    Raises:
        ValueError: if the model has no blocks, or one without a shortcut; for other paths; if `x`
            is not a batch of its inputs; for labels that the outputs do not have.

    Reference:
        Veit et al., 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow Networks",
        sections 3 and 5.

    Example:

    >>> import itertools
    >>> paths = list(itertools.product([False, True], repeat=9))
    >>> path_gradients(model, images[:16], labels[:16], paths)  # doctest: +SKIP
    """
    blocks = residual_blocks_of(model).values()
    loss = loss or cross_entropy
    arguments.positive_integer("batch_size", batch_size)
    paths, x, y = np.asarray(paths), batch_for(model, x), np.asarray(y)
    x = x if x.dtype.kind == "f" else x.astype(keras.config.floatx())  # as of images in bytes
    if paths.dtype != bool or paths.ndim != 2 or paths.shape[1] != len(blocks) or not len(paths):
        raise ValueError(
            f"paths must be booleans of the shape (paths, {len(blocks)}), with one for each block, "
            f"received {paths.dtype} of shape {paths.shape}"
        )

    def along(paths):
        # One long batch: all inputs for the first path, all for the second, …
        through_branch = np.repeat(paths, len(x), axis=0).T[..., None, None, None]
        targets = np.concatenate([y] * len(paths))

        def total_loss(inputs):
            return keras.ops.sum(loss(targets, model(inputs, training=False)))

        with contextlib.ExitStack() as stack:
            for block, chosen in zip(blocks, through_branch, strict=True):
                stack.enter_context(_gradient_one_way(block, chosen))
            gradients = gradient(total_loss, [np.concatenate([x] * len(paths))])[0]
        return gradients.reshape(len(paths), *x.shape)

    at_once = max(1, batch_size // max(1, len(x)))
    return np.concatenate([along(paths[i : i + at_once]) for i in range(0, len(paths), at_once)])


def _gradient_one_way(block, through_branch):
    """Let the block add as always, and the gradient pass F or the shortcut, row by row."""

    def add_shortcut(branch, inputs, training):
        if block.stochastic_depth:
            branch = block.stochastic_depth(branch, training=training)
        shortcut = block.shortcut_layer(inputs)
        still = keras.ops.stop_gradient
        return keras.ops.where(through_branch, branch, still(branch)) + keras.ops.where(
            through_branch, still(shortcut), shortcut
        )

    return replaced(block, "add_shortcut", add_shortcut)
