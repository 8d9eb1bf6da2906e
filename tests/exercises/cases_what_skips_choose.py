"""Right and wrong answers to the exercises of notebook 07."""

import itertools
import math

import keras
import numpy as np
import pandas as pd
from cases import Case
from keras import ops

from reslib.layers import IdentityShortcut, StochasticDepth


# 07.1
def share_by_listing(n, k):
    """Listing is slow, so only where there are few paths."""
    if n > 12:
        return math.exp(
            math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
        )
    return np.mean([sum(path) == k for path in itertools.product((0, 1), repeat=n)])


# 07.2
def without_branch(block, x):
    return ops.relu(block.shortcut_layer(x))


def without_branch_by_replacing(block, x):
    """The whole block runs, but the branch gives zeros for once."""
    add_shortcut = block.add_shortcut
    block.add_shortcut = lambda f, x, training: add_shortcut(ops.zeros_like(f), x, training)
    try:
        return block(x, training=False)
    finally:
        del block.add_shortcut


def zeroing_for_good(block, x):
    for variable in block.conv2.variables:
        variable.assign(ops.zeros_like(variable))
    return block(x)


# 07.3
def size(x):
    return np.sqrt(np.mean(np.square(x)))


def branch_of(block, x, training=False):
    for layer in block.branch():
        x = layer(x, training=training)
    return ops.convert_to_numpy(x)


def ratio(block, x):
    return size(branch_of(block, x)) / size(x)


def ratio_of_norms(block, x):
    return ops.sqrt(ops.sum(block.conv2(block.conv1(x)) ** 2)) / np.linalg.norm(x)


def mean_of_ratios(block, x):
    return np.mean([size(f) / size(one) for f, one in zip(branch_of(block, x), x, strict=True)])


# 07.4
random = np.random.default_rng()


def drop(f, survival, training):
    if not training:
        return survival * f
    return f if random.random() < survival else np.zeros_like(f)


def drop_by_layer(f, survival, training):
    return StochasticDepth(survival)(f, training=training)


def drop_by_mask(f, survival, training):
    mask = keras.random.uniform(()) < survival if training else survival
    return f * ops.cast(mask, "float32")


def always_the_same(f, survival, training):
    kept = np.random.default_rng(0).random() < survival
    return (f * kept) if training else survival * f


def per_example(f, survival, training):
    kept = random.random((len(f), 1, 1, 1)) < survival
    return f * kept if training else survival * f


def inverted(f, survival, training):
    return drop(f, survival, True) / survival if training else f


# 07.5
def diagnose(train_error, test_error, nested_train_error, gradient_ratio, correlation):
    found = []
    if test_error - train_error > 0.1:
        found.append("overfitting")
    if train_error - nested_train_error > 0.1:
        found.append("degradation")
    if max(gradient_ratio, 1 / gradient_ratio) > 100:
        found.append("vanishing or exploding gradients")
    if correlation < 0.3:
        found.append("shattered gradients")
    return found


def diagnose_in_logarithms(**n):
    signs = {
        "overfitting": n["train_error"] < 0.1 and n["test_error"] > 2 * n["train_error"] + 0.05,
        "vanishing or exploding gradients": abs(np.log10(n["gradient_ratio"])) > 2.5,
        "degradation": n["train_error"] > 2 * n["nested_train_error"],
        "shattered gradients": abs(n["correlation"]) < 0.2,
    }
    return {name for name, sign in signs.items() if sign}


def changed(name, sign):
    """A diagnosis that is right but for one failure."""

    def answer(**numbers):
        found = set(diagnose(**numbers)) - {name}
        return found | ({name} if sign(**numbers) else set())

    return answer


def only_the_first(**numbers):
    return diagnose(**numbers)[:1]


# 07.6
def table(networks=("gate", "usual"), seeds=(0, 1), removed=(0, 1, 2, 4), draws=3, error=None):
    """As if measured: a check looks at the design, not at the outcome."""
    error = error or (lambda k, draw: min(0.1 + 0.1 * k + 0.01 * draw, 1))
    return pd.DataFrame(
        {"network": network, "seed": seed, "removed": k, "error": error(k, draw)}
        for network in networks
        for seed in seeds
        for k in removed
        for draw in range(draws if k else 1)
    )


CASES = {
    "07.1": Case(
        right={"comb": lambda n, k: math.comb(n, k) / 2**n, "listing": share_by_listing},
        mistakes={
            "count": (math.comb, "how *many*"),
            "permutations": (lambda n, k: math.perm(n, k) / 2**n, "you count orders"),
            "uniform": (lambda n, k: 1 / (n + 1), "equally likely"),
            "up to k": (
                lambda n, k: sum(math.comb(n, i) for i in range(k + 1)) / 2**n,
                "up to* this length",
            ),
            "n squared": (lambda n, k: math.comb(n, k) / n**2, "by n²"),
            "lengths": (lambda n, k: math.comb(n, k) / (n + 1), "the number of lengths"),
        },
        unanswered=(lambda n, k: ...,),
    ),
    "07.2": Case(
        right={"shortcut": without_branch, "replacing": without_branch_by_replacing},
        mistakes={
            "no ReLU": (lambda block, x: block.shortcut_layer(x), "the last ReLU is missing"),
            "input": (lambda block, x: x, "input as it is"),
            "ReLU of input": (lambda block, x: ops.relu(x), "ReLU of the input"),
            "the wrong part": (
                lambda block, x: ops.relu(branch_of(block, x)),
                "removed the shortcut",
            ),
            "zeros": (lambda block, x: ops.relu(0 * block(x)), "so is the shortcut"),
            "whole": (lambda block, x: block(x), "whole block"),
            "always A": (
                lambda block, x: ops.relu(IdentityShortcut(block.filters, block.strides)(x)),
                "in place of the trained projection",
            ),
            "for good": (zeroing_for_good, "leaves what it measures"),
        },
        unanswered=(lambda block, x: None,),
    ),
    "07.3": Case(
        right={"by hand": ratio, "norms": ratio_of_norms},
        mistakes={
            "output": (lambda block, x: size(block(x)) / size(x), "*output*"),
            "difference": (lambda block, x: size(block(x) - x) / size(x), "for the difference"),
            "ReLU": (
                lambda block, x: size(np.maximum(branch_of(block, x), 0)) / size(x),
                "ReLU behind your F",
            ),
            "one convolution": (lambda block, x: size(block.conv1(x)) / size(x), "first convol"),
            "mean of ratios": (mean_of_ratios, "mean of the images' ratios"),
            "squares": (lambda *a: ratio(*a) ** 2, "roots are missing"),
            "upside down": (lambda *a: 1 / ratio(*a), "upside down"),
            "training": (
                lambda block, x: size(branch_of(block, x, training=True)) / size(x),
                "leaves what it measures",
            ),
        },
        unanswered=(lambda block, x: ...,),
    ),
    "07.4": Case(
        right={"NumPy": drop, "layer": drop_by_layer, "mask": drop_by_mask},
        mistakes={
            "exchanged": (lambda f, p, t: drop(f, p, not t), "are exchanged"),
            "random in inference": (lambda f, p, t: drop(f, p, True), "nothing may be random"),
            "the same": (always_the_same, "the same first number"),
            "per example": (per_example, "for each example"),
            "dropout": (
                lambda f, p, t: f * (random.random(f.shape) < p) if t else p * f,
                "single values",
            ),
            "inverted": (inverted, "divide by `survival` in training"),
            "unscaled": (lambda f, p, t: drop(f, p, t) if t else f, "passes as it is"),
            "chance to drop": (
                lambda f, p, t: drop(f, 1 - p, True) if t else p * f,
                "not of being dropped",
            ),
        },
        unanswered=(lambda f, survival, training: ...,),
    ),
    "07.5": Case(
        right={"four questions": diagnose, "logarithms": diagnose_in_logarithms},
        mistakes={
            "test error alone": (
                changed("overfitting", lambda test_error, **n: test_error > 0.2),
                "you call overfitting",
            ),
            "training error alone": (
                changed("degradation", lambda train_error, **n: train_error > 0.3),
                "too simple",
            ),
            "degradation by test error": (
                changed(
                    "degradation",
                    lambda test_error, nested_train_error, **n: (
                        test_error - nested_train_error > 0.1
                    ),
                ),
                "what trains well",
            ),
            "no explosion": (
                changed(
                    "vanishing or exploding gradients",
                    lambda gradient_ratio, **n: gradient_ratio < 0.01,
                ),
                "exploding gradients: a ratio",
            ),
            "no vanishing": (
                changed(
                    "vanishing or exploding gradients",
                    lambda gradient_ratio, **n: gradient_ratio > 100,
                ),
                "vanishing gradients: a ratio",
            ),
            "shattered by size": (
                changed("shattered gradients", lambda gradient_ratio, **n: gradient_ratio > 100),
                "overlook shattered",
            ),
            "the first only": (only_the_first, "stop at the first"),
            "other names": (lambda **n: ["overfit"], "the answer has 'overfit'"),
        },
        unanswered=(lambda **n: ...,),
    ),
    "07.6": Case(
        right={
            "table": table(),
            "rows": table(("plain", "residual"), (1, 2, 3), (0, 1, 3, 5, 7), 4).to_dict("records"),
        },
        mistakes={
            "no control": (table(["usual"]), "there is no control"),
            "one seed": (table(seeds=[0]), "with 1 seed only"),
            "other seeds": (
                pd.concat([table(["gate"]), table(["usual"], seeds=(2, 3))]),
                "seeds are not the same",
            ),
            "no whole network": (table(removed=(1, 2, 4)), "whole networks are missing"),
            "few points": (table(removed=(0, 1, 4)), "too few points"),
            "unequal": (
                pd.concat([table(["gate"]), table(["usual"], draws=4)]),
                "not treated alike",
            ),
            "one draw": (table(draws=1), "once or twice only"),
            "the same draw": (table(error=lambda k, draw: 0.1 * k), "the same blocks"),
            "untrained": (table(error=lambda k, draw: 0.9 - 0.01 * draw), "hardly trained"),
            "a number": (0.3, "you hand in 0.3"),
            "per cent": (table(error=lambda k, draw: 30 + draw), "from 0 to 1"),
        },
    ),
}
