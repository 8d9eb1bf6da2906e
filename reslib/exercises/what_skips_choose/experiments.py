"""The exercises of notebook 07 that tell failures apart and design an experiment, from 07.5 on."""

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import call, shown
from reslib.exercises.exercise import Mistake, exercise

FAILURES = (
    "overfitting",
    "vanishing or exploding gradients",
    "degradation",
    "shattered gradients",
)


@exercise(
    "07.5",
    "Write the map of the four failures as code",
    hints=(
        "Each failure has a sign of its own, measured by its own numbers, and several can come "
        "together: four separate questions, not one after the other.",
        "Overfitting needs two errors of the same network. Degradation needs the training errors "
        "of two networks. A ratio can be far from 1 on both sides.",
    ),
)
def diagnose(answer):
    for numbers, right, condition in _networks():
        result = call(answer, **numbers)
        found = {result} if isinstance(result, str) else result
        if not isinstance(found, (set, list, tuple)) or not all(
            isinstance(name, str) for name in found
        ):
            raise Mistake(f"the answer must give a set of names, not {shown(result)}.")
        found = set(found)
        if unknown := found - set(FAILURES):
            names = ", ".join(map(repr, FAILURES))
            raise Mistake(f"the names are {names}; the answer has {unknown.pop()!r}.")
        if found != right:
            measured = ", ".join(f"{name}={value:.2g}" for name, value in numbers.items())
            text = _misdiagnosis(found, right, condition, numbers)
            raise Mistake(f"{text} (The network has {measured}.)")
    return (
        "That is the course in one function: four failures, four measurements. A skip connection "
        "is an answer to some of them only; which ones, the map in notebook 07 says with numbers."
    )


def _networks():
    """Draw numbers that leave no doubt, with the failures in them and what else is to be known."""
    random = np.random.default_rng(6)
    # First each network with one failure or none, then those with several.
    conditions = ("healthy", "overfitting", "degradation", "underfitting")
    gradients = ("usual", "vanishing", "exploding")
    cases = [(c, g, s) for c in conditions for g in gradients for s in (False, True)]
    cases.sort(key=lambda case: (case[1] != "usual") + case[2] + (case[0] in conditions[1:3]))
    for condition, gradient, shattered in cases:
        train = random.uniform(0.5, 0.6) if condition[0] in "du" else random.uniform(0.02, 0.04)
        gap = 0.35 if condition == "overfitting" else 0.01
        nested = 0.06 if condition == "degradation" else train + 0.02
        power = {"usual": random.uniform(-0.5, 0.5), "vanishing": -6, "exploding": 5}[gradient]
        numbers = {
            "train_error": train,
            "test_error": train + gap,
            "nested_train_error": nested,
            "gradient_ratio": 10**power,
            "correlation": random.uniform(-0.03, 0.03) if shattered else random.uniform(0.7, 0.9),
        }
        right = {condition} & set(FAILURES)
        right |= {FAILURES[1]} if gradient != "usual" else set()
        right |= {FAILURES[3]} if shattered else set()
        yield numbers, right, condition


def _misdiagnosis(found, right, condition, numbers):
    """Say what was overlooked or seen without reason in one network."""
    if found and found < right:
        return (
            "you stop at the first failure that you find. Several can come together: return all "
            "of them."
        )
    for extra in FAILURES:
        if extra in found - right:
            return _false_alarm(extra, condition)
    (missing, *_) = [name for name in FAILURES if name in right - found]
    if missing == FAILURES[1]:
        if numbers["gradient_ratio"] > 1:
            return (
                "you overlook exploding gradients: a ratio of first to last layer far from 1, on "
                "either side, is a failure."
            )
        return (
            "you overlook vanishing gradients: a ratio of first to last layer far from 1, on "
            "either side, is a failure."
        )
    return {
        "overfitting": "you overlook overfitting: fine on training data, bad on new data.",
        "degradation": "you overlook degradation: a smaller network that is nested in this one "
        "trains better, so a better solution is in reach and was not found.",
        "shattered gradients": "you overlook shattered gradients: those of neighbouring inputs "
        "have nothing to do with each other, though none is too large or too small.",
    }[missing]


def _false_alarm(extra, condition):
    if extra == "overfitting":
        return (
            "you call overfitting what errs as often on its training data. A bad test error alone "
            "is no sign of it."
        )
    if extra == "degradation" and condition == "underfitting":
        return (
            "you call degradation what may just be too simple: the nested network trains no "
            "better. A large training error alone is no sign of degradation."
        )
    if extra == "degradation":
        return "you call degradation what trains well. It shows in the *training* error."
    if extra == FAILURES[1]:
        return "you see vanishing or exploding gradients where first and last layer are alike."
    return "you see shattered gradients where neighbouring inputs have nearly the same gradient."


COLUMNS = ("network", "seed", "removed", "error")


@exercise(
    "07.6",
    "Design an experiment with lesions",
    hints=(
        "`probes.lesion(model, x, y, remove=[(name, name), …])` removes several blocks together. "
        "A row of your table is one such removal, for one seed of one network.",
        "Which blocks are removed matters, so draw several times. Which seed trained the network "
        "matters too. And a number means little without a second network to compare it with, and "
        "without the error of the whole network (`removed` 0).",
    ),
)
def lesions(answer):
    table = designs.rows_of(answer, COLUMNS)
    if not table.error.between(-1e-3, 1 + 1e-3).all():
        raise Mistake("an error is the share of wrong answers, from 0 to 1.")
    networks = table.network.nunique()
    if networks < 2:
        raise Mistake(
            "there is no control: all rows are of one network. Is what you see due to what makes "
            "it special? Do the same to a second one."
        )
    designs.enough_seeds(table, "network", least=2)
    counts = {
        tuple(sorted(rows.removed.value_counts().items()))
        for _, rows in table.groupby(["network", "seed"])
    }
    removed = sorted(set(table.removed))
    if removed[0] != 0:
        raise Mistake(
            "the whole networks are missing (`removed` 0). Without their error nobody knows what "
            "the removal costs."
        )
    designs.enough_points(table.removed[table.removed > 0], "number of removed blocks", least=3)
    if len(counts) > 1:
        raise Mistake(
            "the networks and seeds are not treated alike: remove the same numbers of blocks, "
            "equally often, from each."
        )
    if min(number for k, number in counts.pop() if k) < 3:
        raise Mistake(
            "some number of blocks was removed once or twice only. Some blocks matter more than "
            "others: draw three times or more for each number."
        )
    within = table[table.removed > 0].groupby(["network", "seed", "removed"]).error
    if not (within.max() > within.min()).any():
        raise Mistake(
            "your draws of one number of blocks all have the same error. Are the same blocks "
            "drawn each time?"
        )
    whole = table[table.removed == 0].groupby("network").error.mean()
    if whole.max() > 0.6:
        raise Mistake(
            f"{whole.idxmax()} is hardly trained: even whole it errs in {whole.max():.0%}. Nothing "
            "can be taken from a network that can do nothing."
        )
    return (
        f"A sound design: {networks} networks with {table.seed.nunique()} seeds each, "
        f"{len(removed) - 1} numbers of removed blocks, and several draws. Whatever came out, you "
        "may say it, as far as seeds and draws agree."
    )
