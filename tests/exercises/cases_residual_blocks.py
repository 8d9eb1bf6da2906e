"""Right and wrong answers to the exercises of notebook 04."""

import dataclasses

import numpy as np
from cases import Case
from keras import layers, ops

from reslib.experiments import Results, Run
from reslib.experiments.result import MEASURES, Result
from reslib.layers import IdentityShortcut, NormalizedConv2D, ResidualBlock


def relu(x):
    return np.maximum(x, 0)


def forgets_return(x, branch):
    ops.relu(branch(x) + x)


def convolution(x, filters, size, strides=1, gamma="ones", momentum=0.9, epsilon=1e-5, **options):
    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False, **options)(x)
    return layers.BatchNormalization(momentum=momentum, epsilon=epsilon, gamma_initializer=gamma)(x)


def option_a(take=lambda x, s: x[:, ::s, ::s], fill=None):
    """A shortcut that takes its positions and fills its channels in its own way."""

    def shortcut(x, filters, strides):
        x = np.asarray(take(x, strides))
        missing = filters - x.shape[-1]
        if fill is not None:
            return fill(x, filters)
        return np.pad(x, [(0, 0)] * 3 + [(0, missing)])

    return shortcut


def append_zeros(x, filters, strides):
    x = ops.convert_to_tensor(x)[:, ::strides, ::strides, :]
    zeros = ops.zeros((*x.shape[:3], filters - x.shape[3]))
    return ops.concatenate([x, zeros], axis=-1)


def zeros_on_both_sides(x, filters, strides):
    missing = filters - x.shape[-1]
    x = x[:, ::strides, ::strides]
    return np.pad(x, [(0, 0)] * 3 + [(missing // 2, missing - missing // 2)])


def pooled(layer):
    return lambda x, s: layer(s, s, padding="same")(x)


def down(stride_first=True, source="x", add="before", projection=True, strides=2, between="relu"):
    """The block of exercise 04.3 with any of its bugs."""

    def block(x, filters):
        h = convolution(x, filters, 3, 2 if stride_first else 1)
        h = layers.Activation(between)(h)
        y = convolution(h, filters, 3, 1 if stride_first else 2)
        start = x if source == "x" else y
        shortcut = start
        if projection:
            shortcut = convolution(start, filters, 1, strides if source == "x" else 1)
        if add == "after":
            return layers.ReLU()(y) + shortcut
        return y + shortcut if add == "none" else layers.ReLU()(y + shortcut)

    return block


def down_with_shared_normalization(x, filters):
    norm = layers.BatchNormalization()
    y = layers.ReLU()(norm(layers.Conv2D(filters, 3, 2, padding="same", use_bias=False)(x)))
    y = norm(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
    return layers.ReLU()(y + convolution(x, filters, 1, 2))


def down_with_exchanged_normalizations(x, filters):
    """As many normalizations as convolutions, but one is used twice and one comes twice."""
    one, two, three = (layers.BatchNormalization() for _ in range(3))
    y = layers.ReLU()(one(layers.Conv2D(filters, 3, 2, padding="same", use_bias=False)(x)))
    y = two(three(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)))
    return layers.ReLU()(y + one(layers.Conv2D(filters, 1, 2, use_bias=False)(x)))


def down_from_the_library(x, filters):
    y = NormalizedConv2D(filters, 3, strides=2, activation="relu")(x)
    y = NormalizedConv2D(filters, 3)(y)
    return ops.relu(NormalizedConv2D(filters, 1, strides=2)(x) + y)


def quiet(
    first="ones",
    last="ones",
    kernel="glorot_uniform",
    shortcut=True,
    add="before",
    between="relu",
    **numbers,
):
    """A block of equal size with any of its factors zero at the start."""

    def block(x, filters):
        y = layers.Activation(between)(convolution(x, filters, 3, gamma=first, **numbers))
        y = convolution(y, filters, 3, gamma=last, kernel_initializer=kernel)
        if not shortcut:
            return layers.ReLU()(y)
        if callable(add):
            return layers.ReLU()(add(y, x))
        if add == "none":
            return y + x
        return layers.ReLU()(y) + x if add == "after" else layers.ReLU()(y + x)

    return block


def quiet_before_activation(x, filters):
    """Normalizations and activations come first; the last convolution begins at 0."""
    y = x
    for kernel in ("glorot_uniform", "zeros"):
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.Conv2D(filters, 3, padding="same", kernel_initializer=kernel)(y)
    return x + y


def quiet_with_one_normalization(x, filters):
    norm = layers.BatchNormalization(gamma_initializer="zeros")
    y = layers.ReLU()(norm(layers.Conv2D(filters, 3, padding="same")(x)))
    return layers.ReLU()(x + norm(layers.Conv2D(filters, 3, padding="same")(y)))


def muted(x, filters):
    return layers.ReLU()(0 * quiet()(x, filters) + x)


def frozen(x, filters):
    y = layers.ReLU()(convolution(x, filters, 3))
    y = layers.Conv2D(filters, 3, padding="same")(y)
    norm = layers.BatchNormalization(gamma_initializer="zeros", trainable=False)
    return layers.ReLU()(x + norm(y))


def rounder(x, filters):
    """Something else behind the convolutions."""
    y = layers.Activation("tanh")(convolution(x, filters, 3))
    return layers.ReLU()(x + convolution(y, filters, 3, gamma="zeros"))


class Quiet(layers.Layer):
    """A layer in place of a function."""

    def __init__(self, filters):
        super().__init__()
        self.first = NormalizedConv2D(filters, 3, activation="relu")
        self.second = NormalizedConv2D(filters, 3, gamma_initializer="zeros")

    def call(self, x, training=None):
        return ops.relu(x + self.second(self.first(x, training=training), training=training))


def fold(change=lambda kernel, scale, eye: kernel * scale + eye, bias=None, root=np.sqrt, eps=1):
    def folded(kernel, gamma, beta, mean, variance, epsilon):
        scale = gamma / root(variance + eps * epsilon)
        right = beta - mean * scale
        return change(kernel, scale, np.eye(len(kernel))), right if bias is None else bias(
            beta, mean
        )

    return folded


def fold_by_measuring(kernel, gamma, beta, mean, variance, epsilon):
    """Read the plain layer off the block's outputs."""

    def block(x):
        return gamma * (x @ kernel - mean) / np.sqrt(variance + epsilon) + beta + x

    bias = block(np.zeros(len(kernel)))
    return (block(np.eye(len(kernel))) - bias).tolist(), bias.tolist()


def fold_into_a_layer(kernel, *statistics):
    layer = layers.Dense(len(kernel))
    layer.build((None, len(kernel)))
    layer.set_weights(fold()(kernel, *statistics))
    return layer


def swept(rates=(0.003, 0.01, 0.03, 0.1), seeds=(0, 1, 2), kinds=(None, "A"), change=None):
    """Results as of a sweep, made up: the checks look at the runs."""
    data = "fashion_mnist", {"size": 14, "train_size": 1_000}
    networks = [{"depth": 14} if kind is ... else {"depth": 14, "shortcut": kind} for kind in kinds]
    runs = [
        Run(("cifar_resnet", network), data, learning_rate=rate, seed=seed)
        for network in networks
        for rate in rates
        for seed in seeds
    ]
    runs = [change(run) if change else run for run in runs]
    return Results(
        Result(run, {name: [0.2 + run.learning_rate] for name in MEASURES}, 1.0) for run in runs
    )


def smaller_batches_with_shortcuts(run):
    return dataclasses.replace(
        run, batch_size=128 if run.model.arguments["shortcut"] is None else 32
    )


def other_rates_with_shortcuts(run):
    factor = 1 if run.model.arguments["shortcut"] is None else 3
    return dataclasses.replace(run, learning_rate=run.learning_rate * factor)


CASES = {
    "04.1": Case(
        right={
            "keras": lambda x, branch: ops.relu(branch(x) + x),
            "numpy": lambda x, branch: relu(x + np.asarray(branch(x))),
            "layers": lambda x, branch: layers.ReLU()(layers.Add()([x, branch(x)])),
        },
        mistakes={
            "after the ReLU": (lambda x, f: ops.relu(f(x)) + x, "after the last ReLU"),
            "no ReLU": (lambda x, f: f(x) + x, "the last ReLU is missing"),
            "no shortcut": (lambda x, f: ops.relu(f(x)), "has no shortcut"),
            "no branch": (lambda x, f: ops.relu(x), "the branch is missing"),
            "twice": (lambda x, f: ops.relu(f(x) + x + x), "adds its input twice"),
            "a ReLU too many": (lambda x, f: ops.relu(ops.relu(f(x)) + x), "only add, never take"),
            "wrong start": (lambda x, f: ops.relu(f(f(x)) + f(x)), "starts in the wrong place"),
            "subtracts": (lambda x, f: ops.relu(f(x) - x), "you subtract"),
            "ReLU first": (lambda x, f: ops.relu(f(x) + ops.relu(x)), "starts behind a ReLU"),
            "ReLU of x": (lambda x, f: f(ops.relu(x)) + ops.relu(x), "off by up to"),
            "forgets return": (forgets_return, "returns nothing"),
            "a tuple": (lambda x, f: (f(x), x), "you return two things"),
            "a layer": (layers.Add(), "hand in a layer or model of Keras (Add)"),
            "a class": (layers.Add, "hand in a class (Add)"),
            "shape": (lambda x, f: np.zeros(3), "has the shape (3,)"),
            "error": (lambda x, f: f(x) + y, "NameError"),  # noqa: F821
        },
        unanswered=(lambda x, branch: ...,),
    ),
    "04.2": Case(
        right={
            "numpy": option_a(),
            "keras": append_zeros,
            "zeros on both sides": zeros_on_both_sides,
            "library": lambda x, filters, strides: IdentityShortcut(filters, strides)(x),
        },
        mistakes={
            "average": (option_a(pooled(layers.AveragePooling2D)), "takes means over windows"),
            "maximum": (option_a(pooled(layers.MaxPooling2D)), "the largest value of each window"),
            "tiled": (
                option_a(fill=lambda x, f: np.tile(x, 4)[..., :f]),
                "your channels are repeated",
            ),
            "repeated": (
                option_a(fill=lambda x, f: np.repeat(x, -(-f // x.shape[-1]), axis=-1)[..., :f]),
                "you repeat each channel",
            ),
            "begins late": (option_a(lambda x, s: x[:, 1::s, 1::s]), "begins with the second"),
            "rows only": (option_a(lambda x, s: x[:, ::s]), "in one direction only"),
            "cropped": (
                option_a(lambda x, s: x[:, : -(-x.shape[1] // s), : -(-x.shape[2] // s)]),
                "cuts a corner",
            ),
            "no zeros": (option_a(fill=lambda x, f: x), "channels are too few"),
            "option B": (
                lambda x, filters, s: layers.Conv2D(filters, 1, s)(x),
                "your new channels are not empty",
            ),
            "stride 2 always": (option_a(lambda x, s: x[:, ::2, ::2]), "has the shape"),
        },
        unanswered=(lambda x, filters, strides: ...,),
    ),
    "04.3": Case(
        right={
            "layers": down(),
            "normalized convolutions": down_from_the_library,
            "the library's block": lambda x, filters: ResidualBlock(filters, 2, shortcut="B")(x),
        },
        mistakes={
            "stride": (down(stride_first=False), "stride is on the second"),
            "source": (down(source="y"), "does not start at the block's input"),
            "after": (down(add="after"), "after the last ReLU"),
            "no ReLU": (down(add="none"), "no ReLU after the sum"),
            "no projection": (down(projection=False), "the projection is missing, or"),
            "no stride": (down(strides=1), "The projection needs it too"),
            "no ReLU between": (down(between="linear"), "they are one linear map"),
            "one normalization": (down_with_shared_normalization, "3 convolutions and 2 batch"),
            "exchanged": (down_with_exchanged_normalizations, "none of those that were planted"),
            "a tuple": (lambda x, filters: (x, x), "you return 2 things"),
            "a layer": (ResidualBlock(5, 2), "layer or model of Keras (ResidualBlock)"),
            "not called": (lambda x, filters: layers.ReLU(), "and does not call it"),
            "two bugs": (down(stride_first=False, add="after"), "2 bugs are left"),
        },
        unanswered=(
            lambda x, filters: ...,
            down(stride_first=False, source="y", add="after"),
        ),
    ),
    "04.4": Case(
        right={
            "gamma": quiet(last="zeros"),
            "library": lambda x, filters: ResidualBlock(filters, identity_start=True)(x),
            "a layer": Quiet,
            "activations first": quiet_before_activation,
        },
        mistakes={
            "no normalization": (
                lambda x, filters: ResidualBlock(filters, normalization=None, identity_start=True)(
                    x
                ),
                "no batch norm behind the convolutions",
            ),
            "no last ReLU": (quiet(last="zeros", add="none"), "no ReLU comes behind the sum"),
            "subtracts": (quiet(last="zeros", add=ops.subtract), "you subtract x"),
            "subtracts F": (quiet(add=lambda y, x: x - y), "you subtract what the branch"),
            "multiplies": (quiet(last="zeros", add=ops.multiply), "you multiply x"),
            "momentum": (quiet(last="zeros", momentum=1.9), "has the momentum 1.9"),
            "epsilon": (quiet(last="zeros", epsilon=-1e-5), "has the ε -1e-05"),
            "first gamma": (quiet(first="zeros"), "the wrong factor is 0"),
            "both gammas": (quiet(first="zeros", last="zeros"), "every γ is 0"),
            "kernel": (quiet(kernel="zeros"), "one tiny step changes"),
            "plain": (quiet(last="zeros", shortcut=False), "a plain block cannot"),
            "after": (quiet(last="zeros", add="after"), "no weight gets a gradient"),
            "unchanged": (quiet(), "F is not 0 at the start"),
            "no layers": (lambda x, filters: layers.ReLU()(x), "no convolution in the block"),
            "no ReLU between": (quiet(last="zeros", between="linear"), "they are one linear map"),
            "other activation": (rounder, "another block than the one asked for"),
            "one normalization": (quiet_with_one_normalization, "and 1 batch normalization"),
            "muted": (muted, "the branch has no say"),
            "frozen": (frozen, "some weights are frozen"),
            "one convolution": (lambda x, filters: x + convolution(x, filters, 3), "expected two"),
            "constant": (lambda x, filters: ops.zeros((1, 6, 6, 4)), "not a Keras tensor"),
        },
        unanswered=(lambda x, filters: ...,),
    ),
    "04.5": Case(
        right={"formula": fold(), "measured": fold_by_measuring, "layer": fold_into_a_layer},
        mistakes={
            "no shortcut": (fold(lambda w, s, i: w * s), "leaves out the shortcut"),
            "ones": (fold(lambda w, s, i: w * s + 1), "you add 1 to every weight"),
            "scaled": (fold(lambda w, s, i: (w + i) * s), "scales the shortcut too"),
            "no batch norm": (fold(lambda w, s, i: w + i), "missing from the kernel"),
            "rows": (fold(lambda w, s, i: w * s[:, None] + i), "scaled row by row"),
            "transposed": (fold(lambda w, s, i: (w * s).T + i), "transposed"),
            "no root": (fold(root=lambda v: v), "the square root of variance"),
            "no epsilon": (fold(eps=0), "ε is missing"),
            "no bias": (fold(bias=lambda beta, mean: 0 * beta), "the bias is forgotten"),
            "beta alone": (fold(bias=lambda beta, mean: beta), "your bias is β alone"),
            "no factor": (fold(bias=lambda beta, mean: beta - mean), "your bias lacks a factor"),
            "kernel alone": (lambda kernel, *rest: 3, "should return two things"),
        },
        unanswered=(lambda *arguments: ..., lambda *arguments: (..., ...)),
    ),
    "04.6": Case(
        right={
            "four rates": swept(),
            "more, with B": swept((0.01, 0.02, 0.05, 0.1, 0.2), range(4), (None, "B")),
            "a list, shortcuts by default": [*swept(kinds=[None]), *swept(kinds=[...])],
        },
        mistakes={
            "no control": (swept(kinds=["A"]), "there is no control"),
            "one seed": (swept(seeds=[0]), "was tried with 1 seed"),
            "two rates": (swept([0.01, 0.1]), "are too few"),
            "narrow": (swept([0.01, 0.02, 0.03, 0.04]), "goes only from"),
            "batch size": (
                swept(change=smaller_batches_with_shortcuts),
                "two things change at once",
            ),
            "other rates": (
                swept(change=other_rates_with_shortcuts),
                "like is not compared with like",
            ),
            "a number": (3, "what `sweep` returned"),
        },
    ),
}
