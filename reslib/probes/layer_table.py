"""What each layer of a model costs, and how much of the image it sees."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import keras

from reslib.framework import parts_of
from reslib.probes.blocks import only_input_of

if TYPE_CHECKING:
    import pandas as pd


def layer_table(
    model: keras.Model, input_shape: tuple[int, ...] | None = None, expand_nested: bool = False
) -> pd.DataFrame:
    """List output size, parameters, multiply-adds and receptive field of each layer.

    All are read off the layers while one image runs through the model: a kernel is used once for
    each position of the output, and widens the field by what it reaches beyond one position.

    Args:
        model: A `keras.Model` with one input.
        input_shape: `(height, width, channels)` of the image; by default the model's own.
        expand_nested: Also open the layers that are made of layers, down to those that are not.

    Returns:
        A pandas table in the order of the calls, indexed by the layers' paths, with the columns

        - `output_shape`, without the batch;
        - `parameters`, those that are trained;
        - `multiply_adds`, of convolutions and dense layers for one image (other arithmetic is not
          counted, as in the papers);
        - `receptive_field`, how many rows of the image can reach one position of the output, by
          the longest path; missing where a position sees all of the image.

        Parameters and multiply-adds of the model are the sums of their columns.

    Raises:
        ValueError: if the model has not one input, or the size of the image is neither known to
            it nor given.

    Reference:
        Multiply-adds are the "FLOPs" of He et al., 2015, "Deep Residual Learning for Image
        Recognition", table 1. Receptive fields: Araujo et al., 2019, "Computing Receptive Fields
        of Convolutional Neural Networks", equation 2.

    Example:

    >>> from reslib.models import cifar_resnet
    >>> int(layer_table(cifar_resnet(20)).multiply_adds.sum())
    40551040
    """
    import pandas as pd

    image = only_input_of(model)
    input_shape = tuple(image.shape[1:] if input_shape is None else input_shape)
    if None in input_shape:
        raise ValueError(
            "input_shape must be given for a model of images of any size, "
            f"{model.name} takes {input_shape}"
        )
    recorder = _Recorder()
    parts = {*parts_of(model), *getattr(model, "operations", ())} - {model}
    for part in parts:
        vars(part)["call"] = recorder.recorded(part)  # hides the method of the class
    try:
        model(keras.ops.zeros((1, *input_shape), image.dtype), training=False)
    finally:
        for part in parts:
            del vars(part)["call"]

    calls = pd.DataFrame([vars(call) for call in recorder.calls])
    chosen = ~calls.composite if expand_nested else calls.level == 0
    table = calls[chosen & calls.is_layer].set_index("layer")
    table["receptive_field"] = [
        None if math.isinf(field) else int(field) for field, _ in table.field
    ]
    table = table[["output_shape", "parameters", "multiply_adds", "receptive_field"]]
    return table.astype({"receptive_field": "Int64"})


@dataclasses.dataclass
class _Call:
    layer: str
    is_layer: bool  # or else a bare operation, such as the sum of two tensors
    level: int
    composite: bool
    output_shape: tuple
    parameters: int
    multiply_adds: int
    field: tuple  # rows of the image that are seen, rows from one position to the next


class _Recorder:
    """The calls of all layers, in the order in which they end."""

    def __init__(self):
        self.calls = []
        self.level = 0
        self.counted = set()  # weights, for a layer may be called twice
        # By identity, with the tensor itself, so that no other takes its place in memory.
        self.fields = {}
        self.latest = (1, 1)

    def recorded(self, part):
        """Return the `call` of a layer or an operation, one that also leaves a record."""
        call = part.call

        def recorded_call(*args, **kwargs):
            # A tensor that no layer gave comes from arithmetic on the latest that one did.
            tensors = [x for x in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(x)]
            seen = [self.fields.setdefault(id(x), (self.latest, x))[0] for x in tensors]
            field = max(seen, default=self.latest)

            start = len(self.calls)
            self.level += 1
            outputs = call(*args, **kwargs)
            self.level -= 1
            inside = self.calls[start:]
            results = keras.tree.flatten(outputs)
            leaves = [call for call in inside if not call.composite]
            parameters = sum(leaf.parameters for leaf in leaves) + self.count(part)
            if inside:
                work = sum(leaf.multiply_adds for leaf in leaves)
                field = max(call.field for call in inside)
            else:
                work = _multiply_adds(part, results[0])
                field = _widened(part, field, results[0])
            for x in results:
                self.fields.setdefault(id(x), (field, x))
            self.latest = field = self.fields[id(results[0])][0]
            self.calls.append(
                _Call(
                    layer=getattr(part, "path", None) or part.name,
                    is_layer=isinstance(part, keras.layers.Layer),
                    level=self.level,
                    composite=bool(inside),
                    output_shape=tuple(results[0].shape[1:]),
                    parameters=parameters,
                    multiply_adds=work,
                    field=field,
                )
            )
            return outputs

        return recorded_call

    def count(self, part):
        """Count the numbers trained in the part that were not counted before."""
        weights = {id(w): w for w in getattr(part, "trainable_weights", ())}
        new = [w for key, w in weights.items() if key not in self.counted]
        self.counted.update(weights)
        return sum(math.prod(w.shape) for w in new)


def _multiply_adds(part, outputs):
    """Count them: each number of a kernel meets each position of the output once."""
    kernel = getattr(part, "kernel", None)
    if kernel is None:
        return 0
    axis = 1 if getattr(part, "data_format", None) == "channels_first" else -1
    positions = math.prod(outputs.shape[1:]) // outputs.shape[axis]
    return math.prod(kernel.shape) * positions


def _widened(part, field, outputs):
    if len(outputs.shape) != 4:
        return math.inf, 1
    rows, step = field
    window = _rows(getattr(part, "kernel_size", getattr(part, "pool_size", 1)))
    reach = (window - 1) * _rows(getattr(part, "dilation_rate", 1))
    scale = _rows(getattr(part, "strides", 1)) / _rows(getattr(part, "size", 1))
    return rows + reach * step, step * scale


def _rows(setting):
    return setting if isinstance(setting, int) else setting[0]
