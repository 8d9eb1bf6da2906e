"""The exercises of notebook 05."""

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import ReturnedNothing, call, explain, outcome, same
from reslib.exercises.exercise import Mistake, exercise
from reslib.exercises.riddle import NETWORKS, contradiction, hidden
from reslib.seeding import generator


@exercise(
    "05.1",
    "Take the gradient at each input, in one pass",
    hints=(
        "A tape records what happens to variables by itself; an array has to be a tensor that it "
        "is told to watch. And what may the outputs not share, if one pass is to serve them all?",
        "tf.convert_to_tensor, tape.watch, model(x, training=False), and the gradient of the sum "
        "of all outputs with respect to x.",
    ),
)
def tape(answer):
    for inputs in (1, 3):
        model, calls, x = _normalized_network(inputs)
        try:
            result = call(answer, model, x)
        except ReturnedNothing:
            if not calls:
                raise
            raise Mistake(f"the tape gave None: {UNWATCHED}") from None
        except Mistake as mistake:
            if "NoneType" in str(mistake):
                raise Mistake(f"the tape gave None, which has no numbers: {UNWATCHED}") from None
            raise
        if isinstance(result, list) and np.shape(result[0]) != np.shape(x)[1:]:
            if [np.shape(part) for part in result] == [v.shape for v in model.trainable_variables]:
                raise Mistake(WEIGHTS)
            result = result[0]
        found = outcome(result)
        if found.shape == model.trainable_variables[0].shape != x.shape:
            raise Mistake("this is the gradient of a kernel. Asked for is that of x, in its shape.")
        right, through = _gradient(model, x, False), _gradient(model, x, True)
        jacobian = _jacobian(model, x)
        explain(
            found,
            [right],
            {
                "your network is in training mode, so all outputs share the statistics of the "
                "batch, and the gradient at one input holds its influence on all the other "
                "outputs. Call the model with training=False.": [through, through / len(x)],
                "you take the gradient of the mean of the outputs, so each value is divided by "
                "their number. The sum gives each input its own gradient.": [right / len(x)],
                "you give the gradients of the inputs all together: there should be one for each "
                "input, in the shape of x.": [
                    right.sum(axis=0),
                    right.sum(axis=0, keepdims=True),
                    right.mean(axis=0),
                    right.sum(),
                ],
                "you give every output's gradient at every input. Most of that is zero, since "
                "each output depends on its own input only.": [jacobian, jacobian[:, 0]],
                "your gradient is that of one output only.": [
                    np.where(np.arange(len(x))[:, None] == k, right, 0) for k in (0, len(x) - 1)
                ],
            },
            tolerance=0.01,
        )
    return f"right: {len(x)} gradients in one pass forward and one back."


UNWATCHED = (
    "it follows variables by itself, but an array has to be a tensor that it is told to watch, "
    "before the model is called."
)
WEIGHTS = (
    "these are gradients with respect to the weights. Asked for are those with respect to x, in "
    "the shape of x."
)


def _normalized_network(inputs, batch=24):
    """Make a network that stores the statistics of a batch; return its calls and the batch."""
    import keras

    from reslib import layers

    keras.utils.set_random_seed(51)

    calls, norm = [], layers.BatchNormalization(momentum=0.0)
    model = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Lambda(lambda v: calls.append(1) or v),
            keras.layers.Dense(16),
            norm,
            keras.layers.ReLU(),
            keras.layers.Dense(1),
        ]
    )
    x = generator(51).normal(size=(batch, inputs)).astype("float32")
    model(x, training=True)
    norm.momentum = 0.9
    calls.clear()
    return model, calls, x


def _gradient(model, x, training):
    from keras import ops

    from reslib.probes.gradients import gradient, state_of

    weights, state = state_of(model)

    def total(x):
        outputs, _ = model.stateless_call(weights, state, x, training=training)
        return ops.sum(outputs)

    return gradient(total, [x])[0]


def _jacobian(model, x):
    """Return the gradient of every output at every input."""
    right = _gradient(model, x, False)
    all_pairs = np.zeros((len(x), 1, *x.shape))
    all_pairs[np.arange(len(x)), 0, np.arange(len(x))] = right
    return all_pairs


@exercise(
    "05.2",
    "Compute an autocorrelation by hand",
    hints=(
        "Take the mean away once, from the whole signal. Then two parts of it face each other: "
        "all but the last k values, and all but the first k.",
        "The sum of the products of the two parts, divided by the sum of all squares. "
        "Mind k = 0: a slice that ends at -0 is empty.",
    ),
)
def autocorrelation(answer):
    random = generator(52)
    for lag in (1, 3, 0):
        signal = np.cumsum(random.normal(size=20)) + 4
        try:
            found = outcome(call(answer, signal, lag))
        except Mistake:
            if lag == 0:
                raise Mistake(EMPTY) from None
            raise
        if found.ndim:
            found = found.reshape(-1)[0] if found.size == 1 else found
        right = _correlate(signal, lag)
        if lag == 0 and (not np.isfinite(found).all() or same(found, 0.0)):
            raise Mistake(EMPTY)
        n, c = len(signal), signal - signal.mean()
        explain(
            found,
            [right],
            {
                "the signal's mean is still in it. A constant signal would look perfectly alike, "
                "however its changes go.": [_correlate(signal, lag, mean=0)],
                "your lag is off by one.": [
                    _correlate(signal, lag + 1),
                    _correlate(signal, lag - 1),
                ]
                if lag
                else [],
                "your value is not divided by the sum of squares, so it depends on the signal's "
                "size. At lag 0 it should be 1.": [
                    right * np.sum(c**2),
                    right * np.var(signal),
                    right * np.var(signal) * n / max(n - lag, 1),
                ],
                "you divide by the number of pairs at this lag, so that you take a mean over "
                "fewer products than squares. Here both are sums (the usual, biased estimate).": [
                    right * n / max(n - lag, 1)
                ],
                "your signal goes round in a circle: with np.roll its end meets its beginning. "
                "Leave those pairs out.": [np.sum(c * np.roll(c, lag)) / np.sum(c**2)],
                "each of your two parts has a mean and a size of its own, as in np.corrcoef. Take "
                "those of the whole signal.": [
                    np.corrcoef(signal[: n - lag], signal[lag:])[0, 1] if lag else np.nan
                ],
            },
        )
    return "right. At lag 0 it is 1 for every signal, and no lag can give more."


EMPTY = (
    "at lag 0 your answer fails. The signal faces itself there, and a slice that ends at -0 is "
    "empty."
)


def _correlate(signal, lag, mean=None):
    c = signal - (signal.mean() if mean is None else mean)
    lag = abs(lag)
    return np.sum(c[: len(c) - lag] * c[lag:]) / np.sum(c**2)


@exercise(
    "05.3",
    "Derive the law from one layer",
    hints=(
        "Follow two numbers through one layer: the mean squared gradient at one input, and the "
        "mean product of the gradients at two. By what is each multiplied, with β and without?",
        "The way through the weights multiplies a square by gain · on and a product by gain · "
        "both, and β enters each twice. The shortcut adds 1 to either. The correlation is a ratio.",
    ),
)
def law(answer):
    cases = [(1, 2.0, 0.5, 0.25, None), (7, 1.3, 0.5, 0.25, None), (5, 0.8, 0.6, 0.45, None)]
    cases += [(1, 1.6, 0.5, 0.25, 1.0), (4, 1.5, 0.4, 0.3, 1.0), (6, 2.0, 0.6, 0.2, 0.3)]
    for depth, gain, on, both, beta in cases:
        found = call(answer, depth, gain, on, both, beta)
        skip = 0 if beta is None else 1
        b = 1 if beta is None else beta
        square, product = skip + b**2 * gain * on, skip + b**2 * gain * both
        wrong = {
            "you give one layer's factor, whatever the depth: each layer multiplies by it again.": [
                product / square
            ],
            "your exponent is off by one: a network of `depth` layers multiplies `depth` times.": [
                (product / square) ** (depth - 1),
                (product / square) ** (depth + 1),
            ],
            "you multiply the factor by the depth. It is applied layer after layer, so it is a "
            "power.": [product / square * depth],
            "you give the mean product of two gradients. A correlation is that, divided by the "
            "mean square.": [product**depth],
            "you use that the two inputs are independent (both = on²). The function should work "
            "for any `both`.": [((skip + b**2 * gain * on**2) / square) ** depth],
        }
        if beta is not None:
            wrong |= {
                "the shortcut is left out: it carries a square and a product unchanged, so it adds "
                "1 to each.": [(both / on) ** depth],
                "you add 1 to the ratio. The shortcut adds to the square and to the product, "
                "before they are divided.": [
                    (1 + both / on) ** depth,
                    (1 + b**2 * both / on) ** depth,
                    ((1 + both / on) / 2) ** depth,
                ],
                "β enters once. Both numbers are products of two gradients, and β is in each of "
                "the two.": [((1 + b * gain * both) / (1 + b * gain * on)) ** depth],
                "the gain is left out. Without a shortcut it cancels in the ratio; with one it "
                "does not.": [((1 + b**2 * both) / (1 + b**2 * on)) ** depth],
                "the shortcut is in the product only: it passes on the square, too.": [
                    ((1 + b**2 * gain * both) / (b**2 * gain * on)) ** depth
                ],
            }
        case = f"depth {depth} and beta {beta}"
        explain(found, [(product / square) ** depth], wrong, name=f"the result for {case}")
    return (
        "right. For He's gain of 2 and independent inputs L layers give (1/2)^L without shortcuts "
        "and (3/4)^L with them. Notebook 05's residual network of L layers has L − 1 of these and "
        "a last ReLU without a shortcut, hence its ½ · (3/4)^(L−1)."
    )


@exercise(
    "05.4",
    "Tell which ingredient was left out",
    hints=(
        "Measure three things for each letter: the size of the gradient, the autocorrelation at "
        "lag 1, and how many different values there are. The section on ingredients has all three.",
        "Without scaling, batch norm or skips the size tells vanished from healthy, and batch norm "
        "without skips explodes. Of the two that are healthy and alike, one takes two values only.",
    ),
)
def ingredients(answer):
    curves, truth = hidden()
    if not isinstance(answer, dict):
        raise Mistake("the answer should be a dictionary from each letter to a name.")
    unknown = [name for name in answer.values() if name not in NETWORKS]
    if unknown:
        raise Mistake(f"there is no network called {unknown[0]!r} in the list.")
    missing = sorted(truth.keys() - answer.keys())
    if missing:
        raise Mistake(f"nothing is said about {', '.join(missing)}.")
    for letter in sorted(truth):
        if answer[letter] != truth[letter]:
            raise Mistake(contradiction(letter, answer[letter], curves[letter]))
    return (
        "right. Size and correlation are two different things: a gradient of healthy size can be "
        "whole or shattered."
    )


@exercise(
    "05.5",
    "Make a kernel that looks linear",
    hints=(
        "A mirrored ReLU hands on relu(x) first and relu(−x) behind it. Which two halves of the "
        "kernel does that meet, and when do they add up to W·x?",
        "Rows are inputs: the upper half is an orthogonal W, the lower half −W. Q of np.linalg.qr "
        "of a normal random matrix is orthogonal.",
    ),
)
def looks_linear(answer):
    for units, seed in ((4, 0), (7, 1)):
        kernel = outcome(call(answer, units, seed), "the kernel")
        if kernel.shape == (units, 2 * units):
            raise Mistake(
                "the halves of your kernel stand side by side. The mirrored ReLU gives twice as "
                "many inputs, and a kernel's rows are its inputs."
            )
        if kernel.shape != (2 * units, units):
            raise Mistake(
                f"the kernel has the shape {kernel.shape}, expected {(2 * units, units)}."
            )
        upper, lower = kernel[:units], kernel[units:]
        _judge_halves(kernel, upper, lower)
        if not same(upper.T @ upper, np.eye(units)):
            size = np.trace(upper.T @ upper) / units
            if same(upper.T @ upper, size * np.eye(units)):
                raise Mistake(
                    f"your kernel is linear, but it changes every length by a factor of "
                    f"{np.sqrt(size):.2f}: to the power of 50 layers that is {size**25:.1e}."
                )
            raise Mistake(
                "your kernel is linear, but the upper half is not orthogonal, so it stretches some "
                "directions and shrinks others, and the more so the more layers follow."
            )
    first, again, other = (call(answer, units, seed) for seed in (1, 1, 2))
    if not same(first, again):
        raise Mistake(
            "the same seed gives another kernel each time: nobody could repeat your experiment. "
            "Hand `seed` on to the random generator."
        )
    if same(again, other):
        raise Mistake("another seed should give another kernel: all layers would start the same.")
    return "right: with mirrored ReLUs a net of such kernels is linear, and cannot shatter."


def _judge_halves(kernel, upper, lower):
    """Refuse a kernel that is not linear behind a mirrored ReLU."""
    if same(lower, -upper):
        return
    if same(lower, upper):
        raise Mistake(
            "both halves have the same sign, so that the two together give W·|x|: x and −x cannot "
            "be told apart."
        )
    if not lower.any() or not upper.any():
        raise Mistake("one half of your kernel is 0: together they are then an ordinary ReLU.")
    if same(kernel[1::2], -kernel[::2]):
        raise Mistake(
            "your rows alternate between W and −W. A mirrored ReLU gives all of relu(x) first, "
            "then all of relu(−x)."
        )
    if same(lower, -upper[::-1]) or same(lower, -upper[:, ::-1]):
        raise Mistake("the lower half is turned over: it should be −W, row by row.")
    if same(lower, -upper.T) or same(lower, upper.T):
        raise Mistake("the lower half is transposed.")
    raise Mistake(
        "the lower half is not minus the upper one, so the two do not add up to a linear map."
    )


@exercise(
    "05.6",
    "Does tanh shatter too?",
    hints=(
        "You want two curves: the autocorrelation at lag 1 against depth, one for tanh and one for "
        "ReLU as the control. One initialization can be a freak.",
        "Two activations × five depths × five seeds or more take seconds. Double the depth each "
        "time, and collect a row for each: activation, depth, seed, correlation.",
    ),
)
def shattering_of_tanh(answer):
    table = designs.rows_of(answer, ("activation", "depth", "seed", "correlation"))
    table["correlation"] = outcome(list(table.correlation), "the correlation")
    designs.controlled(table, "activation", "tanh", "relu", "depth")
    designs.enough_points(table.depth, "depth", least=4, span=8)
    designs.enough_seeds(table, ["activation", "depth"], least=5)
    designs.one_change(table, ["activation", "depth"], measured=["correlation"])
    cells = table.groupby(["activation", "depth"]).correlation
    if table.correlation.isna().any() or table.correlation.abs().max() > 1 + 1e-3:
        raise Mistake("a correlation lies between −1 and 1, and some of yours do not.")
    if (cells.nunique() == 1).any():
        raise Mistake(
            "different seeds give the same value: is the seed handed on to the network? Copies of "
            "one run are no repetition."
        )
    mean, error = cells.mean().unstack(0), cells.sem().unstack(0)
    gap = mean.tanh - mean.relu
    clear = gap.abs() > 2 * np.hypot(error.tanh, error.relu)
    return (
        f"a sound comparison. With {table.depth.max()} layers: tanh {mean.tanh.iloc[-1]:.2f}, ReLU "
        f"{mean.relu.iloc[-1]:.2f}; the two differ by more than two standard errors at "
        f"{clear.sum()} of {len(clear)} depths."
    )
