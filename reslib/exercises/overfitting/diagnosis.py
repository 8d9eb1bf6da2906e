"""Exercises 01.4 and 01.5: what went wrong, and what mends it."""

import numpy as np

from reslib.exercises import designs
from reslib.exercises.answers import judge
from reslib.exercises.exercise import Mistake, exercise

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
