"""The blocks of a network, and how a probe gets between their parts."""

import contextlib

from reslib.layers.block import Block


def blocks_of(model):
    """The residual and plain blocks of a model, from input to output.

    Args:
        model: A `keras.Model`.

    Returns:
        Dictionary from the path of each block to the block.

    Raises:
        ValueError: if there is none.
    """
    blocks = {part.path: part for part in model._flatten_layers() if isinstance(part, Block)}
    if not blocks:
        raise ValueError(f"model must have residual or plain blocks, {model.name} has none")
    return blocks


def residual_blocks_of(model):
    """The blocks of a model, as `blocks_of`, all of which must have a shortcut."""
    blocks = blocks_of(model)
    for path, block in blocks.items():
        if block.shortcut_layer is None:
            raise ValueError(
                f"model must have a shortcut in each of its blocks, {path} of {model.name} has none"
            )
    return blocks


@contextlib.contextmanager
def replaced(block, method, replacement):
    """Let a function stand for a method of one block, as long as the context lasts."""
    vars(block)[method] = replacement  # hides the method of the class
    try:
        yield
    finally:
        del vars(block)[method]
