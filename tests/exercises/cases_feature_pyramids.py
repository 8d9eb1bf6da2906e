"""Right and wrong answers to the exercises of notebook 06."""

import keras
import numpy as np
from cases import Case
from keras import ops

from reslib.experiments import Run
from reslib.experiments.result import Result, Results
from reslib.layers import UpSamplingTo


# 06.1
def enlarge(x, height, width):
    return np.repeat(np.repeat(x, 2, axis=1), 2, axis=2)[:, :height, :width]


def enlarge_by_index(x, height, width):
    return ops.take(ops.take(x, np.arange(height) // 2, axis=1), np.arange(width) // 2, axis=2)


def enlarge_by_layer(x, height, width):
    return keras.layers.UpSampling2D(2)(x)[:, :height, :width]


def crop_the_first(x, height, width):
    return enlarge(x, None, None)[:, -height:, -width:]


def pad(x, height, width):
    x = enlarge(x[:, : height // 2, : width // 2], None, None)
    return np.pad(x, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)))


# 06.2
def lateral(c, above, kernel, bias):
    return ops.conv(c, kernel) + bias + UpSamplingTo()((above, c))


def lateral_by_hand(c, above, kernel, bias):
    return np.einsum("bhwi,io->bhwo", c, kernel[0, 0]) + bias + enlarge(above, *c.shape[1:3])


def lateral_by_layers(c, above, kernel, bias):
    convolution = keras.layers.Conv2D(kernel.shape[-1], 1)
    convolution.build(c.shape)
    convolution.set_weights([kernel, bias])
    return keras.layers.add([convolution(c), UpSamplingTo()((above, c))])


def concatenated(c, above, kernel, bias):
    return np.concatenate([c @ kernel[0, 0] + bias, enlarge(above, *c.shape[1:3])], axis=-1)


# 06.3
def top_down(laterals, smooth):
    above, outputs = laterals[-1], [smooth[-1](laterals[-1])]
    for level in reversed(range(len(laterals) - 1)):
        above = laterals[level] + UpSamplingTo()((above, laterals[level]))
        outputs.insert(0, smooth[level](above))
    return tuple(outputs)


def top_down_at_once(laterals, smooth):
    """Each level's sum from all coarser maps directly."""

    def total(level):
        if level == len(laterals) - 1:
            return laterals[level]
        return laterals[level] + enlarge(total(level + 1), *laterals[level].shape[1:3])

    return [convolution(total(level)) for level, convolution in enumerate(smooth)]


def only_from_the_next(laterals, smooth):
    coarser = [enlarge(x, *y.shape[1:3]) for y, x in zip(laterals, laterals[1:], strict=False)]
    sums = [*(x + y for x, y in zip(laterals, coarser, strict=False)), laterals[-1]]
    return [convolution(x) for convolution, x in zip(smooth, sums, strict=True)]


def smoothed_on_the_way(laterals, smooth):
    outputs = [smooth[-1](laterals[-1])]
    for level in reversed(range(len(laterals) - 1)):
        total = laterals[level] + UpSamplingTo()((outputs[0], laterals[level]))
        outputs.insert(0, smooth[level](total))
    return outputs


# 06.4
def sizes_of_pixels(objects, background=-1):
    count = len(objects.sizes)
    sizes = np.concatenate([objects.sizes, np.full((count, 1), background)], axis=1)
    flat = np.take_along_axis(sizes, objects.pixels.reshape(count, -1).astype(int), axis=1)
    return flat.reshape(objects.pixels.shape)


def by_size(predicted, labels, objects):
    sizes = sizes_of_pixels(objects)
    return [float((predicted == labels)[sizes == size].mean()) for size in range(3)]


def by_size_in_loops(predicted, labels, objects):
    right, total = np.zeros(3), np.zeros(3)
    for n, sizes in enumerate(objects.sizes):
        for i, size in enumerate(sizes):
            inside = objects.pixels[n] == i
            right[size] += (predicted[n] == labels[n])[inside].sum()
            total[size] += inside.sum()
    return right / total


def with_the_background(predicted, labels, objects):
    sizes = objects.sizes[np.arange(len(labels))[:, None, None], objects.pixels]
    return [(predicted == labels)[sizes == size].mean() for size in range(3)]


def mean_of_objects(predicted, labels, objects):
    shares = [[], [], []]
    for n, sizes in enumerate(objects.sizes):
        for i, size in enumerate(sizes):
            shares[size].append((predicted[n] == labels[n])[objects.pixels[n] == i].mean())
    return [np.mean(share) for share in shares]


def mean_of_pictures(predicted, labels, objects):
    sizes = sizes_of_pixels(objects)
    pictures = zip(predicted == labels, sizes, strict=True)
    shares = [[right[s == size].mean() for size in range(3)] for right, s in pictures]
    return np.mean(shares, axis=0)


def of_all_objects(predicted, labels, objects):
    sizes = sizes_of_pixels(objects)
    right = (predicted == labels) & (sizes >= 0)
    return [(right & (sizes == size)).sum() / (sizes >= 0).sum() for size in range(3)]


# 06.5
NAMES = {"A": "no laterals", "B": "pyramid", "C": "finest map only", "D": "top level only"}


def renamed(**names):
    return {**NAMES, **names}


# 06.6
def results(models, seeds=(0, 1), **settings):
    """As if trained: a check looks at the design, not at the outcome."""
    history = dict.fromkeys(("train_loss", "train_error", "test_loss", "test_error"), [0.5])
    runs = [
        Run(("pyramid_segmenter", model), ("scenes", {"train_size": 500}), seed=seed, **settings)
        for model in models
        for seed in seeds
    ]
    return Results(Result(run, history, 1.0) for run in runs)


PYRAMIDS = [{"channels": n} for n in (4, 8, 16)]
CONTROL = {"channels": 16, "top_down": False}
DEPTHS = [{"blocks": (1,) * n} for n in (2, 3, 4)]

CASES = {
    "06.1": Case(
        right={"repeat": enlarge, "index": enlarge_by_index, "layer": enlarge_by_layer},
        mistakes={
            "no crop": (lambda x, h, w: enlarge(x, None, None), "always has twice"),
            "crops the first": (crop_the_first, "the first row or column instead of the last"),
            "tile": (lambda x, h, w: np.tile(x, (1, 2, 2, 1))[:, :h, :w], "side by side"),
            "bilinear": (
                lambda x, h, w: UpSamplingTo(interpolation="bilinear")((x, np.ones((1, h, w, 1)))),
                "bilinear",
            ),
            "resize": (lambda x, h, w: ops.image.resize(x, (h, w), "nearest"), "stretch"),
            "pads": (pad, "with zeros"),
            "sides exchanged": (lambda x, h, w: enlarge(x, w, h), ", expected ("),
        },
        unanswered=(lambda x, h, w: None, lambda x, h, w: ...),
    ),
    "06.2": Case(
        right={"ops": lateral, "by hand": lateral_by_hand, "layers": lateral_by_layers},
        mistakes={
            "no laterals": (lambda c, a, k, b: enlarge(a, *c.shape[1:3]), "only the coarse map"),
            "no top-down": (lambda c, a, k, b: ops.conv(c, k) + b, "only the fine map"),
            "concatenates": (concatenated, "concatenate"),
            "shrinks": (lambda c, a, k, b: ops.conv(c, k, strides=2) + b + a, "shrink"),
            "no bias": (lambda c, a, k, b: lateral(c, a, k, 0), "the bias"),
            "ReLU before": (
                lambda c, a, k, b: ops.relu(ops.conv(c, k) + b) + UpSamplingTo()((a, c)),
                "ReLU behind the 1×1",
            ),
            "ReLU after": (lambda *x: ops.relu(lateral(*x)), "ReLU behind the sum"),
            "error": (lambda c, a, k, b: c + a, "it raised"),
        },
        unanswered=(lambda c, above, kernel, bias: ...,),
    ),
    "06.3": Case(
        right={"loop": top_down, "recursion": top_down_at_once},
        mistakes={
            "the bug": (only_from_the_next, "next coarser map only"),
            "smooths on the way": (smoothed_on_the_way, "hand down the smoothed"),
            "coarsest first": (lambda x, s: top_down(x, s)[::-1], "coarsest first"),
            "no smoothing": (
                lambda x, s: top_down(x, [lambda y: y] * len(x)),
                "`smooth` are missing",
            ),
            "no top-down": (
                lambda x, s: [f(y) for f, y in zip(s, x, strict=True)],
                "nothing is handed down",
            ),
            "finest map only": (lambda x, s: top_down(x, s)[:1], "must be a tuple"),
        },
    ),
    "06.4": Case(
        right={"index": by_size, "loops": by_size_in_loops},
        mistakes={
            "background": (with_the_background, "the background counts"),
            "mean of objects": (mean_of_objects, "mean over objects"),
            "mean of pictures": (mean_of_pictures, "mean over pictures"),
            "large first": (lambda *x: by_size(*x)[::-1], "large first"),
            "errors": (lambda *x: 1 - np.array(by_size(*x)), "*wrong*"),
            "of all objects": (of_all_objects, "pixels of all objects"),
        },
        unanswered=(lambda predicted, labels, objects: ...,),
    ),
    "06.5": Case(
        right={"in order": tuple(NAMES.values()), "by letter": dict(reversed(NAMES.items()))},
        mistakes={
            "blurred ones": (
                renamed(A="top level only", D="no laterals"),
                "but two of the networks are",
            ),
            "pyramid for finest": (
                renamed(B="finest map only", C="pyramid"),
                "all over the picture",
            ),
            "finest for coarse": (
                {"A": "no laterals", "B": "pyramid", "C": "top level only", "D": "finest map only"},
                "a small square",
            ),
            "pyramid for blurred": (renamed(A="pyramid", B="no laterals"), "A is blurred: no fine"),
            "blurred for pyramid": (renamed(B="top level only", D="pyramid"), "with their edges"),
            "one name twice": (renamed(A="pyramid"), "the same name"),
            "other names": (renamed(A="FPN"), "is called 'FPN'"),
            "a letter only": ("B", "four names"),
        },
        unanswered=((..., "pyramid", ..., ...), dict.fromkeys("ABCD", ...)),
    ),
    "06.6": Case(
        right={
            "channels": results([*PYRAMIDS, CONTROL]),
            "depths, each with a control": list(
                results([*DEPTHS, *({**depth, "lateral": False} for depth in DEPTHS)], (0, 1, 2))
            ),
        },
        mistakes={
            "one seed": (results([*PYRAMIDS, CONTROL], seeds=(0,)), "with 1 seed only"),
            "other seeds": (
                [*results(PYRAMIDS), *results([CONTROL], seeds=(2, 3))],
                "seeds are not the same",
            ),
            "no control": (results(PYRAMIDS), "there is no control"),
            "only controls": (results([CONTROL]), "all your networks have a switch off"),
            "two at once": (
                [*results(PYRAMIDS[:2]), *results([PYRAMIDS[2], CONTROL], epochs=2)],
                "several things vary",
            ),
            "two points": (results([*PYRAMIDS[1:], CONTROL]), "too few points"),
            "a different control": (
                [*results(PYRAMIDS), *results([CONTROL], epochs=2)],
                "not comparable",
            ),
            "a control without a partner": (
                results([*PYRAMIDS, {**CONTROL, "channels": 99}]),
                "nothing to compare it with",
            ),
            "no results": (0.5, "what `sweep` returned"),
        },
    ),
}
