"""The exercises of notebook 06 that write the parts of a pyramid, up to 06.3."""

import functools

import numpy as np

from reslib.exercises.answers import call, explain, same
from reslib.exercises.exercise import Mistake, exercise


def _random(seed=0):
    return np.random.default_rng(seed)


def _maps(*shapes):
    """Draw maps of the given shapes, as float32."""
    random = _random(len(shapes))
    return [random.standard_normal(shape).astype("float32") for shape in shapes]


def _repeated(x, height=None, width=None):
    return x.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]


def _keras(layer, *inputs):
    """Return what a Keras layer gives, as an array."""
    import keras

    return keras.ops.convert_to_numpy(layer(*inputs))


@functools.cache
def _bilinear():
    import keras

    return keras.layers.UpSampling2D(2, interpolation="bilinear")


@exercise(
    "06.1",
    "Enlarge a coarse map to an exact size",
    hints=(
        "Each value of the coarse map becomes a square of 2×2 equal values. Try it on a row: "
        "1, 2, 3 becomes 1, 1, 2, 2, 3, 3.",
        "A stride of 2 on 7 rows looks at rows 0, 2, 4 and 6. Coarse row 3 stands for fine row 6 "
        "and for a row 7 that does not exist: at which end must something go?",
    ),
)
def enlarge(answer):
    import keras

    for height, width in ((8, 6), (7, 6), (8, 5), (7, 5), (1, 9)):
        rows, columns = -(-height // 2), -(-width // 2)
        (x,) = _maps((2, rows, columns, 3))
        double = _repeated(x)
        resized = keras.ops.image.resize(x, (height, width), "nearest", data_format="channels_last")
        explain(
            call(answer, x, height, width),
            [double[:, :height, :width]],
            {
                (
                    "your map always has twice the coarse size. A fine map of "
                    f"{height}×{width} needs a crop: the last row or column is one too many."
                ): [double],
                (
                    "you cut off the first row or column instead of the last. The stride of 2 "
                    "started at row 0, so coarse row 0 stands for the fine rows 0 and 1."
                ): [double[:, 2 * rows - height :, 2 * columns - width :]],
                (
                    "you put copies of the whole map side by side. Each single value must become "
                    "a square of equal values (repeat, not tile)."
                ): [np.tile(x, (1, 2, 2, 1))[:, :height, :width]],
                (
                    "you go from value to value along straight lines (bilinear). The paper repeats "
                    "the nearest value."
                ): [_keras(_bilinear(), x)[:, :height, :width]],
                (
                    "you stretch the coarse map to the size at once. Then its rows no longer stand "
                    "where the strides put them, and some are shown once, some twice: repeat by "
                    "the whole factor 2 first."
                ): [keras.ops.convert_to_numpy(resized)],
                (
                    "you fill the odd row or column with zeros, and lose the last coarse value. "
                    "Enlarge all of the coarse map, then crop."
                ): [
                    np.pad(
                        _repeated(x[:, : height // 2, : width // 2]),
                        ((0, 0), (0, height % 2), (0, width % 2), (0, 0)),
                    )
                ],
            },
            f"the map enlarged from {rows}×{columns} to {height}×{width}",
        )
    return "Any size that a stride of 2 can come from is met exactly, so the maps can be added."


@exercise(
    "06.2",
    "Write the lateral connection",
    hints=(
        "Two maps must agree in height, width and channels before they can be added. Which of "
        "them is wrong in which?",
        "A 1×1 convolution is a matrix product along the channels, and leaves height and width "
        "alone. `UpSamplingTo`, or your answer to 06.1, changes those and leaves the channels.",
    ),
)
def lateral(answer):
    for height, width, channels, depth in ((6, 4, 3, 5), (5, 7, 4, 2)):
        rows, columns = -(-height // 2), -(-width // 2)
        c, above, kernel, bias = _maps(
            (2, height, width, channels),
            (2, rows, columns, depth),
            (1, 1, channels, depth),
            (depth,),
        )
        straight = c @ kernel[0, 0] + bias
        down = _repeated(above, height, width)
        shrunk = c[:, ::2, ::2] @ kernel[0, 0] + bias
        explain(
            call(answer, c, above, kernel, bias),
            [straight + down],
            {
                (
                    "only the coarse map comes through. The lateral connection is missing, and "
                    "with it what the fine map knows about places; small objects lose pixels."
                ): [down],
                (
                    "only the fine map comes through: the top-down path is missing, and with it "
                    "what the coarse maps know."
                ): [straight],
                (
                    "you concatenate. The paper adds, so that every level has the same number of "
                    "channels, and one head can serve them all."
                ): [np.concatenate([straight, down], -1), np.concatenate([down, straight], -1)],
                (
                    "you shrink the fine map to the coarse size, and lose the resolution that "
                    "the pyramid is for. Enlarge the coarse map instead."
                ): [shrunk + above],
                "the bias of the 1×1 convolution is missing.": [straight - bias + down],
                (
                    "there is a ReLU behind the 1×1 convolution. A pyramid has no activations: "
                    "the lateral connection is linear."
                ): [np.maximum(straight, 0) + down],
                (
                    "there is a ReLU behind the sum. A pyramid has no activations, unlike a "
                    "residual block."
                ): [np.maximum(straight + down, 0)],
                (
                    "you enlarge along straight lines (bilinear). The paper repeats the nearest "
                    "value."
                ): [straight + _keras(_bilinear(), above)[:, :height, :width]],
            },
            f"the fusion of a {height}×{width} map with a {rows}×{columns} one",
        )
    return (
        "It is a residual block's sum across two resolutions: the coarse map takes the place of "
        "the shortcut, the 1×1 convolution that of F."
    )


@exercise(
    "06.3",
    "Find the bug in a top-down path",
    hints=(
        "The shapes are right, so look at who can hear whom: change the coarsest map, and see at "
        "which levels something changes.",
        "On paper, write down what `above` is in each turn of the loop, for three levels. What "
        "should the finest level get from the coarsest?",
    ),
)
def top_down(answer):
    import keras

    for levels in (2, 4):
        sides = [(17, 13), (9, 7), (5, 4), (3, 2)][-levels:]
        maps = _maps(*[(1, *side, 3) for side in sides])
        kernels = [_random(level).standard_normal((3, 3, 3, 3)) for level in range(levels)]
        smooth = [
            functools.partial(keras.ops.conv, kernel=kernel.astype("float32"), padding="same")
            for kernel in kernels
        ]
        result = call(answer, maps, smooth)
        if not isinstance(result, (tuple, list)) or len(result) != levels:
            raise Mistake(f"for {levels} maps the answer must be a tuple of {levels} maps.")
        right = _pyramid(maps, smooth)
        if _all_same(result, right[::-1]) and not _all_same(result, right):
            raise Mistake(
                "your maps come out coarsest first. Return them as they came in: finest first."
            )
        for level in reversed(range(levels)):
            explain(
                result[level],
                [right[level]],
                {
                    (
                        "each level hears of the next coarser map only. What is handed down must "
                        "be the *sum*, which holds all coarser maps, not the lateral map alone."
                    ): [_pyramid(maps, smooth, hand_down="lateral")[level]],
                    (
                        "you hand down the smoothed map. In the paper the 3×3 convolutions are "
                        "applied to the sums at the end, and the top-down path runs without them."
                    ): [_pyramid(maps, smooth, hand_down="output")[level]],
                    (
                        "nothing is handed down: each level sees its own map only, as in row (d) "
                        "of the paper's table."
                    ): [_keras(smooth[level], maps[level])],
                    (
                        "the 3×3 convolutions `smooth` are missing. They take away the steps that "
                        "enlarging leaves."
                    ): [_pyramid(maps, [keras.ops.copy] * levels)[level]],
                },
                f"level {level + 1} of {levels}",
            )
    return (
        "Every level now hears of all coarser ones. The bug was hard to see: all shapes were "
        "right, and such a network trains without complaint."
    )


def _pyramid(maps, smooth, hand_down="sum"):
    """Give the outputs, finest first; `"lateral"` and `"output"` hand down the wrong map."""
    above = maps[-1]
    outputs = [_keras(smooth[-1], above)]
    for level in reversed(range(len(maps) - 1)):
        x = maps[level]
        if hand_down == "output":
            above = outputs[0]
        total = x + _repeated(above, *x.shape[1:3])
        outputs.insert(0, _keras(smooth[level], total))
        above = x if hand_down == "lateral" else total
    return outputs


def _all_same(results, others):
    return all(same(a, b) for a, b in zip(results, others, strict=True))
