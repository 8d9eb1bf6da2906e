"""The exercises of notebook 07 that tell failures apart and design an experiment, from 07.5 on."""

import numpy as np

from reslib.datasets import recorded
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
    networks = _networks()
    answers = [_names(call(answer, **numbers)) for _, numbers, _ in networks]
    one_at_most = max(map(len, answers)) == 1
    for (name, numbers, right), found in zip(networks, answers, strict=True):
        if found == right:
            continue
        if one_at_most and found < right:
            text = (
                "you stop at the first failure that you find. Several can come together: return "
                "all of them."
            )
        else:
            text = _misdiagnosis(found, right, numbers)
        measured = ", ".join(f"{key}={value:.2g}" for key, value in numbers.items())
        raise Mistake(f"{text} (The network {name!r} has {measured}.)")
    return (
        "That is the course in one function: four failures, four measurements. A skip connection "
        "is an answer to some of them only: compare the networks with skips to those without. The "
        "map in notebook 07 says it with numbers."
    )


def _names(result):
    """Read what an answer gives: a set, a list or a single name."""
    found = {result} if isinstance(result, str) else result
    if not isinstance(found, (set, list, tuple)) or not all(isinstance(x, str) for x in found):
        raise Mistake(f"the answer must give a set of names, not {shown(result)}.")
    if unknown := set(found) - set(FAILURES):
        names = ", ".join(map(repr, FAILURES))
        raise Mistake(f"the names are {names}; the answer has {min(unknown)!r}.")
    return set(found)


def _networks():
    """Give name, numbers and failures of what was measured, of networks with few failures first."""
    table = recorded("four_failures").set_index("network")
    networks = [(name, row, failures(**row)) for name, row in table.to_dict("index").items()]
    return sorted(networks, key=lambda network: len(network[2]))


def failures(train_error, test_error, nested_train_error, gradient_ratio, correlation) -> set[str]:
    """Name the failures of a network, by limits that none of the recorded networks is near."""
    signs = (
        test_error - train_error > 0.1,
        abs(np.log10(gradient_ratio)) > 2,
        train_error - nested_train_error > 0.1,
        correlation < 0.3,
    )
    return {name for name, is_there in zip(FAILURES, signs, strict=True) if is_there}


def _misdiagnosis(found, right, numbers):
    """Say what was overlooked or seen without reason in one network."""
    for extra in FAILURES:
        if extra in found - right:
            return _false_alarm(extra, numbers)
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


def _false_alarm(extra, numbers):
    if extra == "overfitting":
        return (
            "you call overfitting what errs as often on its training data. A bad test error alone "
            "is no sign of it."
        )
    if extra == "degradation" and numbers["train_error"] > 0.3:
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
