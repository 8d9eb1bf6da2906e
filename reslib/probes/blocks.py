"""The blocks of a network, and how a probe gets between their parts."""

import contextlib

import numpy as np

from reslib import arguments
from reslib.framework import parts_of
from reslib.layers.block import Block


def blocks_of(model):
    """List the residual and plain blocks of a model, from input to output.

    Args:
        model: A `keras.Model`.

    Returns:
        Dictionary from the path of each block to the block.

    Raises:
        ValueError: if there is none.
    """
    blocks = {part.path: part for part in parts_of(model) if isinstance(part, Block)}
    if not blocks:
        raise ValueError(f"model must have residual or plain blocks, {model.name} has none")
    return blocks


def residual_blocks_of(model):
    """List the blocks of a model, as `blocks_of`, all of which must have a shortcut."""
    blocks = blocks_of(model)
    for path, block in blocks.items():
        if block.shortcut_layer is None:
            raise ValueError(
                f"model must have a shortcut in each of its blocks, {path} of {model.name} has none"
            )
    return blocks


def only_input_of(model):
    """Return the one input of a built model, or refuse it."""
    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) != 1:
        raise ValueError(
            f"model must be built and have one input, {model.name} has {len(inputs) or 'none yet'}"
        )
    return inputs[0]


def batch_for(model, x):
    """Return `x` as a NumPy array, or refuse what is no batch of inputs of the model.

    Keras itself takes a single image for a batch of strange ones.
    """
    x = np.asarray(x)
    if x.dtype.kind in "cOSU" or not x.ndim or not x.size:
        raise ValueError(
            f"x must hold at least one input, in real numbers, received {x.dtype} of shape "
            f"{x.shape}"
        )
    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) == 1:
        sizes = ("any" if size is None else size for size in inputs[0].shape[1:])
        arguments.array_shape("x", x, "N", *sizes)
    return x


@contextlib.contextmanager
def replaced(block, method, replacement):
    """Let a function stand for a method of one block, as long as the context lasts."""
    vars(block)[method] = replacement  # hides the method of the class
    try:
        yield
    finally:
        del vars(block)[method]
