"""The exercise of notebook 04 that compares networks: 04.6."""

import numpy as np

from reslib.exercises import designs
from reslib.exercises.exercise import exercise


@exercise(
    "04.6",
    "Is it only the learning rate?",
    hints=(
        "You want two curves: the training error against the learning rate, one with shortcuts and "
        "one without. What has to be the same in both, and how often is each point repeated?",
        "Two kinds × four rates × three seeds are 24 runs. Let the rates grow by a constant "
        "factor, over a factor of 10 at least, and keep everything else as it is.",
    ),
)
def learning_rates(answer):
    from reslib.experiments import Results

    runs = designs.runs_of(answer)
    table = Results(answer).final
    shortcuts = [run.model.arguments.get("shortcut", "A") for run in runs]
    table["shortcut"] = [str(shortcut) for shortcut in shortcuts]
    table["kind"] = ["plain" if shortcut is None else "residual" for shortcut in shortcuts]
    designs.controlled(table, "kind", "residual", "plain", "learning_rate")
    designs.enough_points(table.learning_rate, "learning rate", least=4, span=10)
    designs.enough_seeds(table, ["kind", "learning_rate"])
    designs.one_change(table, ["kind", "learning_rate"], measured=["shortcut"])
    rates = np.sort(table.learning_rate.unique())
    means = table.groupby(["kind", "learning_rate"]).train_error.mean()
    best = {kind: means[kind].idxmin() for kind in ("plain", "residual")}
    lowest = (
        f"plain {means['plain'].min():.1%} at {best['plain']:g}; "
        f"residual {means['residual'].min():.1%} at {best['residual']:g}"
    )
    edge = [kind for kind in best if best[kind] in (rates[0], rates[-1])]
    if edge:
        which = "plain and residual" if len(edge) == 2 else edge[0]
        return (
            f"a sound comparison. The lowest mean training errors: {lowest}. The best rate of "
            f"{which} is at the edge of yours: go further."
        )
    return f"a sound comparison. The lowest mean training errors: {lowest}."
