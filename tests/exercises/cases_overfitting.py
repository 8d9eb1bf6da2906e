"""Right and wrong answers to the exercises of notebook 01."""

import itertools

import keras
import numpy as np
import pandas as pd
from cases import Case

from reslib.experiments import diagnose

UNDECIDED = "underfitting or failed optimization"


def keras_stops(history, patience):
    """What Keras's own callback does."""
    callback = keras.callbacks.EarlyStopping("validation_loss", patience=patience, mode="min")
    model = keras.Sequential([keras.layers.Dense(1)])
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(history["validation_loss"]):
        callback.on_epoch_end(epoch, {"validation_loss": loss})
        if model.stop_training:
            break
    return callback.best_epoch + 1, epoch + 1


def stops(change=lambda kept, stopped: (kept, stopped), key="validation_loss", more=0):
    def stop(history, patience):
        losses = history[key]
        for epoch in range(1, len(losses) + 1):
            kept = 1 + int(np.argmin(losses[:epoch]))
            if epoch - kept == patience + more:
                break
        return change(kept, epoch)

    return stop


def stops_against_the_previous(history, patience):
    losses, best, kept, waited = history["validation_loss"], np.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, kept = loss, epoch
        waited = waited + 1 if epoch > 1 and loss >= losses[epoch - 2] else 0
        if waited == patience:
            break
    return kept, epoch


def stops_late_at_a_tie(history, patience):
    best = np.inf
    for epoch, loss in enumerate(history["validation_loss"], 1):
        if loss <= best:
            best, kept = loss, epoch
        if epoch - kept == patience:
            break
    return kept, epoch


def stops_after_so_many_in_all(history, patience):
    best, waited = np.inf, 0
    for epoch, loss in enumerate(history["validation_loss"], 1):
        if loss < best:
            best, kept = loss, epoch
        else:
            waited += 1
        if waited == patience:
            break
    return kept, epoch


def by_hand(train, test, nested, best=min, undecided=lambda nested: UNDECIDED):
    if nested and train - best(nested) > 0.05:
        return "Failed optimization "
    if train > 0.1:
        return undecided(nested)
    return "healthy" if test - train <= 0.05 else "overfitting"


def training_error_first(train, test, nested):
    if train <= 0.1:
        return "overfitting" if test > train + 0.05 else "healthy"
    return "failed optimization" if min([train, *nested]) < train - 0.05 else UNDECIDED


def by_the_library(train, test, nested):
    said = diagnose(train, test, min(nested, default=None))
    return UNDECIDED if said == "underfitting" else said


def remedy(strengths=(0, 0.01, 0.03, 0.1), seeds=range(3), column="weight_decay", **changes):
    """A table as a sweep of these strengths would give."""
    rows = itertools.product(strengths, seeds)
    table = pd.DataFrame(rows, columns=[column, "seed"])
    table = table.assign(epochs=2, epoch=2, width=128, train_loss=0.1, test_loss=0.5)
    table = table.assign(train_error=table[column], test_error=0.2 + 0 * table[column])
    return table.assign(**changes)


def changed(table, column, value):
    table.loc[table.index[0], column] = value
    return table


CASES = {
    "01.1": Case(
        right={
            "argmin": lambda d, train, fresh: d[fresh.mean(axis=0).argmin()],
            "Python": lambda d, train, fresh: min(
                (sum(column), degree) for degree, column in zip(d, fresh.T, strict=True)
            )[1],
            "pandas": lambda d, train, fresh: pd.DataFrame(fresh, columns=d).mean().idxmin(),
        },
        mistakes={
            "training error": (
                lambda d, train, fresh: d[train.mean(axis=0).argmin()],
                "choose by the training error",
            ),
            "index": (lambda d, train, fresh: fresh.mean(axis=0).argmin(), "place in the list"),
            "error": (lambda d, train, fresh: fresh.mean(axis=0).min(), "return the lowest error"),
            "lucky": (
                lambda d, train, fresh: d[fresh.min(axis=0).argmin()],
                "one lucky data set",
            ),
            "first rise": (
                lambda d, train, fresh: next(
                    d[i] for i, e in enumerate(np.diff(fresh.mean(axis=0))) if e > 0
                ),
                "rises for the first time",
            ),
            "gap": (
                lambda d, train, fresh: d[(fresh - train).mean(axis=0).argmin()],
                "smallest gap",
            ),
            "always 3": (lambda d, train, fresh: 3, "is 3, which is too small"),
            "all errors": (
                lambda d, train, fresh: fresh.mean(axis=0),
                "is 7 numbers, where one number is",
            ),
            "error raised": (lambda d, train, fresh: d.nothing, "AttributeError"),
        },
        unanswered=(lambda d, train, fresh: ...,),
    ),
    "01.2": Case(
        right={
            "numpy": lambda c, t: (np.mean((c.mean(axis=1) - t) ** 2), np.mean(c.var(axis=1))),
            "keras tensors": lambda c, t: keras.ops.stack(
                [
                    keras.ops.mean(keras.ops.square(keras.ops.mean(c, 1) - t)),
                    keras.ops.mean(keras.ops.var(c, 1)),
                ]
            ),
            "a dictionary": lambda c, t: {
                "bias²": np.mean((c.mean(1) - t) ** 2),
                "variance": np.mean((c - c.mean(1, keepdims=True)) ** 2),
            },
            "sample variance": lambda c, t: [
                np.mean((c.mean(1) - t) ** 2),
                c.var(1, ddof=1).mean(),
            ],
        },
        mistakes={
            "other order": (
                lambda c, t: (c.var(axis=1).mean(), np.mean((c.mean(axis=1) - t) ** 2)),
                "variance comes first",
            ),
            "not averaged": (
                lambda c, t: (np.mean((c.T - t) ** 2), c.var(axis=1).mean()),
                "bias² and variance together",
            ),
            "from the truth": (
                lambda c, t: (np.mean((c.mean(axis=1) - t) ** 2), np.mean((c.T - t) ** 2)),
                "measured from the true curve",
            ),
            "cancels": (
                lambda c, t: (np.mean(c.T - t) ** 2, c.var(axis=1).mean()),
                "cancel out",
            ),
            "wrong axis": (
                lambda c, t: (np.mean((c.mean(axis=1) - t) ** 2), c.var(axis=0).mean()),
                "runs over the places",
            ),
            "not squared": (
                lambda c, t: (np.mean(abs(c.mean(axis=1) - t)), c.var(axis=1).mean()),
                "not squared",
            ),
            "deviation": (
                lambda c, t: (np.mean((c.mean(axis=1) - t) ** 2), c.std(axis=1).mean()),
                "standard deviation",
            ),
            "one number": (
                lambda c, t: np.mean((c.T - t) ** 2),
                "is one number, where 2 numbers are",
            ),
            "words": (lambda c, t: [{}, "large"], "where numbers are asked for"),
        },
        unanswered=(lambda c, t: None, lambda c, t: (..., ...)),
    ),
    "01.3": Case(
        right={"own": stops(), "Keras": keras_stops},
        mistakes={
            "test curve": (stops(key="test_loss"), "stop by the test loss"),
            "training curve": (stops(key="train_loss"), "stop by the training loss"),
            "the last": (stops(lambda kept, stopped: (stopped, stopped)), "past its best"),
            "too late": (stops(more=1), "too late"),
            "too early": (stops(more=-1), "too early"),
            "whole curve": (
                lambda h, p: (1 + np.argmin(h["validation_loss"]), stops()(h, p)[1]),
                "after the stop",
            ),
            "whole curve plus patience": (
                lambda h, p: (
                    1 + np.argmin(h["validation_loss"]),
                    min(1 + np.argmin(h["validation_loss"]) + p, len(h["validation_loss"])),
                ),
                "the best epoch of all",
            ),
            "from zero": (stops(lambda kept, stopped: (kept - 1, stopped - 1)), "from 0"),
            "previous": (stops_against_the_previous, "the one before it"),
            "other order": (stops(lambda kept, stopped: (stopped, kept)), "in the other order"),
            "ties": (stops_late_at_a_tie, "only equals the best loss"),
            "all counted": (stops_after_so_many_in_all, "in a row count"),
            "one epoch": (lambda h, p: stops()(h, p)[0], "is one number, where 2 numbers are"),
        },
        unanswered=(lambda history, patience: None,),
    ),
    "01.4": Case(
        right={
            "the library's": by_the_library,
            "by hand": by_hand,
            "training error first": training_error_first,
        },
        mistakes={
            "ignores nested": (lambda a, b, c: by_hand(a, b, []), "do not use the nested"),
            "underfitting": (
                lambda a, b, c: by_hand(a, b, c, undecided=lambda c: "underfitting"),
                "you call it underfitting where",
            ),
            "decides on two": (
                lambda a, b, c: by_hand(
                    a, b, c, undecided=lambda c: UNDECIDED if c else "underfitting"
                ),
                "you decide all the same",
            ),
            "other way round": (
                lambda a, b, c: (
                    "failed optimization" if c and max(c) - a > 0.05 else by_hand(a, b, [])
                ),
                "wrong way round",
            ),
            "either way": (
                lambda a, b, c: (
                    "failed optimization"
                    if any(abs(a - nested) > 0.05 for nested in c)
                    else by_hand(a, b, c)
                ),
                "in either direction",
            ),
            "any nested": (
                lambda a, b, c: "failed optimization" if c and a > 0.1 else by_hand(a, b, c),
                "any nested network for a proof",
            ),
            "mean": (lambda a, b, c: by_hand(a, b, c, best=np.mean), "proof enough"),
            "gap first": (
                lambda a, b, c: "overfitting" if b > a + 0.05 else by_hand(a, b, c),
                "ask for the gap first",
            ),
            "test error alone": (
                lambda a, b, c: "overfitting" if b > 0.1 else "healthy",
                "by the test error alone",
            ),
            "10 % is not fitted": (
                lambda a, b, c: UNDECIDED if a >= 0.1 and not c else by_hand(a, b, c),
                "one of 12 % does not",
            ),
            "5 points are enough": (
                lambda a, b, c: "overfitting" if a < 0.1 and b - a >= 0.05 else by_hand(a, b, c),
                "*more* than 5 points",
            ),
            "empty not expected": (lambda a, b, c: by_hand(a, b, [min(c)]), "ValueError"),
            "a number": (lambda a, b, c: 1, "a word is asked for"),
        },
        unanswered=(lambda train, test, nested: None,),
    ),
    "01.5": Case(
        right={
            "weight decay": remedy(),
            "dropout, more seeds": remedy((0, 0.1, 0.3, 0.6, 0.9), range(5), "dropout"),
        },
        mistakes={
            "one seed": (remedy(seeds=[0]), "was tried with 1 seed"),
            "other seeds": (changed(remedy(seeds=range(4)), "seed", 9), "seeds are not the same"),
            "no control": (remedy((0.01, 0.03, 0.1, 0.3)), "no control"),
            "few strengths": (remedy((0, 0.1)), "too few"),
            "narrow": (remedy((0, 0.1, 0.11, 0.12)), "goes only from"),
            "both": (remedy(dropout=[0, 0.5] * 6), "two remedies at once"),
            "nothing varied": (remedy((0.1,)), "all runs have the same"),
            "other width": (changed(remedy(), "width", 64), "differ in width"),
            "no overfitting": (remedy(test_error=0.03), "no overfitting"),
            "numbers": ([0.1, 0.2], "what `sweep` returned"),
        },
    ),
}
