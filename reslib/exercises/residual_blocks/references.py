"""Blocks that readers build of Keras layers: made into models, and compared with every mistake."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from reslib.exercises.answers import call, shown
from reslib.exercises.exercise import Mistake
from reslib.seeding import generator

ADDED_AFTER = (
    "your block adds the shortcut after the last ReLU, so its output can never fall below its "
    "input. He et al. add before it."
)


def build(answer: Any, shape: tuple[int, ...], filters: int) -> Any:
    """Return the `keras.Model` of a reader's function of a Keras tensor and a number of filters.

    Raises:
        Mistake: if the function does not make one tensor of another.
    """
    import keras

    inputs = keras.Input(shape)
    if isinstance(answer, type) and issubclass(answer, keras.layers.Layer):
        make = answer
        answer = lambda x, filters: make(filters)(x)  # noqa: E731
    try:
        result = call(answer, inputs, filters)
    except Mistake as mistake:
        _diagnose_shapes(str(mistake.__cause__))
        raise
    if isinstance(result, (tuple, list)):
        raise Mistake(f"you return {len(result)} things, where one tensor is asked for.")
    if isinstance(result, keras.layers.Layer):
        raise Mistake(f"your function returns {shown(result)}, and does not call it.")
    if not isinstance(result, keras.KerasTensor):
        raise Mistake(f"the result is {shown(result)}, not a Keras tensor made from x.")
    try:
        return keras.Model(inputs, result)
    except ValueError:
        raise Mistake("the result does not depend on x.") from None


def _diagnose_shapes(text):
    """Say which of two branches has the wrong size, where an error names the sizes of both."""
    found = re.findall(r"[(\[]([\d, None]+)[)\]]", text)
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


def relu(x: np.ndarray) -> np.ndarray:
    """Set what is negative to zero."""
    return np.maximum(x, 0)


def randomize(model: Any) -> tuple[list[np.ndarray], list[Callable]]:
    """Draw all kernels and normalizations anew, each another, and let all else do nothing.

    Returns:
        The kernels of the convolutions, and a function for each batch normalization: what it
        makes of an array in inference.
    """
    random, kernels, normalizations = generator(44), [], {}
    for variable in model.variables:
        layer, _, name = variable.path.rpartition("/")
        if len(variable.shape) == 4:
            value = random.normal(size=variable.shape) / np.sqrt(np.prod(variable.shape[:3]))
            kernels.append(value.astype("float32"))
        elif name in ("gamma", "moving_variance"):
            value = random.uniform(0.5, 2, variable.shape)
        elif name in ("beta", "moving_mean") and "bias" not in name:
            value = random.normal(size=variable.shape) / 2
        else:
            value = np.full(variable.shape, float(name != "bias"))
        if name in ("gamma", "beta", "moving_mean", "moving_variance"):
            normalizations.setdefault(layer, {})[name] = value
        variable.assign(value)
    return kernels, [_normalization(**values) for values in normalizations.values()]


def _normalization(moving_mean, moving_variance, gamma=1, beta=0):
    return lambda v: ((v - moving_mean) / np.sqrt(moving_variance + 1e-5) * gamma + beta).astype(
        "float32"
    )


def _conv(v, kernel, strides=1):
    from keras import ops

    return array(ops.conv(v, kernel, strides=strides, padding="same"))


def array(tensor: Any) -> np.ndarray:
    """Return a backend's tensor as an array."""
    from keras import ops

    return ops.convert_to_numpy(tensor)


def down_sampling_blocks(
    x: np.ndarray, kernels: list[np.ndarray], normalizations: list[Callable]
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Give the right block and all combinations of bugs, each with what it computes of `x`.

    Args:
        x: Maps.
        kernels: Those of the first and second convolution and of the projection.
        normalizations: Those behind the three of them.
    """
    first, second, third = normalizations
    for stride, source, activate in itertools.product((2, 1), ("x", "middle", "end"), (1, 0)):
        middle = first(_conv(x, kernels[0], stride))
        middle = relu(middle) if activate else middle
        end = second(_conv(middle, kernels[1], 3 - stride))
        start = {"x": x, "middle": middle, "end": end}[source]
        if start.shape[-1] != kernels[2].shape[2]:
            continue
        halved = start.shape[1:3] == end.shape[1:3]
        shortcut = third(_conv(start, kernels[2], 1 if halved else 2))
        bugs = ["stride"] * (stride == 1) + ["source"] * (source != "x")
        bugs += ["between"] * (not activate)
        yield bugs, relu(end + shortcut)
        yield [*bugs, "after"], relu(end) + shortcut
        yield [*bugs, "after"], relu(end) + relu(shortcut)
        yield [*bugs, "none"], end + shortcut
        yield [*bugs, "inner"], relu(relu(end) + shortcut)
        yield [*bugs, "outer"], relu(end + relu(shortcut))
        yield [*bugs, "alone"], relu(end)


def blocks_of_equal_size(
    x: np.ndarray, kernels: list[np.ndarray], normalizations: list[Callable]
) -> Iterator[tuple[str, np.ndarray]]:
    """Give what residual blocks of two convolutions compute of `x`, by what is wrong with each.

    Args:
        x: Maps of no negative values.
        kernels: Those of the first and the second convolution.
        normalizations: Those of the two of them; empty if there are none.
    """
    first, second = normalizations or [lambda v: v] * 2
    middle = first(_conv(x, kernels[0]))
    branches = [("", second(_conv(relu(middle), kernels[1])))]
    branches += [("between", second(_conv(middle, kernels[1])))]
    before = _conv(relu(first(x)), kernels[0])  # activations and normalizations come first
    branches += [("before", _conv(relu(second(before)), kernels[1]))]
    for bug, branch in branches:
        yield bug, relu(x + branch)
        yield bug or "open", x + branch
        yield "minus", relu(x - branch)
        yield "reverse", relu(branch - x)
        yield "product", relu(branch * x)
        yield "plain", relu(branch)
        yield "after", relu(branch) + x
    yield "silent", x
