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
        "you choose by the training error. It never rises with the degree (claim 01.1), so the "
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
        "you stop where the error rises for the first time. It can fall again later (claim 01.7): "
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
            of_the_whole_curve
        ),
        "you count epochs from 0; here the first is 1.": of(
            "validation_loss", lambda kept, stopped, losses: (kept - 1, stopped - 1)
        ),
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
    """Make curves with a small fall after a rise, a better epoch after the stop, or no stop."""
    curves = [
        (3, [1.0, 0.8, 0.6, 0.66, 0.62, 0.65, 0.64, 0.5, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]),
        (2, [1.0, 0.7, 0.5, 0.6, 0.55, 0.52, 0.4, 0.6, 0.7, 0.8]),
        (4, [1.0, 0.9, 0.7, 0.6, 0.5, 0.45, 0.41, 0.4, 0.39, 0.38]),
        (2, [1.0, 0.8, 0.6, 0.7, 0.72, 0.5, 0.55, 0.6, 0.7]),
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


@exercise(
    "01.4",
    "Tell what went wrong",
    hints=(
        "Begin with the training error: is it low? Only then has the test error something to say.",
        "Where it is high, does a smaller network that is nested in this one do better? And what "
        "can you say when nobody tried?",
    ),
)
def tell_what_went_wrong(answer):
    from reslib.experiments import diagnose

    def ignores_the_nested(train, test, nested):
        return "underfitting" if train > 0.1 else diagnose(train, test, None)

    def reversed_rule(train, test, nested):
        swap = {"underfitting": "failed optimization", "failed optimization": "underfitting"}
        said = diagnose(train, test, nested)
        return swap.get(said, said)

    def decided(word):
        def function(train, test, nested):
            said = diagnose(train, test, nested)
            return word if said == "underfitting or failed optimization" else said

        return function

    def gap_first(train, test, nested):
        return "overfitting" if test - train > 0.05 else diagnose(train, test, nested)

    def by_the_test_error(train, test, nested):
        return "overfitting" if test > 0.1 else "healthy"

    mistakes = {
        "you call every high training error underfitting. If a network nested in this one fits "
        "better, this one is rich enough (claim 01.16).": ignores_the_nested,
        "your rule for the nested network is the wrong way round. If the smaller one fits better, "
        "the larger one cannot be too simple.": reversed_rule,
        "without a nested network you decide all the same. Two high errors fit a model that is "
        "too simple as well as one that was badly optimized.": [
            decided("underfitting"),
            decided("failed optimization"),
        ],
        "you ask for the gap first. Where the training error is high, the training failed, and a "
        "gap is no news: look at the training error first.": gap_first,
        "you go by the test error alone. Overfitting is a low training error beside a high test "
        "error; where both are high, it is something else.": by_the_test_error,
    }
    shift = generator(0).uniform(-0.005, 0.005)
    cases = [
        (0.01, 0.24, None),
        (0.02, 0.25, 0.05),
        (0.45, 0.47, 0.44),
        (0.45, 0.47, 0.12),
        (0.45, 0.47, None),
        (0.60, 0.61, 0.30),
        (0.06, 0.08, None),
        (0.05, 0.07, 0.30),
        (0.45, 0.70, 0.44),
        (0.45, 0.70, 0.12),
        (0.45, 0.70, None),
    ]
    inputs = [(train + shift, test + shift, nested) for train, test, nested in cases]
    judge(answer, inputs, diagnose, mistakes)
    return "right: the training error comes first, and where it is high a third number decides."


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
