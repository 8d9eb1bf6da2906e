"""Right and wrong answers to the exercises of notebook 05."""

import os

import keras
import numpy as np
import tensorflow as tf
from cases import Case

from reslib.exercises.riddle import hidden
from reslib.layers import LooksLinear
from reslib.probes import autocorrelation, input_gradients


def tape(reduce=tf.reduce_sum, training=False, watch=True, wrt=None, change=lambda g: g):
    def gradient(model, x):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            if watch:
                tape.watch(x)
            total = reduce(model(x, training=training))
        return change(tape.gradient(total, x if wrt is None else wrt(model)))

    return gradient


def one_by_one(model, x):
    rows = []
    for row in x:
        variable = tf.Variable(row[None])
        with tf.GradientTape() as tape:
            value = model(variable, training=False)[0, 0]
        rows.append(tape.gradient(value, variable).numpy()[0])
    return np.stack(rows)


def all_at_all(model, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=False)[:, 0]
    return tape.jacobian(y, x)


def weights(model):
    return [variable.value for variable in model.trainable_variables]


def centered(signal):
    return signal - signal.mean()


def correlate(center=centered, norm=None, shift=0, pairs=False):
    def answer(signal, lag):
        c, lag = center(signal), lag + shift
        total = np.sum(c[: len(c) - lag] * c[lag:]) / (len(c) - lag if pairs else 1)
        return total / (np.sum(c**2) / (len(c) if pairs else 1) if norm is None else norm)

    return answer


def by_loop(signal, lag):
    c = [value - sum(signal) / len(signal) for value in signal]
    return sum(c[i] * c[i + lag] for i in range(len(c) - lag)) / sum(value * value for value in c)


def with_negative_stop(signal, lag):
    c = centered(signal)
    return np.sum(c[:-lag] * c[lag:]) / np.sum(c**2)


def law(factor, power=lambda f, depth: f**depth):
    def answer(depth, gain, on, both, beta):
        skip, b = (0, 1) if beta is None else (1, beta)
        return power(factor(skip, b, gain, on, both), depth)

    return answer


def right_factor(skip, b, gain, on, both):
    return (skip + b**2 * gain * both) / (skip + b**2 * gain * on)


def law_by_steps(depth, gain, on, both, beta):
    square = product = 1.0
    for _ in range(depth):
        scale = gain if beta is None else gain * beta**2
        square, product = (
            scale * on * square + (beta is not None) * square,
            scale * both * product + (beta is not None) * product,
        )
    return product / square


def named(**changes):
    """The right names, with some of them changed: each letter gets the name of another's."""
    truth = hidden()[1]
    letters = {name: letter for letter, name in truth.items()}
    names = {KEYS[key]: KEYS[other] for key, other in changes.items()}
    return {letters[name]: names.get(name, name) for name in letters}


KEYS = {
    "everything": "everything: skips and batch norm",
    "batch": "no skips",
    "centered": "no skips, and centering in place of batch norm",
    "he": "no skips, no normalization",
    "small": "no skips, no normalization, variance 1/width",
}


def orthogonal(units, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(units, units)))[0]


def kernel(lower=lambda w: -w, axis=0, upper=orthogonal):
    def answer(units, seed):
        w = upper(units, seed)
        return np.concatenate([w, lower(w)], axis=axis)

    return answer


def from_keras(units, seed):
    w = keras.initializers.Orthogonal(seed=seed)((units, units))
    return keras.ops.concatenate([w, -w], axis=0)


def alternating(units, seed):
    w = orthogonal(units, seed)
    return np.stack([w, -w], axis=1).reshape(2 * units, units)


def rows(depths=(2, 4, 8, 16), seeds=range(5), kinds=("tanh", "relu"), value=None, **more):
    """A table of made-up measurements: the checks look at its design."""
    return [
        {"activation": kind, "depth": depth, "seed": seed, **more}
        | {"correlation": 0.9 - depth / 100 + seed / 100 if value is None else value}
        for kind in kinds
        for depth in depths
        for seed in seeds
    ]


def frame(data):
    import pandas as pd

    return pd.DataFrame(data)


CASES = {
    "05.1": Case(
        right={
            "tape": tape(),
            "one by one": one_by_one,
            "library": input_gradients,
            "list": tape(change=lambda g: [g]),
        },
        mistakes={
            "weights": (tape(wrt=weights), "with respect to the weights"),
            "first kernel": (tape(wrt=lambda m: weights(m)[0]), "the gradient of a kernel"),
            "training": (tape(training=True), "is in training mode"),
            "mean": (tape(tf.reduce_mean), "the gradient of the mean"),
            "summed": (tape(change=lambda g: tf.reduce_sum(g, axis=0)), "all together"),
            "first output": (tape(lambda y: y[0, 0]), "of one output only"),
            "jacobian": (all_at_all, "every output's gradient at every input"),
            "not watched": (tape(watch=False), "the tape gave None:"),
            "not watched, numpy": (
                tape(watch=False, change=lambda g: g.numpy()),
                "which has no numbers",
            ),
            "other": (tape(tf.nn.l2_loss), "off by up to"),
        },
        unanswered=(lambda model, x: ...,),
    ),
    "05.2": Case(
        right={"numpy": correlate(), "loop": by_loop, "library": autocorrelation},
        mistakes={
            "mean": (correlate(center=np.asarray), "mean is still in it"),
            "off by one": (correlate(shift=1), "off by one"),
            "not normalized": (correlate(norm=1), "not divided by the sum of squares"),
            "pairs": (correlate(pairs=True), "divide by the number of pairs"),
            "circle": (
                lambda s, k: (
                    np.sum(centered(s) * np.roll(centered(s), k)) / np.sum(centered(s) ** 2)
                ),
                "np.roll",
            ),
            "corrcoef": (
                lambda s, k: np.corrcoef(s[: len(s) - k], s[k:])[0, 1],
                "np.corrcoef",
            ),
            "empty": (with_negative_stop, "a slice that ends at -0"),
        },
        unanswered=(lambda signal, lag: ...,),
    ),
    "05.3": Case(
        right={"power": law(right_factor), "steps": law_by_steps},
        mistakes={
            "one layer": (law(right_factor, lambda f, depth: f), "one layer's factor"),
            "exponent": (law(right_factor, lambda f, d: f ** (d - 1)), "exponent is off by one"),
            "times": (law(right_factor, lambda f, depth: f * depth), "so it is a power"),
            "product": (law(lambda s, b, g, on, both: s + b**2 * g * both), "the mean product"),
            "independent": (
                law(lambda s, b, g, on, both: right_factor(s, b, g, on, on**2)),
                "both = on²",
            ),
            "no shortcut": (law(lambda s, b, g, on, both: both / on), "the shortcut is left out"),
            "added late": (law(lambda s, b, g, on, both: s + both / on), "add 1 to the ratio"),
            "beta once": (
                law(lambda s, b, g, on, both: right_factor(s, b**0.5, g, on, both)),
                "β enters once",
            ),
            "gain": (
                law(lambda s, b, g, on, both: right_factor(s, b, 1, on, both)),
                "the gain is left out",
            ),
        },
        unanswered=(lambda *arguments: ...,),
    ),
    "05.4": Case(
        right={"by hand": named(), "in another order": dict(sorted(named().items())[::-1])},
        mistakes={
            "size": (named(batch="centered", centered="batch"), "there would be exploded"),
            "vanished": (named(small="he", he="small"), "there would be healthy"),
            "correlation": (
                named(centered="everything", everything="centered"),
                "but neighbouring gradients",
            ),
            "values": (named(he="everything", everything="he"), "Plot them"),
            "unknown": (dict.fromkeys("ABCDE", "dropout"), "no network called 'dropout'"),
            "too few": ({"A": KEYS["he"]}, "nothing is said about B, C, D, E"),
            "a word": ("A", "should be a dictionary"),
        },
        unanswered=(dict.fromkeys("ABCDE", ...),),
    ),
    "05.5": Case(
        right={
            "numpy": kernel(),
            "keras": from_keras,
            "library": lambda units, seed: LooksLinear(seed=seed)((2 * units, units)),
            "minus first": lambda units, seed: -kernel()(units, seed),
        },
        mistakes={
            "same sign": (kernel(lower=lambda w: w), "the same sign"),
            "half empty": (kernel(lower=lambda w: 0 * w), "an ordinary ReLU"),
            "side by side": (kernel(axis=1), "side by side"),
            "alternating": (alternating, "your rows alternate"),
            "transposed": (kernel(lower=lambda w: -w.T), "is transposed"),
            "turned over": (kernel(lower=lambda w: -w[::-1]), "turned over"),
            "independent": (kernel(lower=lambda w: np.sin(9 * w)), "not minus the upper one"),
            "not orthogonal": (
                kernel(upper=lambda n, seed: np.random.default_rng(seed).normal(size=(n, n))),
                "the upper half is not orthogonal",
            ),
            "too short": (
                kernel(upper=lambda n, seed: orthogonal(n, seed) / 2**0.5),
                "changes every length by a factor of 0.71",
            ),
            "no repetition": (
                lambda units, seed: kernel()(units, int.from_bytes(os.urandom(4))),
                "another kernel each time",
            ),
            "no seed": (lambda n, seed: kernel()(n, 0), "another seed should give"),
            "shape": (orthogonal, "the kernel has the shape"),
        },
        unanswered=(lambda units, seed: ...,),
    ),
    "05.6": Case(
        right={
            "rows": rows(),
            "with another measurement": [row | {"size": i**0.5} for i, row in enumerate(rows())],
            "two widths, for both": rows(width=100) + rows(width=200),
            "arrays": [row | {"correlation": np.array(row["correlation"])} for row in rows()],
            "a table": frame(rows((1, 2, 4, 8, 16, 32), range(8), ("relu", "tanh", "sigmoid"))),
        },
        mistakes={
            "no control": (rows(kinds=["tanh"]), "there is no control"),
            "one seed": (rows(seeds=[0]), "was tried with 1 seed"),
            "two depths": (rows([2, 32]), "are too few"),
            "other depths": (
                rows(kinds=["tanh"]) + rows((2, 4, 8), kinds=["relu"]),
                "like is not compared with like",
            ),
            "two things": (
                rows(kinds=["tanh"], gain=1) + rows(kinds=["relu"], gain=2),
                "two things change at once",
            ),
            "copies": (rows(value=0.5), "different seeds give the same value"),
            "narrow": (rows((2, 3, 4, 5)), "goes only from"),
            "no columns": ([{"depth": 2}], "no column activation"),
            "a number": (3, "you hand in 3"),
        },
    ),
}
