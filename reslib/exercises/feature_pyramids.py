"""The exercises of notebook 06."""

import functools

import numpy as np

from reslib.exercises.exercise import Mistake, call, exercise
from reslib.exercises.expecting import expect


def _random(seed=0):
    return np.random.default_rng(seed)


def _maps(*shapes):
    """Random maps of the given shapes, as float32."""
    random = _random(len(shapes))
    return [random.standard_normal(shape).astype("float32") for shape in shapes]


def _repeated(x, height=None, width=None):
    return x.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]


def _keras(layer, *inputs):
    """What a Keras layer gives, as an array."""
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
        expect(
            call(answer, x, height, width),
            double[:, :height, :width],
            [
                (
                    double,
                    "your map always has twice the coarse size. A fine map of "
                    f"{height}×{width} needs a crop: the last row or column is one too many.",
                ),
                (
                    double[:, 2 * rows - height :, 2 * columns - width :],
                    "you cut off the first row or column instead of the last. The stride of 2 "
                    "started at row 0, so coarse row 0 stands for the fine rows 0 and 1.",
                ),
                (
                    np.tile(x, (1, 2, 2, 1))[:, :height, :width],
                    "you put copies of the whole map side by side. Each single value must become "
                    "a square of equal values (repeat, not tile).",
                ),
                (
                    _keras(_bilinear(), x)[:, :height, :width],
                    "you go from value to value along straight lines (bilinear). The paper repeats "
                    "the nearest value.",
                ),
                (
                    keras.ops.convert_to_numpy(resized),
                    "you stretch the coarse map to the size at once. Then its rows no longer stand "
                    "where the strides put them, and some are shown once, some twice: repeat by "
                    "the whole factor 2 first.",
                ),
                (
                    np.pad(
                        _repeated(x[:, : height // 2, : width // 2]),
                        ((0, 0), (0, height % 2), (0, width % 2), (0, 0)),
                    ),
                    "you fill the odd row or column with zeros, and lose the last coarse value. "
                    "Enlarge all of the coarse map, then crop.",
                ),
            ],
            f"the map enlarged from {rows}×{columns} to {height}×{width}",
        )
    return "Any size that a stride of 2 can come from is met exactly, so the maps can be added."


@exercise(
    "06.2",
    "Write the lateral connection",
    hints=(
        "Two maps must agree in height, width and channels before they can be added. Which of "
        "them is wrong in which?",
        "A 1×1 convolution is a matrix product along the channels, `c @ kernel[0, 0]`, and "
        "`UpSamplingTo()((above, c))` brings `above` to the size of `c`.",
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
        expect(
            call(answer, c, above, kernel, bias),
            straight + down,
            [
                (
                    down,
                    "only the coarse map comes through: the lateral connection is missing, and "
                    "with it all that the fine map knows about places.",
                ),
                (
                    straight,
                    "only the fine map comes through: the top-down path is missing, and with it "
                    "what the coarse maps know.",
                ),
                (
                    np.concatenate([straight, down], -1),
                    "you concatenate. The paper adds, so that every level has the same number of "
                    "channels, and one head can serve them all.",
                ),
                (
                    np.concatenate([down, straight], -1),
                    "you concatenate. The paper adds, so that every level has the same number of "
                    "channels, and one head can serve them all.",
                ),
                (
                    shrunk + above,
                    "you shrink the fine map to the coarse size, and lose the resolution that "
                    "the pyramid is for. Enlarge the coarse map instead.",
                ),
                (
                    straight - bias + down,
                    "the bias of the 1×1 convolution is missing.",
                ),
                (
                    np.maximum(straight, 0) + down,
                    "there is a ReLU behind the 1×1 convolution. A pyramid has no activations: "
                    "the lateral connection is linear.",
                ),
                (
                    np.maximum(straight + down, 0),
                    "there is a ReLU behind the sum. A pyramid has no activations, unlike a "
                    "residual block.",
                ),
                (
                    straight + _keras(_bilinear(), above)[:, :height, :width],
                    "you enlarge along straight lines (bilinear). The paper repeats the nearest "
                    "value.",
                ),
            ],
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
        if _same(result, right[::-1]) and not _same(result, right):
            raise Mistake(
                "your maps come out coarsest first. Return them as they came in: finest first."
            )
        for level in reversed(range(levels)):
            expect(
                result[level],
                right[level],
                [
                    (
                        _pyramid(maps, smooth, hand_down="lateral")[level],
                        "each level hears of the next coarser map only. What is handed down must "
                        "be the *sum*, which holds all coarser maps, not the lateral map alone.",
                    ),
                    (
                        _pyramid(maps, smooth, hand_down="output")[level],
                        "you hand down the smoothed map. In the paper the 3×3 convolutions are "
                        "applied to the sums at the end, and the top-down path runs without them.",
                    ),
                    (
                        _keras(smooth[level], maps[level]),
                        "nothing is handed down: each level sees its own map only, as in row (d) "
                        "of the paper's table.",
                    ),
                    (
                        _pyramid(maps, [keras.ops.copy] * levels)[level],
                        "the 3×3 convolutions `smooth` are missing. They take away the steps that "
                        "enlarging leaves.",
                    ),
                ],
                f"level {level + 1} of {levels}",
            )
    return (
        "Every level now hears of all coarser ones. The bug was hard to see: all shapes were "
        "right, and such a network trains, only worse."
    )


def _pyramid(maps, smooth, hand_down="sum"):
    """The outputs, finest first; with `"lateral"` or `"output"` the wrong map is handed down."""
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


def _same(results, others):
    return all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-3, atol=1e-3)
        for a, b in zip(results, others, strict=True)
    )


@exercise(
    "06.4",
    "Measure a segmentation by the size of the objects",
    hints=(
        "First make a map of the shape of `labels` that says for each pixel how large its object "
        "is: 0, 1 or 2, and something else on the background. `objects.pixels` says which object "
        "it is, `objects.sizes` how large that is.",
        "In NumPy the index -1 is no error: it means the last one. What then happens to the "
        "background?",
    ),
)
def by_size(answer):
    for counts in ((2, 1, 1), (1, 2, 3)):
        predicted, labels, objects = _random_scenes(counts)
        expect(
            call(answer, predicted, labels, objects),
            _shares(predicted, labels, objects),
            _wrong_shares(predicted, labels, objects),
            f"the three shares for pictures with {counts} small, medium and large objects",
        )
    return (
        "One number for all pixels would have hidden the small objects: they hold few of the "
        "pixels, and most of the difficulty."
    )


def _random_scenes(counts, pictures=6, side=24):
    """Predictions, labels and objects: rectangles in the cells of a grid."""
    from reslib.datasets import SceneObjects

    random = _random(sum(counts))
    kinds = np.repeat([0, 1, 2], counts)
    pixels = np.full((pictures, side, side), -1, "int8")
    sizes = np.empty((pictures, len(kinds)), "int32")
    classes = random.integers(1, 11, sizes.shape).astype("int32")
    boxes = np.empty((*sizes.shape, 4), "int32")
    for picture in range(pictures):
        # Small objects lie at both ends of the axis: an index of -1 must not be right by luck.
        sizes[picture] = random.permutation(kinds)
        for i, cell in enumerate(random.permutation(9)[: len(kinds)]):
            top, left = 8 * np.array(divmod(cell, 3)) + random.integers(0, 2, 2)
            height, width = 2 + 2 * sizes[picture, i] + random.integers(0, 2, 2)
            pixels[picture, top : top + height, left : left + width] = i
            boxes[picture, i] = top, left, top + height, left + width
    labels = np.concatenate([classes, np.zeros((pictures, 1), "int32")], 1)
    labels = labels[np.arange(pictures)[:, None, None], pixels]
    # Some objects are seen well and some badly, whatever their size.
    chance = np.concatenate([random.random(sizes.shape), np.full((pictures, 1), 0.9)], 1)
    right = random.random(pixels.shape) < chance[np.arange(pictures)[:, None, None], pixels]
    wrong = (labels + random.integers(1, 11, labels.shape)) % 11
    return np.where(right, labels, wrong), labels, SceneObjects(boxes, classes, sizes, pixels)


def _shares(predicted, labels, objects, background=-1):
    sizes = np.concatenate([objects.sizes, np.full((len(labels), 1), background)], 1)
    sizes = sizes[np.arange(len(labels))[:, None, None], objects.pixels]
    return np.array([(predicted == labels)[sizes == size].mean() for size in range(3)])


def _wrong_shares(predicted, labels, objects):
    right = predicted == labels
    picture = np.arange(len(labels))[:, None, None]
    shares = _shares(predicted, labels, objects)
    with_background = objects.sizes[picture, objects.pixels]
    each = np.array(  # object by object
        [
            [right[n][objects.pixels[n] == i].mean() for i in range(objects.sizes.shape[1])]
            for n in range(len(labels))
        ]
    )
    sizes = np.where(objects.pixels < 0, -1, with_background)
    in_object = sizes >= 0
    return [
        (
            [right[with_background == size].mean() for size in range(3)],
            "the background counts as an object: there `objects.pixels` is -1, and as an index "
            "that means the last object. Set these pixels apart first.",
        ),
        (
            [each[objects.sizes == size].mean() for size in range(3)],
            "you take the mean over objects. Asked is the share of *pixels*: an object "
            "of twice the area counts twice.",
        ),
        (
            [
                np.mean([right[n][sizes[n] == size].mean() for n in range(len(labels))])
                for size in range(3)
            ],
            "you take the mean over pictures of each picture's share. Asked is one share of the "
            "pixels of all pictures.",
        ),
        (shares[::-1], "your sizes come out large first; asked is small, medium, large."),
        (1 - shares, "these are the shares that are *wrong*."),
        (
            [(right & (sizes == size)).sum() / in_object.sum() for size in range(3)],
            "you divide by the pixels of all objects. Each share is of the pixels of its own size.",
        ),
        (
            [(right & (sizes == size)).mean() for size in range(3)],
            "you divide by all pixels of the pictures. Each share is of the pixels of its own "
            "size.",
        ),
        (
            [(right | (sizes != size)).mean() for size in range(3)],
            "pixels of other sizes count as right. Leave them out.",
        ),
    ]


NETWORKS = {  # what each of the networks of exercise 06.5 is
    "pyramid": {},
    "coarsest only": {"levels": "coarsest"},
    "finest only": {"levels": "finest", "top_down": False},
    "no lateral": {"lateral": False},
}
ORDER = ("no lateral", "pyramid", "finest only", "coarsest only")


def mystery_networks(seed=0):
    """Four untrained networks for exercise 06.5, by a letter each."""
    from reslib.models import pyramid_segmenter
    from reslib.seeding import set_seed

    set_seed(seed)
    return {
        letter: pyramid_segmenter(**NETWORKS[name], name=letter)
        for letter, name in zip("ABCD", ORDER, strict=True)
    }


@exercise(
    "06.5",
    "Tell four networks apart by what they show",
    hints=(
        "Ask two questions of each network: how far does it look, and how sharp is what it shows? "
        "A fine map looks at few pixels, a coarse one has few values.",
        "Two of them are blurred. One of these enlarges its answer once, along straight lines; "
        "the other enlarges by repeating values, with convolutions in between, and every repeated "
        "value leaves straight edges.",
    ),
)
def mystery(answer):
    if not isinstance(answer, dict) or sorted(answer) != list("ABCD"):
        raise Mistake("the answer must be a dictionary from the letters A, B, C and D to a name.")
    for letter, name in answer.items():
        if name not in NETWORKS:
            names = ", ".join(map(repr, NETWORKS))
            raise Mistake(f"the names are {names}; {letter} is called {name!r}.")
    if len(set(answer.values())) < 4:
        raise Mistake("two networks have the same name. Each name belongs to one of them.")
    for letter, actual in zip("ABCD", ORDER, strict=True):
        if answer[letter] != actual:
            raise Mistake(_contradiction(letter, answer[letter], actual))
    return (
        "Two questions told them apart, without any training: how far a network looks is decided "
        "by its coarsest map, and how sharply it answers by its finest."
    )


def _contradiction(letter, claimed, actual):
    """What can be seen of a network and does not go with its name."""
    if claimed == "finest only":
        return (
            f"{letter} depends on pixels all over the picture. How far can a few 3×3 convolutions "
            "on the finest map look?"
        )
    if actual == "finest only":
        return (
            f"{letter} depends on a small square around the pixel, so that no coarse map can take "
            "part in it."
        )
    if actual == "pyramid":
        return f"{letter} shows small objects with their edges, so that a fine map takes part."
    if claimed == "pyramid":
        return f"{letter} is blurred: no fine map of the backbone reaches its output."
    return (
        f"{letter} is blurred, but two of the networks are. Look how its values go from one to "
        "the next: in even slopes, 16 pixels long, or with straight edges in between?"
    )


@exercise(
    "06.6",
    "Design an experiment on pyramids",
    hints=(
        "One thing varies, everything else stays. What would you see if your idea were wrong? "
        "That is what the control is for.",
        "At least three values, each trained with the same two seeds or more; and the same again "
        "for a network with one of the switches of `FeaturePyramid` off.",
    ),
)
def experiment(answer):
    runs = _runs(answer)
    by_settings = {}
    for run in runs:
        by_settings.setdefault(tuple(_settings(run).items()), []).append(run.seed)
    seeds = {tuple(sorted(group)) for group in by_settings.values()}
    if any(len(set(group)) < 2 for group in seeds):
        raise Mistake(
            "some network was trained with one seed only. Then a difference may be luck, and "
            "nobody can tell: take the same two seeds or more for each."
        )
    if len(seeds) > 1:
        raise Mistake("the networks do not share their seeds. Take the same seeds for each.")

    subjects = [dict(key) for key in by_settings if not _is_control(dict(key))]
    controls = [dict(key) for key in by_settings if _is_control(dict(key))]
    if not controls:
        raise Mistake(
            "there is no control. Train a network with one of the switches of the pyramid off "
            "(`top_down`, `lateral` or `levels`) under the same conditions: is what you see due to "
            "the pyramid?"
        )
    if not subjects:
        raise Mistake("all your networks have a switch off: the pyramid itself is missing.")
    varied = [name for name in subjects[0] if len({s[name] for s in subjects}) > 1]
    if len(varied) > 1:
        raise Mistake(
            f"several things vary at once among your pyramids ({', '.join(varied)}). Then a "
            "difference has no one cause: vary one, keep the others."
        )
    values = {subject[varied[0]] for subject in subjects} if varied else {None}
    if len(values) < 3:
        raise Mistake(
            f"there are too few points: pyramids with {len(values)} different settings. Between "
            "two points everything is a straight line: take three or more."
        )
    for name in subjects[0].keys() - {*SWITCHES, *varied}:
        if {control[name] for control in controls} != {subjects[0][name]}:
            raise Mistake(
                f"the control is not comparable: it differs in {name} as well, so you cannot say "
                "what made the difference."
            )
    return (
        f"A sound design: {len(values)} values of {varied[0]}, {len(seeds.pop())} seeds for each, "
        "and a control. Whatever came out, you may say it, as far as the seeds agree."
    )


SWITCHES = {"top_down": True, "lateral": True, "levels": "all"}


def _runs(answer):
    from reslib.experiments import Run

    try:
        runs = [result.run for result in answer]
        usable = all(isinstance(run, Run) for run in runs) and len(runs) > 0
    except (TypeError, AttributeError):
        usable = False
    if not usable:
        raise Mistake("the answer must be what `sweep` gave you: the results of your runs.")
    for run in runs:
        if (run.model.name, run.dataset.name) != ("pyramid_segmenter", "scenes"):
            raise Mistake(
                f"the runs must train pyramid_segmenter on scenes, not {run.model} on "
                f"{run.dataset}."
            )
    return runs


def _settings(run):
    """All that decides the result of a run but its seed, with the defaults filled in."""
    import dataclasses
    import inspect

    from reslib.datasets import scenes
    from reslib.models import pyramid_segmenter

    settings = {}
    for function, recipe in ((pyramid_segmenter, run.model), (scenes, run.dataset)):
        defaults = {k: p.default for k, p in inspect.signature(function).parameters.items()}
        settings.update({**defaults, **recipe.arguments})
    settings.update({field.name: getattr(run, field.name) for field in dataclasses.fields(run)})
    return {k: v for k, v in settings.items() if k not in ("model", "dataset", "seed")}


def _is_control(settings):
    return any(settings[name] != usual for name, usual in SWITCHES.items())
