"""What is lost when a trained network must do without some of its blocks."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

import keras
import numpy as np

from reslib import arguments
from reslib.layers import IdentityShortcut, shapes
from reslib.probes.blocks import batch_for, blocks_of, replaced

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def lesion(
    model: keras.Model,
    x: ArrayLike,
    y: ArrayLike,
    remove: Iterable[str | tuple[str, ...]] | None = None,
    batch_size: int = 500,
) -> pd.DataFrame:
    """Measure the error of a network when one block at a time is skipped.

    Of a residual block F is taken away and the shortcut remains: for a block that changes the
    size, the subsampling and the zero channels of option A, or the trained projection of B and C.
    (The ReLU behind the sum remains as well; it changes nothing that comes out of a ReLU.)

    A plain block has no shortcut. Where it keeps the size it is left out, and its input passes
    unchanged; where it changes the size, the shortcut of option A stands in for it, without
    weights, so that the same remains of it as of a residual block with option A.

    The model runs in inference, with its moving statistics as they are, and is left as it was.

    Args:
        model: A `keras.Model` with blocks of `reslib.layers`, whose outputs are logits with the
            classes last.
        x: Inputs, `(N, …)`.
        y: Integer labels, of the shape of the outputs without the classes.
        remove: Names of blocks to remove one by one, by default all; to remove several together,
            a tuple of names in place of one.
        batch_size: Integer, how many inputs run at once.

    Returns:
        A pandas table with one row for each removal, indexed by the name of the block or the
        tuple of names, with the columns

        - `error`, the share of wrong answers without it;
        - `increase`, by how much that is more than the error of the whole network;
        - `remains`, what stands in its place: `"identity"`, `"option A"` or `"projection"`; for
          several blocks a tuple.

    Raises:
        ValueError: if the model has no blocks, or none of a name in `remove`; if `x` and `y` do
            not fit each other.

    Reference:
        Veit et al., 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow Networks",
        sections 4.1 and 4.2.

    Example:

    >>> lesion(model, images, labels)  # doctest: +SKIP
    """
    import pandas as pd

    blocks = blocks_of(model)
    removals = list(blocks) if remove is None else list(remove)
    for name in [name for removal in removals for name in _names(removal)]:
        if name not in blocks:
            raise ValueError(
                f"remove must hold names of blocks ({', '.join(blocks)}), received {name!r}"
            )
    arguments.positive_integer("batch_size", batch_size)
    x, y = batch_for(model, x), np.asarray(y)
    if y.shape[:1] != x.shape[:1]:
        raise ValueError(f"x and y must be as many, received shapes {x.shape} and {y.shape}")

    wrong = np.zeros(1 + len(removals))
    for start in range(0, len(x), batch_size):
        inputs, labels = x[start : start + batch_size], y[start : start + batch_size]
        answers = _answers(model, inputs, blocks, [(), *map(_names, removals)])
        if answers[0].shape != labels.shape:
            expected = (len(y), *answers[0].shape[1:])
            raise ValueError(f"y must have the shape {expected}, received {y.shape}")
        wrong += [np.sum(given != labels) for given in answers]
    whole, *errors = wrong / y.size
    remains = []
    for removal in removals:
        what = tuple(_what_remains(blocks[name]) for name in _names(removal))
        remains.append(what[0] if isinstance(removal, str) else what)
    # Else pandas would make an index of several levels of the tuples.
    index = pd.Index(removals, name="removed", tupleize_cols=False)
    increase = np.array(errors) - whole
    return pd.DataFrame({"error": errors, "increase": increase, "remains": remains}, index=index)


def _names(removal):
    return (removal,) if isinstance(removal, str) else tuple(removal)


def _answers(model, x, blocks, removals):
    """List what the network answers without the blocks of each removal, of which the first is none.

    The blocks that are called before the first removed one give what they gave in the whole
    network, and are not computed again.
    """
    outputs = []  # of the blocks of the whole network, with their names, in the order of the calls

    def before(removed):
        return itertools.takewhile(lambda output: output[0] not in removed, outputs)

    def repeated(block, earlier):
        def call(*args, **kwargs):
            _, output = next(earlier, (None, None))
            return type(block).call(block, *args, **kwargs) if output is None else output

        return replaced(block, "call", call)

    def recorded(name, block):
        def call(*args, **kwargs):
            output = type(block).call(block, *args, **kwargs)
            outputs.append((name, output))
            return output

        return replaced(block, "call", call)

    answers = []
    for removed in removals:
        earlier = before(removed)
        with contextlib.ExitStack() as stack:
            for name, block in blocks.items():
                if not answers:
                    change = recorded(name, block)
                elif name in removed:
                    change = _without_branch(block)
                else:
                    change = repeated(block, earlier)
                stack.enter_context(change)
            logits = keras.ops.convert_to_numpy(model(x, training=False))
        answers.append(np.argmax(logits, axis=-1))
    return answers


def _without_branch(block):
    """Let what the branch gave be forgotten where the shortcut is added.

    The branch is still computed. In return every kind of block is served by the same few lines:
    what it does with its input before and with the sum afterwards is its own affair. A plain block
    has no such place, and all of it is left out.
    """
    if block.shortcut_layer:
        return replaced(
            block, "add_shortcut", lambda x, inputs, training: block.shortcut_layer(inputs)
        )
    substitute = IdentityShortcut(
        block.filters, block.strides, data_format=block.data_format, dtype=block.dtype_policy
    )
    return replaced(block, "call", lambda inputs, training=None: substitute(inputs))


def _what_remains(block):
    if block.shortcut_layer and not isinstance(block.shortcut_layer, IdentityShortcut):
        return "projection"
    channels = block.get_build_config()["input_shape"][shapes.channel_axis(block.data_format)]
    same_size = block.strides == 1 and channels == block.filters
    return "identity" if same_size else "option A"
