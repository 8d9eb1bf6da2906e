"""The exercises of notebook 04."""

import itertools

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import call, explain, judge, outcome, same
from reslib.exercises.blocks import (
    blocks_of_equal_size,
    build,
    down_sampling_blocks,
    randomize,
    relu,
)
from reslib.exercises.exercise import Mistake, Unanswered, exercise
from reslib.seeding import generator

ADDED_AFTER = (
    "your block adds the shortcut after the last ReLU, so its output can never fall below its "
    "input. He et al. add before it: see claim 04.3."
)


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
    """Padded behind, before, and in all ways between."""
    missing = filters - x.shape[-1]
    return [np.pad(x, [(0, 0)] * 3 + [(k, missing - k)]) for k in range(missing + 1)]


def _option_a_mistakes(x, filters, strides, found, picked):
    """What each mistake would give; those about the size first, then those about the channels."""
    import keras

    def pooled(layer):
        options = {"pool_size": strides, "strides": strides}
        return [np.asarray(layer(padding=p, **options)(x)) for p in ("same", "valid")]

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
    "04.3",
    "Find the bugs in a down-sampling block",
    hints=(
        "There are three, and none raises an error. Follow x through the block on paper, with "
        "the size of the maps at each step.",
        "Look at where the stride is, at what enters the 1×1 convolution, and at what comes last.",
    ),
)
def down_sampling(answer):
    shape, filters = (9, 7, 3), 5
    model = build(answer, shape, filters)
    kernels, normalizations = randomize(model)
    projection = [k for k in kernels if k.shape[:2] == (1, 1)]
    main = sorted((k for k in kernels if k.shape[:2] == (3, 3)), key=lambda k: k.shape[2])
    if not projection:
        raise Mistake(
            "the projection is missing: there is no 1×1 convolution to change the channels of x."
        )
    if len(projection) > 1 or [k.shape[2:] for k in main] != [(3, filters), (filters, filters)]:
        raise Mistake(
            "expected two 3×3 convolutions and one of 1×1, found the kernels "
            f"{sorted(k.shape for k in kernels)}."
        )
    _own_normalizations(normalizations, 3)
    x = generator(43).normal(size=(2, *shape)).astype("float32")
    found = np.asarray(model(x, training=False))
    matching = [
        bugs
        for order in itertools.permutations(normalizations)
        for bugs, value in down_sampling_blocks(x, [*main, *projection], order)
        if same(found, value, ROUNDING)
    ]
    if found.shape != (2, 5, 4, filters):
        raise Mistake(
            f"maps of 9×7 should become 5×4 with {filters} channels; yours have the shape "
            f"{found.shape[1:]}."
        )
    if not matching:
        raise Mistake(
            "the output is not relu(F(x) + projection(x)), and the "
            "mistake is none of those that were planted."
        )
    bugs = min(matching, key=len)
    if set(bugs) == {"stride", "source", "after"}:
        raise Unanswered
    if len(bugs) > 1:
        places = {"stride": "where the maps become smaller", "source": "where the shortcut starts"}
        where = " and ".join(places.get(bug, "what happens around the sum") for bug in bugs)
        raise Mistake(f"{len(bugs)} bugs are left. Look at {where}.")
    if bugs:
        raise Mistake(DOWN_SAMPLING_BUGS[bugs[0]])
    return (
        "right. With the stride where it belongs both 3×3 convolutions work at low resolution: "
        "the first costs a quarter of what it did."
    )


ROUNDING = 0.02  # also the epsilon of a normalization, which a reader may choose


def _own_normalizations(normalizations, count):
    """Refuse fewer normalizations than convolutions, or more."""
    found = len(normalizations)
    if found < count:
        raise Mistake(
            f"there are {count} convolutions and {found} batch normalization{'s' * (found != 1)}. "
            "Each convolution needs one of its own: each has a mean and a variance of its own."
        )
    if found > count:
        raise Mistake(
            f"there are {found} batch normalizations for {count} convolutions: one behind each is "
            "enough."
        )


DOWN_SAMPLING_BUGS = {
    "stride": "the stride is on the second convolution, so the first works at full resolution, at "
    "four times the cost.",
    "source": "the projection does not start at the block's input, so x has no way around the "
    "convolutions.",
    "after": ADDED_AFTER,
    "none": "there is no ReLU after the sum: the block gives out negative values.",
    "between": "the ReLU between the two 3×3 convolutions is gone: now they are one linear map.",
    "inner": "the branch ends with a ReLU of its own, so it can only add, never take away.",
    "outer": "the projection has a ReLU of its own; the shortcut should stay linear.",
    "alone": "nothing is added: the shortcut is left out of the sum.",
}


@exercise(
    "04.4",
    "Build a block that starts as the identity",
    hints=(
        "Batch norm ends with a factor γ for each channel. What does the branch give if that is 0?",
        "There are two normalizations. Behind the first comes a ReLU, whose slope at 0 is 0: what "
        "is zero there stays zero. BatchNormalization takes a gamma_initializer.",
    ),
)
def identity_start(answer):
    import keras

    keras.utils.set_random_seed(45)
    model = build(answer, (6, 6, 4), 4)
    x = np.abs(generator(45).normal(size=(16, 6, 6, 4))).astype("float32")
    kernels = [v for v in model.variables if len(v.shape) == 4]
    if not kernels:
        raise Mistake("there is no convolution in the block, so it has nothing to learn with.")
    if any(not v.trainable for v in model.variables if not v.name.startswith("moving_")):
        raise Mistake(
            "some weights are frozen (`trainable=False`): what they are at the start they stay, "
            "and the block could not leave the identity with them."
        )
    kind = _kind(model, x)
    if kind == "silent":
        raise Mistake(
            "whatever the weights are, your block gives x: the branch has no say, now or ever. "
            "Let it give 0 because one of its *weights* is 0, which training can change."
        )
    found = np.asarray(model(x, training=True))
    if found.shape == x.shape and not found.any():
        raise Mistake(
            "your block gives zeros whatever enters. Without a shortcut a γ of 0 lets nothing "
            "through, neither signal nor gradient: a plain block cannot start this way."
        )
    if kind == "plain":
        raise Mistake("your block has no shortcut: x is not added to what the branch gives.")
    mistakes = {"with F = 0 your block doubles its input: x is added twice.": [2 * x]}
    if kind is not None:
        mistakes[
            "F is not 0 at the start: this is a residual block as usual. Which weight can you "
            "let begin at 0, so that the branch gives nothing?"
        ] = [found]
    name = "at the start, for values that are not negative, the output"
    explain(found, [x], mistakes, name, tolerance=1e-3)
    gammas = [v for v in model.trainable_variables if v.name == "gamma"]
    zero = [not np.any(gamma) for gamma in gammas]
    first = _step(model, x)
    moved = _size(np.asarray(model(x, training=True)) - x) / _size(x)
    if not any(first.values()):
        raise Mistake(
            "F = 0, and it stays so: no weight gets a gradient, since the zeros of the branch go "
            "through a ReLU, whose slope at 0 is 0. The branch should end without one."
        )
    second = _step(model, x)
    dead = [v for v in kernels if not second[v.path]]
    if dead:
        which = "every γ is 0" if gammas and all(zero) else "the wrong factor is 0"
        raise Mistake(
            f"F = 0, but {which}, and after a step of gradient descent {len(dead)} of "
            f"{len(kernels)} kernels still get no gradient: behind the "
            "first convolution zeros meet a ReLU, whose slope at 0 is 0."
        )
    if moved > 0.1:
        raise Mistake(
            f"F = 0 at the start, but one tiny step changes the output by {moved:.0%}: the kernel "
            "in front of a normalization is 0, and the normalization divides by its size, however "
            "small. Let the factor behind the normalization be 0."
        )
    if kind == "between":
        raise Mistake(
            "the ReLU between the two convolutions is missing: without it they are one linear map, "
            "and a single convolution could do what both do."
        )
    if kind is None:
        raise Mistake(
            "it starts as the identity and can leave it, but it is another block than the one "
            "asked for: F is two 3×3 convolutions, each with batch norm, with a ReLU between them."
        )
    return (
        f"right. A tiny step of gradient descent moves the output by {moved:.1e} of its size, "
        "and then every kernel gets a gradient: it starts as the identity and can leave it."
    )


def _kind(model, x):
    """What kind of block it is, by what it gives with random weights; `None` if it is another."""
    weights = model.get_weights()
    kernels, normalizations = randomize(model)
    found = np.asarray(model(x, training=False))
    model.set_weights(weights)
    if [k.shape for k in kernels] != [(3, 3, 4, 4)] * 2:
        raise Mistake(
            f"expected two 3×3 convolutions that keep the 4 channels, found the kernels "
            f"{sorted(k.shape for k in kernels)}."
        )
    if normalizations:  # a block without any can start as the identity, too
        _own_normalizations(normalizations, 2)
    kinds = (
        kind
        for kernels in itertools.permutations(kernels)
        for order in itertools.permutations(normalizations)
        for kind, value in blocks_of_equal_size(x, kernels, order)
        if same(found, value, ROUNDING)
    )
    return next(kinds, None)


def _size(x):
    return float(np.sqrt(np.mean(x**2)))


def _step(model, x, rate=1e-3):
    """One step of gradient descent, and which variables got a gradient."""
    import tensorflow as tf

    wanted = generator(46).normal(size=x.shape).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x, training=True) - wanted) ** 2)
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    report = {}
    for variable, gradient in zip(variables, gradients, strict=True):
        report[variable.path] = gradient is not None and bool(np.any(gradient))
        if gradient is not None:
            variable.assign_sub(rate * gradient)
    return report


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
        "right. With one weight layer block and plain layer are the same function, batch norm or "
        "not. What differs is where they start, and what training finds (claim 04.17)."
    )


@exercise(
    "04.6",
    "Is it only the learning rate?",
    hints=(
        "You want two curves: the training error against the learning rate, one with shortcuts and "
        "one without. What has to be the same in both, and how often is each point repeated?",
        "Two kinds × four rates × three seeds are 24 runs. Let the rates grow by a constant "
        "factor, over a factor of 10 at least, and keep everything else as it is.",
    ),
)
def learning_rates(answer):
    from reslib.experiments import Results

    runs = designs.runs_of(answer)
    table = Results(answer).final
    shortcuts = [run.model.arguments.get("shortcut", "A") for run in runs]
    table["shortcut"] = [str(shortcut) for shortcut in shortcuts]
    table["kind"] = ["plain" if shortcut is None else "residual" for shortcut in shortcuts]
    designs.controlled(table, "kind", "residual", "plain", "learning_rate")
    designs.enough_points(table.learning_rate, "learning rate", least=4, span=10)
    designs.enough_seeds(table, ["kind", "learning_rate"])
    designs.one_change(table, ["kind", "learning_rate"], measured=["shortcut"])
    rates = np.sort(table.learning_rate.unique())
    means = table.groupby(["kind", "learning_rate"]).train_error.mean()
    best = {kind: means[kind].idxmin() for kind in ("plain", "residual")}
    said = "; ".join(f"{kind} {means[kind].min():.1%} at {best[kind]:g}" for kind in best)
    edge = [kind for kind in best if best[kind] in (rates[0], rates[-1])]
    more = f" The best rate of {' and '.join(edge)} is at the edge of yours: go further." * bool(
        edge
    )
    return f"a sound comparison. The lowest mean training errors: {said}.{more}"
