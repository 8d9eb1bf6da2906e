"""The exercises of notebook 04 on functions of arrays: 04.1, 04.2 and 04.5."""

import numpy as np

from reslib.exercises.answers import call, explain, judge, outcome, same
from reslib.exercises.exercise import Mistake, exercise
from reslib.exercises.residual_blocks.references import ADDED_AFTER, array, relu
from reslib.seeding import generator


@exercise(
    "04.1",
    "Add the shortcut",
    hints=(
        "Three things happen after each other: the branch F, the sum, the last ReLU.",
        "The branch is called once, on x. What it gives and x are added, and nothing comes "
        "between this sum and the last ReLU.",
    ),
)
def add_shortcut(answer):
    inputs = []
    random = generator(41)
    for shape in ((6, 5), (3, 5, 5, 4)):
        x = random.normal(size=shape).astype("float32")
        inputs.append((x, _branch(random.normal(size=(shape[-1],) * 2).astype("float32"))))
    mistakes = {
        ADDED_AFTER: [lambda x, f: relu(f(x)) + x, lambda x, f: relu(f(x)) + relu(x)],
        "the last ReLU is missing: your block gives out negative values.": lambda x, f: f(x) + x,
        "your block has no shortcut: with F = 0 it gives zeros, where it should give relu(x).": (
            lambda x, f: relu(f(x))
        ),
        "the branch is missing: your block does the same whatever F is.": [
            lambda x, f: relu(x),
            lambda x, f: x,
        ],
        "this is the branch alone: neither shortcut nor ReLU.": lambda x, f: f(x),
        "your block adds its input twice, so with F = 0 it doubles each value.": [
            lambda x, f: relu(f(x) + 2 * x),
            lambda x, f: relu(f(x) + x) + x,
        ],
        "your branch ends with a ReLU of its own, so it can only add, never take away. Nothing "
        "comes between the branch and the sum.": lambda x, f: relu(relu(f(x)) + x),
        "your shortcut starts behind a ReLU, which has cut off what is negative in x: it should "
        "carry x as it came.": [
            lambda x, f: relu(f(x) + relu(x)),
            lambda x, f: relu(f(relu(x)) + relu(x)),
        ],
        "your branch gets relu(x). It should get x as it came.": lambda x, f: relu(f(relu(x)) + x),
        "you subtract. The block adds what the branch gives to x.": [
            lambda x, f: relu(f(x) - x),
            lambda x, f: relu(x - f(x)),
            lambda x, f: f(x) - x,
            lambda x, f: x - f(x),
        ],
        "you multiply. The block adds what the branch gives to x.": lambda x, f: relu(f(x) * x),
        "the shortcut starts in the wrong place: it must carry x, and you add what the branch "
        "gave.": [lambda x, f: relu(2 * f(x)), lambda x, f: relu(f(f(x)) + f(x))],
    }
    judge(answer, inputs, lambda x, f: relu(f(x) + x), mistakes)
    x, f = inputs[-1]
    fell = np.mean(relu(f(x) + x)[x > 0] < x[x > 0])
    return f"right. Of the positive values that entered, {fell:.0%} came out smaller: F takes away."


def _branch(weights):
    def branch(x):
        from keras import ops

        return ops.convert_to_numpy(ops.tanh(ops.matmul(x, weights)))

    return branch


@exercise(
    "04.2",
    "Write option A, without parameters",
    hints=(
        "Two steps: take some of the rows and columns, then append channels.",
        "A slice with a step keeps rows and columns 0, s, 2s, … of any size. For the channels, "
        "np.pad or keras.ops.pad takes a pair for each axis, (0, 0) where nothing is added.",
    ),
)
def option_a(answer):
    random = generator(42)
    cases = (
        ((2, 8, 6, 3), 6, 2),
        ((3, 7, 5, 2), 5, 2),
        ((1, 10, 10, 4), 8, 3),
        ((2, 5, 4, 6), 6, 1),
    )
    behind = True
    for shape, filters, strides in cases:
        x = random.normal(size=shape).astype("float32")
        found = outcome(call(answer, x, filters, strides))
        picked = x[:, ::strides, ::strides]
        rights = _with_zero_channels(picked, filters)
        explain(found, rights, _option_a_mistakes(x, filters, strides, found, picked))
        behind = behind and same(found, rights[0])
    where = (
        "Like the library you put the zeros behind."
        if behind
        else "The library puts the zeros behind; the paper does not say where, and it is the same "
        "network with its channels in another order."
    )
    return f"right, for odd sizes and other strides too, and without a single parameter. {where}"


def _with_zero_channels(x, filters):
    """Pad the channels behind, before, and in all ways between."""
    missing = filters - x.shape[-1]
    return [np.pad(x, [(0, 0)] * 3 + [(k, missing - k)]) for k in range(missing + 1)]


def _option_a_mistakes(x, filters, strides, found, picked):
    """Give what each mistake would: those about the size first, then those about the channels."""
    import keras

    def pooled(layer):
        options = {"pool_size": strides, "strides": strides}
        return [array(layer(padding=p, **options)(x)) for p in ("same", "valid")]

    height, width = picked.shape[1:3]
    repeats = -(-filters // x.shape[-1])
    tiled = np.concatenate([picked] * repeats, axis=-1)[..., :filters]
    repeated = np.repeat(picked, repeats, axis=-1)[..., :filters]
    one_way = [x[:, ::strides], x[:, :, ::strides]]

    def padded(maps):
        return [image for m in maps for image in [m, *_with_zero_channels(m, filters)]]

    diagnoses = {
        "your shortcut takes means over windows. Option A keeps every s-th row and column as "
        "they are, and throws the others away.": padded(pooled(keras.layers.AveragePooling2D)),
        "your shortcut takes the largest value of each window. Option A keeps every s-th row and "
        "column as they are.": padded(pooled(keras.layers.MaxPooling2D)),
        "your channels are repeated. In option A the new ones hold zeros, so that at first "
        "only F can fill them.": [tiled],
        "you repeat each channel beside itself. The new channels should hold zeros.": [repeated],
        "your shortcut begins with the second row or column; it should keep the first.": padded(
            [x[:, 1::strides, 1::strides], x[:, strides - 1 :: strides, strides - 1 :: strides]]
        ),
        "your shortcut steps in one direction only: rows and columns both get fewer.": padded(
            one_way
        ),
        "your shortcut cuts a corner out of the maps. It should keep every s-th row and column "
        "of the whole.": padded([x[:, :height, :width], x[:, -height:, -width:]]),
        "the channels are too few: the missing ones are to be filled with zeros.": [picked],
        "strides have no effect: your maps keep their size.": padded([x]),
    }
    if filters > x.shape[-1] and found.shape == (*picked.shape[:3], filters):
        empty = np.sum(~np.any(found, axis=(0, 1, 2)))
        if empty < filters - x.shape[-1]:
            diagnoses[
                "your new channels are not empty. Option A has no weights that could fill them: "
                "they hold zeros."
            ] = [found]
    return diagnoses


@exercise(
    "04.5",
    "Fold a one-layer block into a plain layer",
    hints=(
        "Write out what the block computes for one unit: a sum over the inputs, minus a mean, "
        "divided, multiplied, and plus the input of that unit. Then collect what multiplies each "
        "input, and what multiplies none.",
        "Batch norm multiplies unit j, so column j of the kernel, by γ_j / √(variance_j + ε). The "
        "shortcut does not pass through batch norm.",
    ),
)
def fold(answer):
    random = generator(47)
    for units in (3, 6):
        kernel = random.normal(size=(units, units))
        gamma, beta, mean = random.normal(size=(3, units))
        variance, epsilon = random.uniform(0.2, 2, size=units), 0.1
        result = call(answer, kernel, gamma, beta, mean, variance, epsilon)
        if callable(result):  # a layer in place of its weights
            bias = outcome(result(np.zeros((1, units), "float32")))[0]
            result = outcome(result(np.eye(units, dtype="float32"))) - bias, bias
        try:
            found_kernel, found_bias = result
        except (TypeError, ValueError):
            raise Mistake("the function should return two things: a kernel and a bias.") from None
        eye, scale = np.eye(units), gamma / np.sqrt(variance + epsilon)
        no_root, no_epsilon = gamma / (variance + epsilon), gamma / np.sqrt(variance)
        explain(
            found_kernel,
            [kernel * scale + eye],
            {
                "your kernel leaves out the shortcut.": [kernel * scale],
                "you add 1 to every weight. The article writes W + 1, and it means the identity "
                "matrix: x_j reaches output j only.": [kernel * scale + 1, (kernel + 1) * scale],
                "your batch norm scales the shortcut too: the shortcut goes past it.": [
                    (kernel + eye) * scale
                ],
                "your batch norm is missing from the kernel: W + I is the fold of a block "
                "without one.": [kernel + eye],
                "your kernel is scaled row by row. Batch norm scales what comes out, and outputs "
                "are the columns.": [kernel * scale[:, None] + eye],
                "your kernel is transposed: rows are inputs, columns are outputs.": [
                    (kernel * scale).T + eye,
                    kernel.T * scale + eye,
                    kernel.T + eye,
                ],
                "batch norm divides by the square root of variance + ε, you by variance + ε "
                "itself.": [kernel * no_root + eye],
                "ε is missing: batch norm divides by √(variance + ε).": [kernel * no_epsilon + eye],
            },
            name="the kernel",
        )
        explain(
            found_bias,
            [beta - mean * scale, (beta - mean * scale)[None]],
            {
                "the kernel is right, but the bias is forgotten: what does the block give for "
                "x = 0?": [np.zeros(units)],
                "the kernel is right, but your bias is β alone: batch norm also takes a mean "
                "away.": [beta],
                "the kernel is right, but your bias lacks a factor: the mean is taken away before "
                "γ and the division.": [beta - mean, beta - mean * gamma],
                "the kernel is right, but your mean has the wrong sign.": [beta + mean * scale],
                "the kernel is right, but β is missing from your bias.": [-mean * scale],
            },
            name="the bias",
        )
    return (
        "right. With one weight layer, block and plain layer are the same function, as long as "
        "batch norm uses stored statistics. What differs is where they start, and what training "
        "finds."
    )
