"""The exercises of notebook 03."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import call, difference, judge, outcome, same
from reslib.exercises.exercise import Mistake, exercise
from reslib.seeding import generator

if TYPE_CHECKING:
    import pandas as pd

EXPLANATIONS = ("overfitting", "vanishing gradients", "degradation", "healthy")
_SUSPECTS = {  # the network, its images and epochs, the depth of a shallower one, and what is wrong
    "A": ({"depth": 24, "width": 48, "normalization": "batch"}, 1_000, 8, 2, "degradation"),
    "B": ({"depth": 4, "width": 128}, 250, 60, 2, "overfitting"),
    "C": ({"depth": 4, "width": 128}, 12_000, 4, 2, "healthy"),
    "D": ({"depth": 10, "width": 48, "activation": "sigmoid"}, 1_000, 8, 2, "vanishing gradients"),
}


def suspects() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train the four networks of exercise 03.1, and a shallower one for each.

    Returns:
        Two pandas tables. The first has a row for each network and epoch: the columns `"network"`,
        `"epoch"`, `"train_error"` and `"test_error"`. The second has a row for each network: the
        training error of the shallower one, and after training the gradient norm of the first
        hidden layer over that of the last.
    """
    import pandas as pd

    from reslib.datasets import load
    from reslib.experiments import Run, sweep
    from reslib.probes import gradient_norms

    runs = []
    for network, size, epochs, shallow, _ in _SUSPECTS.values():
        images = "fashion_mnist", {"size": 14, "train_size": size, "test_size": 1_000}
        settings = {"epochs": epochs, "batch_size": 50, "learning_rate": 0.03}
        for depth in (network["depth"], shallow):
            runs.append(Run(("mlp", {**network, "depth": depth}), images, **settings))
    results = sweep(runs, keep_weights=True)
    data = load("fashion_mnist", size=14, train_size=250, test_size=100)
    curves, table = [], []
    for letter, result, shallow in zip(_SUSPECTS, results[::2], results[1::2], strict=True):
        curve = pd.DataFrame(result.history).assign(network=letter)
        curves.append(curve.assign(epoch=1 + np.arange(len(curve))))
        norms = gradient_norms(result.model(), data.x_train, data.y_train).values
        table.append((letter, shallow.train_error, norms[0] / norms[-2]))
    columns = ["network", "shallow training error", "gradient first / last"]
    columns_of_curves = ["network", "epoch", "train_error", "test_error"]
    return (
        pd.concat(curves, ignore_index=True)[columns_of_curves],
        pd.DataFrame(table, columns=columns).set_index("network"),
    )


@exercise(
    "03.1",
    "Choose between explanations",
    hints=(
        "Look at the training error first: in which networks is it high? Only these can be badly "
        "optimized.",
        "Two networks are worse than the shallower one. In one of them hardly any gradient "
        "reaches the first layer; in the other it does.",
    ),
)
def choose_between_explanations(answer):
    if not isinstance(answer, dict) or {*answer} != {*_SUSPECTS}:
        raise Mistake(f"the answer must be a dictionary with a word for each of {[*_SUSPECTS]}.")
    said = {letter: outcome(word) for letter, word in answer.items()}
    confused = {
        ("A", "overfitting"): "a high test error is not enough. It is bad on its training images "
        "too, so there is nothing that it knows too well.",
        ("A", "vanishing gradients"): "its first layer has a gradient of about the size of the "
        "last one's, as the table says, and it does learn.",
        ("A", "healthy"): "two layers, which are nested in it, have a far lower "
        "training error. (See the table.)",
        ("B", "degradation"): "degradation is a high *training* error. Look at its dotted line.",
        ("B", "healthy"): "compare its two lines: what it knows by heart is of little use on new "
        "images.",
        ("C", "overfitting"): "its two lines lie close together, and low.",
        ("D", "degradation"): "it is worse than the shallower network, as after degradation. "
        "But look how much of the gradient arrives at its first layer.",
        ("D", "overfitting"): "it is bad on its training images too: it has learned nothing, "
        "neither by heart nor otherwise.",
    }
    for letter, word in said.items():
        if word not in EXPLANATIONS:
            raise Mistake(f"{word!r} for {letter} is none of the explanations to choose from.")
        if word != _SUSPECTS[letter][-1]:
            why = confused.get((letter, word), f"{word!r} does not fit its curves.")
            raise Mistake(f"network {letter}: {why}")
    return "right: two errors, a shallower network and the gradient tell all four apart."


@exercise(
    "03.2",
    "Write a convolution that does nothing",
    hints=(
        "The kernel has the shape (size, size, channels in, channels out). Which place of the "
        "window holds the pixel itself?",
        "At that place stands a matrix that hands each channel to itself; everywhere else zeros.",
    ),
)
def write_a_convolution_that_does_nothing(answer):
    def at(places, matrix):
        def function(size, channels):
            kernel = np.zeros((size, size, channels, channels))
            for row, column in places(size):
                kernel[row, column] = matrix(size, channels)
            return kernel

        return function

    def middle(size):
        return [(size // 2, size // 2)]

    def everywhere(size):
        return np.ndindex(size, size)

    def eye(size, channels):
        return np.eye(channels)

    right = at(middle, eye)
    mistakes = {
        "each output is the sum of *all* channels: the matrix in the middle is full of ones. Hand "
        "each channel to itself only.": at(middle, lambda s, c: np.ones((c, c))),
        "each output is the sum over the whole window, so it blurs. Only the middle may be "
        "different from zero.": [
            at(everywhere, eye),
            at(everywhere, lambda s, c: np.eye(c) / s**2),
        ],
        "your kernel copies the pixel in the corner of the window, which moves the picture.": [
            at(lambda size: [(0, 0)], eye),
            at(lambda size: [(size - 1, size - 1)], eye),
        ],
        "you write to [1, 1], which is the middle of a 3×3 window only; larger kernels would move "
        "the picture.": at(lambda size: [(1, 1)], eye),
        "your identity matrix lies in the window instead of in the channels: it adds up a diagonal "
        "of pixels.": [
            at(lambda size: [(i, i) for i in range(size)], eye),
            at(lambda size: [(i, i) for i in range(size)], lambda s, c: np.ones((c, c))),
        ],
        "your kernel has the channels first, as in PyTorch. Keras wants (size, size, channels in, "
        "channels out).": lambda size, channels: right(size, channels).transpose(3, 2, 0, 1),
    }
    judge(answer, [(3, 4), (5, 2), (7, 3)], right, mistakes)
    return "right: the middle of the window, each channel to itself."


@exercise(
    "03.3",
    "Make a network deeper, and no worse",
    hints=(
        "A dense layer whose kernel is the identity hands on what enters. Then comes a ReLU: to "
        "what does that do nothing?",
        "What comes out of a ReLU is never negative, so the new layers go behind a hidden layer. "
        "Neither the input nor the logits are safe.",
    ),
)
def make_a_network_deeper(answer):
    for seed, (sizes, extra) in enumerate(
        [((6, 9, 9, 4), 1), ((5, 7, 7, 7, 3), 3), ((6, 9, 5, 4), 2)]
    ):
        random = generator(seed)
        layers = [
            (random.normal(size=(n, m)), random.normal(size=m))
            for n, m in zip(sizes[:-1], sizes[1:], strict=True)
        ]
        x = random.normal(size=(50, sizes[0]))
        deeper = call(answer, [(kernel.copy(), bias.copy()) for kernel, bias in layers], extra)
        _judge_deeper(deeper, layers, extra, x)
    return "right: the deeper network exists, and is as good. Will training find it?"


def _judge_deeper(deeper, layers, extra, x):
    try:
        deeper = [(outcome(kernel), outcome(bias)) for kernel, bias in deeper]
        found = _relu_network(deeper, x)
    except (TypeError, ValueError):
        raise Mistake(_misfit(deeper)) from None
    if len(deeper) != len(layers) + extra:
        raise Mistake(f"asked for {extra} more than {len(layers)} layers, it gives {len(deeper)}.")
    expected = _relu_network(layers, x)
    if same(found, expected):
        return

    def repeated(place):
        return layers[: place + 1] + [layers[place]] * extra + layers[place + 1 :]

    square = [i for i, (kernel, _) in enumerate(layers) if len({*kernel.shape}) == 1]
    mistakes = {
        "your new layers stand before the first one, where the inputs are: their ReLU sets all "
        "negative inputs to zero.": [_relu_network(layers, np.maximum(x, 0))],
        "your new layers stand behind the last one, where the logits are: their ReLU sets all "
        "negative logits to zero.": [np.maximum(expected, 0)],
        "your new layers repeat a layer that is there already. That computes something else: a "
        "new layer must hand on what enters.": [_relu_network(repeated(i), x) for i in square],
    }
    if found.shape == expected.shape and np.ptp(found, axis=0).max() < 1e-6:
        raise Mistake(
            "the output is the same for every input: layers of zeros wipe everything out. (In a "
            "residual block zeros do nothing: there the input is added.)"
        )
    for diagnosis, outputs in mistakes.items():
        if any(same(found, output) for output in outputs):
            raise Mistake(diagnosis)
    raise Mistake(difference(found, expected, "the outputs changed: what comes out"))


def _misfit(layers):
    """Say why these are no layers of one network."""
    try:
        shapes = [(np.shape(kernel), np.shape(bias)) for kernel, bias in layers]
    except (TypeError, ValueError):
        return "the answer must be a list of (kernel, bias) pairs, one for each layer."
    for i, (kernel, bias) in enumerate(shapes, 1):
        if len(kernel) != 2 or len(bias) > 1:
            return (
                f"layer {i} has a kernel of shape {kernel} and a bias of shape {bias}: a kernel is "
                "a matrix, a bias a vector."
            )
        if bias not in ((), (1,), kernel[1:]):
            return f"layer {i} gives {kernel[1]} numbers, and its bias has {bias[0]}."
    for i, ((before, _), (kernel, _)) in enumerate(zip(shapes[:-1], shapes[1:], strict=True), 2):
        if before[1] != kernel[0]:
            return (
                f"layer {i} takes {kernel[0]} numbers, and the one before it gives {before[1]}. "
                "A new layer must be as wide as what it hands on."
            )
    return "the first layer takes another number of inputs than before."


def _relu_network(layers, x):
    for kernel, bias in layers[:-1]:
        x = np.maximum(x @ kernel + bias, 0)
    kernel, bias = layers[-1]
    return x @ kernel + bias


@exercise(
    "03.4",
    "Find the best linear way back",
    hints=(
        "What arrives behind the ReLU is `hidden`. Which linear map takes it as close to the "
        "points as possible? That is a least squares problem.",
        "`np.linalg.lstsq(a, b)` finds the matrix m for which a @ m is closest to b. Which is a?",
    ),
)
def find_the_best_way_back(answer):
    for seed, n in enumerate((4, 9, 20)):
        random = generator(seed)
        matrix, points = random.normal(size=(2, n)), random.normal(size=(200, 2))
        hidden = np.maximum(points @ matrix, 0)
        decoder = outcome(call(answer, matrix.copy(), points.copy()))
        if decoder.shape == (2, n):
            raise Mistake(
                f"your matrix has the shape {decoder.shape}: that is a way there. The way back "
                f"takes {n} numbers to 2."
            )
        if decoder.shape != (n, 2):
            raise Mistake(difference(decoder, np.zeros((n, 2)), "your matrix"))

        def lost(decoder, hidden=hidden, points=points):
            return np.linalg.norm(hidden @ decoder - points) / np.linalg.norm(points)

        best = lost(np.linalg.lstsq(hidden, points, rcond=None)[0])
        if lost(decoder) <= 1.02 * best + 1e-3:
            continue
        forward = np.linalg.lstsq(points, hidden, rcond=None)[0]
        mistakes = {
            "this is the pseudo-inverse of the matrix, as in the paper. It knows nothing of the "
            "ReLU between: fit to what comes *out* of the ReLU.": (np.linalg.pinv(matrix)),
            "twice the pseudo-inverse mends the size that ReLU takes away, but not the shape.": (
                2 * np.linalg.pinv(matrix)
            ),
            "you fit the way there, from the points to the hidden values, and invert it. The best "
            "way back is a fit in the other direction.": np.linalg.pinv(forward),
            "the transpose leads back only if the columns of the matrix are orthogonal and there "
            "is no ReLU.": matrix.T,
        }
        for diagnosis, mistaken in mistakes.items():
            if same(decoder, mistaken):
                raise Mistake(diagnosis)
        raise Mistake(
            f"with {n} dimensions your way back loses {lost(decoder):.0%} of the points; there is "
            f"a linear one that loses {best:.0%}."
        )
    return "right: no matrix behind the ReLU can recover more than this."


@exercise(
    "03.5",
    "Repair an unfair comparison",
    hints=(
        "Print the runs. In what do the deep ones differ from the shallow ones, beside the depth?",
        "Images, epochs, learning rate and seeds: four things to repair.",
    ),
)
def repair_an_unfair_comparison(answer):
    from reslib.experiments import Run

    runs = list(answer) if isinstance(answer, (list, tuple)) else []
    if not runs or not all(isinstance(run, Run) for run in runs):
        raise Mistake("the answer must be a list of `Run`s.")
    by_depth = {}
    for run in runs:
        by_depth.setdefault(run.model.arguments.get("depth"), []).append(run)
    if len(by_depth) < 2:
        raise Mistake("all networks have the same depth now: there is nothing left to compare.")
    if not {4, 24} <= {*by_depth}:
        *some, last = map(str, sorted(by_depth, key=str))
        raise Mistake(
            f"the question is about 4 and 24 layers, and you compare {' and '.join(some)} and "
            f"{last}. Repair what is unfair, and leave the question as it is."
        )

    def differ(of):
        return len({of(run) for run in runs}) > 1

    def rest_of_the_network(run):
        return run.model.name, frozenset({**run.model.arguments, "depth": 0}.items())

    unfair = {
        "they see different images, so one group has more to learn from (and makes more steps "
        "per epoch).": differ(lambda run: run.dataset),
        "one group trains for more epochs, so the other's error may be a mere lack of time.": (
            differ(lambda run: run.epochs)
        ),
        "the learning rates differ. Give both the same, or tune it for both; a rate chosen for "
        "one group alone proves nothing about depth.": differ(lambda run: run.learning_rate),
        "the batches, the schedule, the momentum or the weight decay differ.": differ(
            lambda run: (run.batch_size, run.schedule, run.momentum, run.weight_decay)
        ),
        "the networks differ in more than their depth.": differ(rest_of_the_network),
    }
    for diagnosis, applies in unfair.items():
        if applies:
            raise Mistake(diagnosis)
    seeds = {depth: sorted(run.seed for run in group) for depth, group in by_depth.items()}
    if min(len(set(of_depth)) for of_depth in seeds.values()) < 3:
        raise Mistake("fewer than three seeds for a depth: luck and effect cannot be told apart.")
    if len({tuple(of_depth) for of_depth in seeds.values()}) > 1:
        raise Mistake(
            "each depth has other seeds. With the same ones the images come in the same order, "
            "and the depth is all that differs."
        )
    return "right: now only the depth differs. A gap that remains is its doing."


@exercise(
    "03.6",
    "At which depth does degradation begin?",
    hints=(
        "Where something *begins* cannot be seen from two depths. Which depths, which seeds, and "
        "what stays the same?",
        "At least four depths that differ by factors, from a few layers to 30 or so; three seeds "
        "each; the same epochs and learning rate for all.",
    ),
)
def where_degradation_begins(answer):
    table = designs.final_rows(answer)
    if "depth" not in table or table.depth.nunique() < 2:
        raise Mistake("all networks have the same depth: vary it.")
    with_shortcuts = table.get("residual", False) | (
        table.shortcut.notna() if "shortcut" in table else False
    )
    if np.any(with_shortcuts):
        raise Mistake("some networks have shortcuts. Degradation is a matter of plain networks.")
    designs.one_change(table, ["depth"])
    designs.enough_points(table.depth, "depth", least=4, span=4)
    designs.enough_seeds(table, "depth")
    errors = table.groupby("depth")[["train_error", "test_error"]].mean()
    if errors.train_error.min() > 0.5:
        raise Mistake(
            f"even the best depth has a training error of {errors.train_error.min():.0%}: nothing "
            "has been learned that more layers could spoil. Train for longer."
        )
    best, deepest = errors.train_error.idxmin(), errors.index[-1]
    return (
        f"a sound experiment: {len(errors)} depths, {table.seed.nunique()} seeds. The lowest mean "
        f"training error is {errors.train_error[best]:.1%} with {best} layers; with {deepest} it "
        f"is {errors.train_error[deepest]:.1%} (test errors {errors.test_error[best]:.1%} and "
        f"{errors.test_error[deepest]:.1%})."
    )
