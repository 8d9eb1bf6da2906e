"""The exercises of notebook 06 that measure and compare pyramids, from 06.4 on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import call, explain
from reslib.exercises.exercise import Mistake, exercise

if TYPE_CHECKING:
    import keras


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
        explain(
            call(answer, predicted, labels, objects),
            [_shares(predicted, labels, objects)],
            _wrong_shares(predicted, labels, objects),
            f"the three shares for pictures with {counts} small, medium and large objects",
        )
    return "One number for all pixels would hide the small objects, which hold few of the pixels."


def _random_scenes(counts, pictures=6, side=24):
    """Draw predictions, labels and objects: rectangles in the cells of a grid."""
    from reslib.datasets import SceneObjects

    random = np.random.default_rng(sum(counts))
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
    return {
        (
            "the background counts as an object: there `objects.pixels` is -1, and as an index "
            "that means the last object. Set these pixels apart first."
        ): [[right[with_background == size].mean() for size in range(3)]],
        (
            "you take the mean over objects. Asked is the share of *pixels*: an object "
            "of twice the area counts twice."
        ): [[each[objects.sizes == size].mean() for size in range(3)]],
        (
            "you take the mean over pictures of each picture's share. Asked is one share of the "
            "pixels of all pictures."
        ): [
            [
                np.mean([right[n][sizes[n] == size].mean() for n in range(len(labels))])
                for size in range(3)
            ]
        ],
        "your sizes come out large first; asked is small, medium, large.": [shares[::-1]],
        "these are the shares that are *wrong*.": [1 - shares],
        "you divide by the pixels of all objects. Each share is of the pixels of its own size.": [
            [(right & (sizes == size)).sum() / in_object.sum() for size in range(3)]
        ],
        (
            "you divide by all pixels of the pictures. Each share is of the pixels of its own size."
        ): [[(right & (sizes == size)).mean() for size in range(3)]],
        "pixels of other sizes count as right. Leave them out.": [
            [(right | (sizes != size)).mean() for size in range(3)]
        ],
    }


NETWORKS = {  # what each of the networks of exercise 06.5 is
    "pyramid": {},
    "top level only": {"levels": "coarsest"},
    "finest map only": {"levels": "finest", "top_down": False},
    "no laterals": {"lateral": False},
}
# Do not read on before you have solved it.
ORDER = ("no laterals", "pyramid", "finest map only", "top level only")


def mystery_networks(seed: int = 0) -> dict[str, keras.Model]:
    """Make the four untrained networks of exercise 06.5, by a letter each."""
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
    if isinstance(answer, (tuple, list)) and len(answer) == 4:
        answer = dict(zip("ABCD", answer, strict=True))
    if not isinstance(answer, dict) or sorted(answer) != list("ABCD"):
        raise Mistake("the answer must be four names, those of A, B, C and D.")
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
    """Say what can be seen of a network and does not go with its name."""
    if claimed == "finest map only":
        return (
            f"{letter} depends on pixels all over the picture. How far can a few 3×3 convolutions "
            "on the finest map look?"
        )
    if actual == "finest map only":
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
    import pandas as pd

    runs = designs.runs_of(answer)
    for run in runs:
        if (run.model.name, run.dataset.name) != ("pyramid_segmenter", "scenes"):
            raise Mistake(
                f"the runs must train pyramid_segmenter on scenes, not {run.model} on "
                f"{run.dataset}."
            )
    settings = [_settings(run) for run in runs]
    subjects = [each for each in settings if not _is_control(each)]
    controls = [each for each in settings if _is_control(each)]
    differing = [name for name in settings[0] if len({s[name] for s in settings}) > 1]
    names = [", ".join(f"{name}={s[name]}" for name in differing) for s in settings]
    seeds = pd.DataFrame({"network": names, "seed": [run.seed for run in runs]})
    designs.enough_seeds(seeds, "network", least=2)
    if not controls:
        raise Mistake(
            "there is no control. Train a network with one of the switches of the pyramid off "
            "(`top_down`, `lateral` or `levels`) under the same conditions: is what you see due to "
            "the pyramid?"
        )
    if not subjects:
        raise Mistake("all your networks have a switch off: the pyramid itself is missing.")
    varied = [name for name in differing if len({s[name] for s in subjects}) > 1]
    if len(varied) > 1:
        raise Mistake(
            f"several things vary at once among your pyramids ({', '.join(varied)}). Then a "
            "difference has no one cause: vary one, keep the others."
        )
    values = {s[varied[0]] for s in subjects} if varied else {"the same"}
    designs.enough_points(values, varied[0] if varied else "settings", least=3)
    for name in subjects[0].keys() - {*SWITCHES, *varied}:
        if {control[name] for control in controls} != {subjects[0][name]}:
            raise Mistake(
                f"the control is not comparable: it differs in {name} as well, so you cannot say "
                "what made the difference."
            )
    partners = {subject[varied[0]] for subject in subjects}
    if odd := [control[varied[0]] for control in controls if control[varied[0]] not in partners]:
        raise Mistake(
            f"the control has {varied[0]}={odd[0]}, and none of your pyramids has: there is "
            "nothing to compare it with."
        )
    return (
        f"A sound design: {len(values)} values of {varied[0]}, {seeds.seed.nunique()} seeds for "
        "each, and a control. Whatever came out, you may say it, as far as the seeds agree."
    )


SWITCHES = {"top_down": True, "lateral": True, "levels": "all"}


def _settings(run):
    """Return all that decides the result of a run but its seed, with the defaults filled in."""
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
