"""Right and wrong answers to the exercises of notebook 03."""

import itertools
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
from cases import Case

from reslib.experiments import Run

EXPLANATIONS = {
    "A": "degradation",
    "B": "overfitting",
    "C": "healthy",
    "D": "vanishing gradients",
}


def kernel(size, channels, place=None, matrix=np.eye):
    made = np.zeros((size, size, channels, channels))
    made[place or (size // 2, size // 2)] = matrix(channels)
    return made


def depthwise(size, channels):
    """Out of a layer that never mixes channels."""
    layer = keras.layers.DepthwiseConv2D(size, padding="same", depthwise_initializer="zeros")
    layer.build((None, size, size, channels))
    per_channel = layer.kernel.numpy()
    per_channel[size // 2, size // 2] = 1
    return per_channel * np.eye(channels)


def insert(layers, extra, place=1, layer=None):
    width = layers[place][0].shape[0] if place < len(layers) else layers[-1][0].shape[1]
    new = layer or (np.eye(width), np.zeros(width))
    return layers[:place] + [new] * extra + layers[place:]


def after_different_layers(layers, extra):
    for i in range(extra):
        layers = insert(layers, 1, place=1 + i % (len(layers) - 1))
    return tuple(layers)


def zeros(layers, extra):
    width = layers[1][0].shape[0]
    return insert(layers, extra, layer=(np.zeros((width, width)), np.zeros(width)))


def noisy(layers, extra):
    width = layers[1][0].shape[0]
    return insert(layers, extra, layer=(np.eye(width), np.ones(width)))


def hidden(matrix, points):
    return np.maximum(points @ matrix, 0)


def least_squares(a, b):
    return np.linalg.lstsq(a, b, rcond=None)[0]


def normal_equations(matrix, points):
    h = hidden(matrix, points)
    return np.linalg.solve(h.T @ h + 1e-9 * np.eye(h.shape[1]), h.T @ points)


def run(depth, seed, train_size=2_000, **settings):
    images = "fashion_mnist", {"size": 14, "train_size": train_size, "test_size": 1_000}
    settings = {"epochs": 5, "batch_size": 50, "learning_rate": 0.03} | settings
    network = {"depth": depth, "width": settings.pop("width", 48), "normalization": "batch"}
    return Run(("mlp", network), images, seed=seed, **settings)


SHALLOW = [run(4, seed) for seed in range(3)]
DEEP = [run(24, seed) for seed in range(3)]


def trained(depths=(4, 8, 16, 32), seeds=range(3), **changes):
    """A table as a sweep of these depths would give."""
    table = pd.DataFrame(itertools.product(depths, seeds), columns=["depth", "seed"])
    table = table.assign(epochs=2, epoch=2, width=48, train_loss=0.1, test_loss=0.5)
    table = table.assign(train_error=0.01 * table.depth, test_error=0.02 * table.depth)
    return table.assign(**changes)


def changed(table, column, value):
    table.loc[table.index[0], column] = value
    return table


CASES = {
    "03.1": Case(
        right={
            "explanations": EXPLANATIONS,
            "in other letters": {k: f"{word.title()} " for k, word in EXPLANATIONS.items()},
        },
        mistakes={
            "two high errors": (EXPLANATIONS | {"A": "overfitting"}, "knows too well"),
            "no gradient": (EXPLANATIONS | {"A": "vanishing gradients"}, "and it does learn"),
            "not nested": (EXPLANATIONS | {"A": "healthy"}, "which are nested in it"),
            "test error": (EXPLANATIONS | {"B": "degradation"}, "dotted line"),
            "training error": (EXPLANATIONS | {"B": "healthy"}, "on new images"),
            "small gap": (EXPLANATIONS | {"C": "overfitting"}, "close together"),
            "gradient not seen": (EXPLANATIONS | {"D": "degradation"}, "arrives at its first"),
            "by heart": (EXPLANATIONS | {"D": "overfitting"}, "has learned nothing"),
            "elsewhere": (EXPLANATIONS | {"C": "degradation"}, "does not fit its curves"),
            "no word": (EXPLANATIONS | {"C": "luck"}, "none of the explanations"),
            "list": (["degradation"], "must be a dictionary"),
        },
        unanswered=(dict.fromkeys("ABCD", ...),),
    ),
    "03.2": Case(
        right={
            "numpy": kernel,
            "depthwise": depthwise,
            "tensor": lambda size, channels: keras.ops.pad(
                keras.ops.eye(channels)[None, None], [(size // 2, size // 2)] * 2 + [(0, 0)] * 2
            ),
        },
        mistakes={
            "all channels": (
                lambda s, c: kernel(s, c, matrix=lambda c: np.ones((c, c))),
                "sum of *all* channels",
            ),
            "whole window": (lambda s, c: np.ones((s, s, 1, 1)) * np.eye(c), "it blurs"),
            "corner": (lambda s, c: kernel(s, c, (0, 0)), "in the corner"),
            "[1, 1]": (lambda s, c: kernel(s, c, (1, 1)), "of a 3×3 window only"),
            "diagonal": (
                lambda s, c: np.eye(s)[:, :, None, None] * np.eye(c),
                "lies in the window",
            ),
            "PyTorch": (lambda s, c: kernel(s, c).transpose(3, 2, 0, 1), "as in PyTorch"),
            "zeros": (lambda s, c: np.zeros((s, s, c, c)), "off by up to"),
            "a vector": (lambda s, c: np.ones(c), "the shape (4,)"),
        },
        unanswered=(lambda size, channels: None,),
    ),
    "03.3": Case(
        right={
            "all in one place": insert,
            "in different places": after_different_layers,
            "tensors": lambda layers, extra: [
                (keras.ops.convert_to_tensor(k), keras.ops.convert_to_tensor(b))
                for k, b in insert(layers, extra)
            ],
            "scaled": lambda layers, extra: insert(
                [(2 * layers[0][0], 2 * layers[0][1]), *layers[1:]],
                extra,
                layer=(0.5 ** (1 / extra) * np.eye(len(layers[1][0])), np.zeros(len(layers[1][0]))),
            ),
        },
        mistakes={
            "before": (lambda layers, extra: insert(layers, extra, 0), "negative inputs"),
            "behind": (
                lambda layers, extra: insert(layers, extra, len(layers)),
                "negative logits",
            ),
            "repeated": (
                lambda layers, extra: insert(layers, extra, 2, layers[1]),
                "repeat a layer",
            ),
            "zeros": (zeros, "the same for every input"),
            "biases": (noisy, "the outputs changed"),
            "too few": (lambda layers, extra: layers, "it gives 3"),
            "kernels only": (
                lambda layers, extra: [k for k, _ in insert(layers, extra)],
                "a list of (kernel, bias) pairs",
            ),
            "another width": (
                lambda layers, extra: insert(
                    layers, extra, 1, (np.eye(len(layers[2][0])), np.zeros(len(layers[2][0])))
                ),
                "must be as wide as what it hands on",
            ),
        },
        unanswered=(lambda layers, extra: None,),
    ),
    "03.4": Case(
        right={
            "least squares": lambda m, p: least_squares(hidden(m, p), p),
            "pseudo-inverse of what is hidden": lambda m, p: np.linalg.pinv(hidden(m, p)) @ p,
            "normal equations": normal_equations,
        },
        mistakes={
            "paper": (lambda m, p: np.linalg.pinv(m), "as in the paper"),
            "twice": (lambda m, p: 2 * np.linalg.pinv(m), "but not the shape"),
            "inverted": (
                lambda m, p: np.linalg.pinv(least_squares(p, hidden(m, p))),
                "invert it",
            ),
            "transpose": (lambda m, p: m.T, "the transpose leads back only"),
            "way there": (lambda m, p: least_squares(p, hidden(m, p)), "a way there"),
            "zeros": (lambda m, p: 0 * m.T, "loses 100%"),
            "points": (hidden, "expected (4, 2)"),
        },
        unanswered=(lambda matrix, points: None,),
    ),
    "03.5": Case(
        right={
            "repaired": SHALLOW + DEEP,
            "the other way, five seeds, three depths": [
                run(depth, seed, 4_000, learning_rate=0.1, epochs=3)
                for depth in (4, 8, 24)
                for seed in range(3, 8)
            ],
        },
        mistakes={
            "images": (
                SHALLOW + [run(24, seed, train_size=4_000) for seed in range(3)],
                "different images",
            ),
            "epochs": (SHALLOW + [replace(r, epochs=3) for r in DEEP], "a mere lack of time"),
            "rate": (SHALLOW + [replace(r, learning_rate=0.1) for r in DEEP], "learning rates"),
            "batch": (SHALLOW + [replace(r, batch_size=10) for r in DEEP], "the batches"),
            "width": (SHALLOW + [run(24, seed, width=8) for seed in range(3)], "than their depth"),
            "seeds": (SHALLOW + [replace(r, seed=r.seed + 3) for r in DEEP], "other seeds"),
            "two seeds": (SHALLOW[:2] + DEEP[:2], "fewer than three seeds"),
            "one depth": (SHALLOW, "nothing left to compare"),
            "another depth": (SHALLOW + [run(8, seed) for seed in range(3)], "you compare 4 and 8"),
            "no runs": ([1, 2], "list of `Run`s"),
        },
    ),
    "03.6": Case(
        right={
            "four depths": trained(),
            "convolutions": trained((8, 14, 20, 32, 44), range(2, 6), shortcut=None),
        },
        mistakes={
            "one seed": (trained(seeds=[0]), "was tried with 1 seed"),
            "other seeds": (changed(trained(seeds=range(4)), "seed", 9), "seeds are not the same"),
            "two depths": (trained((4, 32)), "too few"),
            "narrow": (trained((4, 5, 6, 8)), "goes only from"),
            "one depth": (trained((8,)), "the same depth"),
            "rates": (trained(learning_rate=[0.1, 0.03, 0.01] * 4), "differ in learning_rate"),
            "residual": (trained(shortcut=["A", None] * 6), "have shortcuts"),
            "nothing learned": (trained(train_error=0.9), "nothing has been learned"),
            "errors alone": ([0.1, 0.4], "what `sweep` returned"),
        },
    ),
}
