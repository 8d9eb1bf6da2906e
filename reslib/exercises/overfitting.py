"""The exercises of notebook 01."""

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import judge
from reslib.exercises.exercise import Mistake, exercise
from reslib.seeding import generator


@exercise(
    "01.1",
    "Choose a degree",
    hints=(
        "Which of the two errors tells how the model does on what it has not seen?",
        "Average over the data sets first; `argmin` then gives a place in the list of degrees.",
    ),
)
def choose_a_degree(answer):
    def lowest(errors):
        return errors.mean(axis=0).argmin()

    def first_rise(degrees, train, fresh):
        mean = fresh.mean(axis=0)
        return degrees[np.flatnonzero(np.diff(mean) > 0)[0]]

    mistakes = {
        "you choose by the training error. It never rises with the degree, so the "
        "highest degree always wins.": lambda d, train, fresh: d[lowest(train)],
        "you return a place in the list, not the degree that stands there. The list need not "
        "begin at 0.": lambda d, train, fresh: lowest(fresh),
        "you return the lowest error, not the degree that has it.": (
            lambda d, train, fresh: fresh.mean(axis=0).min()
        ),
        "you take the single lowest number of the whole table. That is one lucky data set: "
        "average over the data sets first.": (
            lambda d, train, fresh: d[np.unravel_index(fresh.argmin(), fresh.shape)[1]]
        ),
        "you stop where the error rises for the first time. It can fall again later: "
        "look at all degrees.": first_rise,
        "you choose the smallest gap between the two errors. A model that is too simple has a "
        "small gap as well, at a high level.": (
            lambda d, train, fresh: d[lowest(abs(fresh - train))]
        ),
    }
    inputs = [_errors(shift) for shift in range(3)]
    judge(answer, inputs, lambda d, train, fresh: d[lowest(fresh)], mistakes)
    return "right: the error on fresh data chooses, averaged over the data sets."


def _errors(shift):
    """Draw errors that fall, rise and fall again with the degree; one data set is lucky."""
    degrees = np.array([2, 3, 5, 6, 8, 11, 13]) + shift
    random = generator(shift)
    train = np.array([0.50, 0.36, 0.20, 0.12, 0.08, 0.05, 0.02])
    fresh = np.array([0.52, 0.42, 0.30, 0.35, 0.33, 0.22 - 0.02 * shift, 0.40])
    train = train + random.uniform(0, 0.01, (9, 7))
    fresh = fresh + random.uniform(0, 0.01, (9, 7))
    fresh[4, 3] = 0.01
    return degrees, train, fresh


@exercise(
    "01.2",
    "Split an error into bias² and variance",
    hints=(
        "The mean of all fits is one curve. Which axis must the mean run over to give it?",
        "Bias²: the distance of that curve from the truth, squared at each place, then averaged. "
        "Variance: at each place the variance over the fits, then averaged.",
    ),
)
def split_an_error(answer):
    def bias2(curves, truth):
        return np.mean((curves.mean(axis=1) - truth) ** 2)

    def variance(curves, truth):
        return curves.var(axis=1).mean()

    def error(curves, truth):
        return np.mean((curves - truth[:, None]) ** 2)

    def pair(first, second):
        return lambda curves, truth: (first(curves, truth), second(curves, truth))

    def over_places(curves, truth):
        return np.mean((curves.mean(axis=0) - truth.mean()) ** 2)

    right = [
        pair(bias2, variance),
        pair(bias2, lambda curves, truth: curves.var(axis=1, ddof=1).mean()),
    ]
    mistakes = {
        "the two numbers are right, but the variance comes first: bias² was asked for first.": (
            pair(variance, bias2)
        ),
        "your bias² is the mean squared distance of the single fits from the truth. That is bias² "
        "and variance together: average the fits before you compare.": pair(error, variance),
        "your variance is measured from the true curve, so it has the bias in it. Measure it from "
        "the mean of the fits.": pair(bias2, error),
        "your bias is averaged over the places before it is squared, so too high here and too low "
        "there cancel out. Square at each place.": pair(
            lambda curves, truth: (curves.mean(axis=1) - truth).mean() ** 2, variance
        ),
        "your mean runs over the places (axis 0). The data sets are the columns: average over "
        "axis 1.": [
            pair(over_places, lambda curves, truth: curves.var(axis=0).mean()),
            pair(bias2, lambda curves, truth: curves.var(axis=0).mean()),
            pair(over_places, variance),
        ],
        "your bias is not squared.": [
            pair(lambda curves, truth: (curves.mean(axis=1) - truth).mean(), variance),
            pair(lambda curves, truth: abs(curves.mean(axis=1) - truth).mean(), variance),
            pair(lambda curves, truth: bias2(curves, truth) ** 0.5, variance),
        ],
        "your second number is a standard deviation. The variance is its square.": [
            pair(bias2, lambda curves, truth: curves.std(axis=1).mean()),
            pair(bias2, lambda curves, truth: variance(curves, truth) ** 0.5),
        ],
    }
    inputs = []
    for seed, (places, sets) in enumerate([(6, 40), (30, 12), (15, 25)]):
        random = generator(seed)
        truth = random.normal(size=places)
        curves = truth[:, None] + random.normal(size=(places, 1)) + random.normal(size=(1, sets))
        inputs.append((curves + random.normal(size=(places, sets)), truth))
    judge(answer, inputs, right, mistakes)
    return "right: first average the fits, then compare; the rest of the error is variance."


@exercise(
    "01.3",
    "Stop early",
    hints=(
        "Remember two things while you go through the epochs: the best loss so far and its epoch.",
        "You may stop as soon as the best epoch lies `patience` epochs back, and you cannot see "
        "the epochs that come after.",
    ),
)
def stop_early(answer):
    def of(key, change=lambda kept, stopped, losses: (kept, stopped), more=0):
        def function(history, patience):
            losses = history[key]
            return change(*_stop(losses, patience + more), losses)

        return function

    def against_the_previous(history, patience):
        losses, waited = history["validation_loss"], 0
        for epoch in range(1, len(losses)):
            waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
            if waited == patience:
                break
        return np.argmin(losses[: epoch + 1]) + 1, epoch + 1

    def of_the_whole_curve(history, patience):
        losses = history["validation_loss"]
        kept = np.argmin(losses) + 1
        return kept, min(kept + patience, len(losses))

    def counting_all(history, patience):
        losses, waited = history["validation_loss"], 0
        for epoch in range(1, len(losses)):
            waited += losses[epoch] >= min(losses[:epoch])
            if waited == patience:
                break
        return np.argmin(losses[: epoch + 1]) + 1, epoch + 1

    def with_ties(history, patience):
        best, kept = np.inf, 0
        for epoch, loss in enumerate(history["validation_loss"], 1):
            if loss <= best:
                best, kept = loss, epoch
            elif epoch - kept >= patience:
                break
        return kept, epoch

    right = of("validation_loss")
    mistakes = {
        "you stop by the test loss. Then the test images have taken part in the training, and "
        "their error is no longer that on new images: use the validation loss.": of("test_loss"),
        "you stop by the training loss. It goes on falling while the network overfits.": of(
            "train_loss"
        ),
        "you keep the network of the epoch at which you stop. By then it is `patience` epochs past "
        "its best.": of("validation_loss", lambda kept, stopped, losses: (stopped, stopped)),
        "you stop one epoch too late: with patience 3 the third epoch in a row without a new best "
        "is the last.": of("validation_loss", more=1),
        "you stop one epoch too early: with patience 3 there must be three epochs in a row "
        "without a new best.": of("validation_loss", more=-1),
        "you keep the best epoch of the whole curve, which may lie after the stop. At that time it "
        "has not happened yet.": [
            of("validation_loss", lambda kept, stopped, losses: (np.argmin(losses) + 1, stopped)),
            of(
                "validation_loss",
                lambda kept, stopped, losses: (np.argmin(losses) + 1, len(losses)),
            ),
        ],
        "you look for the best epoch of all and wait `patience` epochs from there. A training "
        "cannot see the epochs to come: a short fall later on may never be reached.": (
            [
                of_the_whole_curve,
                lambda history, patience: (
                    np.argmin(history["validation_loss"]) + 1,
                    np.argmin(history["validation_loss"]) + 1 + patience,
                ),
            ]
        ),
        "you count epochs from 0; here the first is 1.": [
            of("validation_loss", lambda kept, stopped, losses, i=i: (kept - i, stopped - 1))
            for i in (1, 0)
        ]
        + [of("validation_loss", lambda kept, stopped, losses: (kept - 1, stopped))],
        "an epoch that only equals the best loss so far is no new best: the one kept is the first "
        "of them, and the waiting goes on.": with_ties,
        "you add up all epochs without a new best. Only those in a row count: a new best begins "
        "the count anew.": counting_all,
        "you compare each epoch with the one before it. A small fall after a rise is no new best: "
        "compare with the best so far.": against_the_previous,
        "both epochs are right, in the other order: the one kept was asked for first.": of(
            "validation_loss", lambda kept, stopped, losses: (stopped, kept)
        ),
    }
    judge(answer, _histories(), right, mistakes)
    return "right, and the same as Keras's `EarlyStopping(restore_best_weights=True)`."


def _stop(losses, patience):
    best, kept = np.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, kept = loss, epoch
        elif epoch - kept >= patience:
            break
    return kept, epoch


def _histories():
    """Make curves with a small fall after a rise, a better epoch after the stop, no stop, a tie."""
    curves = [
        (3, [1.0, 0.8, 0.6, 0.66, 0.62, 0.65, 0.64, 0.5, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]),
        (2, [1.0, 0.7, 0.5, 0.6, 0.55, 0.52, 0.4, 0.6, 0.7, 0.8]),
        (4, [1.0, 0.9, 0.7, 0.6, 0.5, 0.45, 0.41, 0.4, 0.39, 0.38]),
        (2, [1.0, 0.8, 0.6, 0.7, 0.72, 0.5, 0.55, 0.6, 0.7]),
        (3, [1.0, 0.8, 0.6, 0.7, 0.6, 0.7, 0.65, 0.8, 0.9]),
        (2, [1.0, 0.8, 0.9, 0.7, 0.75, 0.6, 0.65, 0.55, 0.6, 0.62, 0.5]),
    ]
    inputs = []
    for seed, (patience, losses) in enumerate(curves):
        count, random = len(losses), generator(seed)
        size = random.uniform(0.5, 2)
        test = [1.0, 0.5, *np.linspace(0.6, 1.5, count - 2)]
        train = np.linspace(1, 0.1, count)
        history = {"train_loss": train, "validation_loss": losses, "test_loss": test}
        scaled = {name: [size * float(x) for x in curve] for name, curve in history.items()}
        inputs.append((scaled, patience))
    return inputs


UNDECIDED = "underfitting or failed optimization"


@exercise(
    "01.4",
    "Tell what went wrong",
    hints=(
        "A smaller network that does better proves something. What does one prove that does no "
        "better, and what do you know when there is none?",
        "Ask three questions, in this order. Does any of the nested networks fit the training "
        "images better? Are they fitted at all? Is the test error another one?",
    ),
)
def tell_what_went_wrong(answer):
    def rule(
        train,
        test,
        nested,
        better=lambda train, nested: any(error < train - 0.05 for error in nested),
        undecided=lambda nested: UNDECIDED,
        good=0.1,
        gap=0.05,
    ):
        if better(train, nested):
            return "failed optimization"
        if train > good:
            return undecided(nested)
        return "overfitting" if test > train + gap else "healthy"

    def with_rule(**changes):
        return lambda train, test, nested: rule(train, test, nested, **changes)

    def of_one(choose):
        def better(train, nested):
            return bool(nested) and choose(nested) < train - 0.05

        return with_rule(better=better)

    def gap_first(train, test, nested):
        return "overfitting" if test > train + 0.05 else rule(train, test, nested)

    def reversed_rule(train, test, nested):
        swap = {"failed optimization": UNDECIDED, UNDECIDED: "failed optimization"}
        said = rule(train, test, nested)
        return swap.get(said, said) if nested else said

    mistakes = {
        "you do not use the nested networks. One that fits better proves that this one is rich "
        "enough, and was not optimized well.": [
            with_rule(better=lambda train, nested: False, undecided=lambda nested, said=said: said)
            for said in (UNDECIDED, "underfitting", "failed optimization")
        ],
        "you call it underfitting where no nested network does better. Such a one proves nothing: "
        "it may be too simple, or badly trained, itself.": [
            with_rule(undecided=lambda nested: "underfitting" if nested else UNDECIDED),
            with_rule(undecided=lambda nested: "underfitting"),
        ],
        "where no nested network does better you decide all the same. Two high errors fit a model "
        "that is too simple as well as one that was badly optimized.": [
            with_rule(undecided=lambda nested: "failed optimization"),
            with_rule(undecided=lambda nested: UNDECIDED if nested else "underfitting"),
            with_rule(undecided=lambda nested: UNDECIDED if nested else "failed optimization"),
        ],
        "your rule for the nested networks is the wrong way round. If a smaller one fits better, "
        "the larger one cannot be too simple.": [
            reversed_rule,
            with_rule(better=lambda train, nested: any(e > train + 0.05 for e in nested)),
        ],
        "a nested network that does *worse* proves nothing, and you count a difference in either "
        "direction.": with_rule(
            better=lambda train, nested: any(abs(train - e) > 0.05 for e in nested)
        ),
        "you take any nested network for a proof. It proves something only if it fits better.": (
            with_rule(better=lambda train, nested: train > 0.1 and bool(nested))
        ),
        "one nested network that fits better is proof enough, whatever the others do: look at the "
        "best of them.": [
            of_one(np.mean),
            of_one(np.median),
            of_one(max),
            of_one(lambda nested: nested[0]),
            of_one(lambda nested: nested[-1]),
        ],
        "you ask for the gap first. Where the training error is high, the training failed, and a "
        "gap is no news: look at the training error first.": [
            gap_first,
            lambda train, test, nested: (
                "overfitting" if abs(test - train) > 0.05 else rule(train, test, nested)
            ),
        ],
        "you go by the test error alone. Overfitting is a low training error beside a high test "
        "error; where both are high, it is something else.": [
            lambda train, test, nested: "overfitting" if test > 0.1 else "healthy",
            lambda train, test, nested: (
                said
                if (said := rule(train, test, nested)) not in ("overfitting", "healthy")
                else "overfitting"
                if test > 0.1
                else "healthy"
            ),
        ],
        "an error of 10 % counts as fitted, and one of 12 % does not: look at your limit.": [
            with_rule(good=good) for good in (0.0999, 0.15, 0.05)
        ],
        "two errors count as different when they are *more* than 5 points apart: look at your "
        "limits.": [
            with_rule(better=lambda train, nested: any(e <= train - 0.05 for e in nested)),
            with_rule(better=lambda train, nested: any(e < train - 0.1 for e in nested)),
            with_rule(better=lambda train, nested: any(e < train for e in nested)),
            with_rule(gap=0.0499),
            with_rule(gap=0.1),
            with_rule(gap=0),
        ],
    }
    inputs = [  # at a limit only numbers whose difference has no rounding
        (0.01, 0.24, []),
        (0.02, 0.25, [0.04, 0.05]),
        (0.06, 0.08, []),
        (0.05, 0.07, [0.30, 0.20]),
        (0.09, 0.02, []),
        (0.09, 0.12, []),
        (0.10, 0.12, []),
        (0.00, 0.05, []),
        (0.04, 0.12, []),
        (0.12, 0.14, []),
        (0.12, 0.14, [0.02]),
        (0.16, 0.18, [0.11]),
        (0.30, 0.32, [0.22]),
        (0.45, 0.47, []),
        (0.45, 0.47, [0.44]),
        (0.45, 0.47, [0.60]),
        (0.45, 0.47, [0.12]),
        (0.45, 0.47, [0.12, 0.85, 0.80]),
        (0.45, 0.47, [0.80, 0.85, 0.12]),
        (0.45, 0.47, [0.80, 0.12, 0.85]),
        (0.60, 0.61, [0.30]),
        (0.45, 0.70, []),
        (0.45, 0.70, [0.44]),
        (0.45, 0.70, [0.12]),
    ]
    judge(answer, inputs, rule, mistakes)
    return "right. A nested network that fits better is a proof; one that does not is none."


@exercise(
    "01.5",
    "How strong must a remedy be?",
    hints=(
        "A remedy is compared with no remedy, and one strength with another. What must be the same "
        "in all runs, and how do you tell an effect from luck?",
        "Take one remedy, strength 0 and at least three others that differ by factors, and the "
        "same three seeds for each.",
    ),
)
def how_strong_must_a_remedy_be(answer):
    table = designs.final_rows(answer)
    remedies = {"weight_decay": "weight decay", "dropout": "dropout"}
    for column in remedies:
        table[column] = table[column].fillna(0) if column in table else 0.0
    varied = [column for column in remedies if table[column].nunique() > 1]
    if not varied:
        raise Mistake("all runs have the same weight decay and dropout: vary the strength of one.")
    if len(varied) > 1:
        raise Mistake(
            "weight decay and dropout both vary: two remedies at once, and no one knows which of "
            "them worked. Take one."
        )
    (column,) = varied
    name = remedies[column]
    designs.one_change(table, [column])
    if table[column].min() > 0:
        raise Mistake(f"there is no control: no run goes without any {name} (strength 0).")
    designs.enough_points(table[column], name, least=4, span=5)
    designs.enough_seeds(table, column)
    means = table.groupby(column)[["train_error", "test_error", "test_loss"]].mean()
    if means.test_error[0] - means.train_error[0] < 0.05:
        raise Mistake(
            f"without {name} the training error is {means.train_error[0]:.0%} and the test error "
            f"{means.test_error[0]:.0%}: there is no overfitting to remedy. Train on fewer images, "
            "or for longer."
        )
    return (
        f"a sound experiment: {len(means)} strengths, {table.seed.nunique()} seeds, one thing "
        f"changed. Your lowest test loss is at {name} {means.test_loss.idxmin():g}, your lowest "
        f"test error at {means.test_error.idxmin():g}; the training error goes from "
        f"{means.train_error.iloc[0]:.0%} to {means.train_error.iloc[-1]:.0%}."
    )
