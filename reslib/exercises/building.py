"""Blocks that readers build of Keras layers: made into models, and compared with every mistake."""

import itertools
import re

import numpy as np

from reslib.exercises.exercise import Mistake, call
from reslib.seeding import generator


def build(answer, shape, filters):
    """The model of a reader's function of a Keras tensor and a number of filters."""
    import keras

    inputs = keras.Input(shape)
    if isinstance(answer, type) and issubclass(answer, keras.layers.Layer):
        make = answer
        answer = lambda x, filters: make(filters)(x)  # noqa: E731
    try:
        return keras.Model(inputs, call(answer, inputs, filters))
    except Mistake as mistake:
        _diagnose_shapes(str(mistake))
        raise
    except ValueError as error:
        raise Mistake(f"the result is not a Keras tensor made from x: {error}") from error


def _diagnose_shapes(text):
    """Say which of two branches has the wrong size, where an error names the sizes of both."""
    found = re.findall(r"[(\[]([\d, None]+)[)\]]", text.partition("it raised")[2])
    shapes = [[int(n) for n in re.findall(r"\d+", part)] for part in found]
    shapes = [shape for shape in shapes if len(shape) >= 3]
    if len(shapes) < 2:
        return
    one, other = (shape[-3:] for shape in shapes[-2:])
    if one[2] != other[2]:
        raise Mistake(
            f"the two sides of the sum have {one[2]} and {other[2]} channels: the projection is "
            "missing, or it has the wrong number of filters."
        )
    if one[:2] != other[:2]:
        raise Mistake(
            f"the two sides of the sum have the sizes {one[0]}×{one[1]} and {other[0]}×{other[1]}: "
            "one of them has taken the stride, the other has not. The projection needs it too."
        )


def randomize(model):
    """Draw the kernels anew, let all else do nothing, and return the kernels."""
    random, kernels = generator(44), []
    for variable in model.variables:
        value = np.zeros(variable.shape)
        if len(variable.shape) == 4:
            value = random.normal(size=variable.shape) / np.sqrt(np.prod(variable.shape[:3]))
            kernels.append(value.astype("float32"))
        elif variable.name in ("gamma", "moving_variance"):
            value = np.ones(variable.shape)
        variable.assign(value)
    return kernels


def down_sampling_blocks(x, first, second, projection):
    """The right block and all combinations of bugs, each with what it gives."""
    from keras import ops

    def relu(v):
        return np.maximum(v, 0)

    def conv(v, kernel, strides):
        return np.asarray(ops.conv(v, kernel, strides=strides, padding="same"))

    for stride, source in itertools.product((2, 1), ("x", "middle", "end")):
        middle = relu(conv(x, first, stride))
        end = conv(middle, second, 3 - stride)
        start = {"x": x, "middle": middle, "end": end}[source]
        if start.shape[-1] != projection.shape[2]:
            continue
        shortcut = conv(start, projection, 1 if start.shape[1:3] == end.shape[1:3] else 2)
        bugs = ["stride"] * (stride == 1) + ["source"] * (source != "x")
        yield bugs, relu(end + shortcut)
        yield [*bugs, "after"], relu(end) + shortcut
        yield [*bugs, "after"], relu(end) + relu(shortcut)
        yield [*bugs, "none"], end + shortcut
        yield [*bugs, "inner"], relu(relu(end) + shortcut)
        yield [*bugs, "outer"], relu(end + relu(shortcut))
        yield [*bugs, "alone"], relu(end)
