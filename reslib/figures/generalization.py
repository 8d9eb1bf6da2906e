"""Training and test measures side by side, against whatever was varied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reslib.figures.curves import band
from reslib.figures.style import COLORS, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FEW = 8  # values of what was varied that stand side by side, at equal distances
VARIED = {
    "dataset_train_size": "Training images",
    "dropout": "Share of units switched off",
    "epoch": "Passes over the training images",
    "weight_decay": "Weight decay",
    "width": "Units in each hidden layer",
}
MEASURES = {"loss": "Loss (nats)", "error": "Share of images\nclassified wrongly"}


def training_and_test(
    varied: Mapping[str, tuple[pd.DataFrame, str]], title: str, *, measures: str = "error"
) -> Figure:
    """Draw training and test measures against what was varied, a column of panels for each.

    Bands reach from the least to the most over the seeds. Up to eight values stand at equal
    distances; more are drawn to scale. The sentence under the figure is made from the test values.

    Args:
        varied: Dictionary from the title of a column to a table of `reslib.experiments.Results`
            (`final`, or `table`) and the name of its column that was varied, such as
            `{"Weight decay": (results.final, "weight_decay")}`.
        title: String that says what is seen.
        measures: `"error"`, `"loss"`, or both, `"loss error"`: a row of panels for each.

    Returns:
        The figure, which shows itself.

    Raises:
        ValueError: for another measure.
    """
    names = measures.split()
    if not names or not set(names) <= set(MEASURES):
        known = ", ".join(map(repr, MEASURES))
        raise ValueError(f"measures must be of {known}, between spaces; received {measures!r}")
    columns, rows = len(varied), len(names)
    height = 3.4 if rows == 1 else 2.6
    figure, axes = panels(
        columns, title=title, rows=rows, height=height, sharey="row", squeeze=False
    )
    sentences = []
    for column, (name, (table, what)) in enumerate(varied.items()):
        axes[0, column].set_title(name)
        axes[-1, column].set_xlabel(VARIED.get(what, what))
        for ax, measure in zip(axes[:, column], names, strict=True):
            _draw(ax, table, what, measure)
        said = [f"test {measure} {_course(table, what, measure)}" for measure in names]
        sentences.append(f"{name}: mean {'; '.join(said)}.")
    for ax, measure in zip(axes[:, 0], names, strict=True):
        ax.set_ylabel(MEASURES[measure])
        ax.set_ylim(0, None)
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.set_label(" ".join(sentences))
    return figure


def _draw(ax, table, what, measure):
    values = sorted(table[what].unique())
    few = len(values) <= FEW
    if few:  # at equal distances
        table = table.assign(**{what: table[what].map(values.index)})
        ax.set_xticks(range(len(values)), [f"{value:,g}" for value in values])
    for part, line in (("test", "-"), ("train", ":")):
        style = {"label": {"train": "training"}.get(part, part), "ls": line}
        style |= {"color": COLORS["plain"], "marker": "o" if few else None}
        band(ax, table, what, f"{part}_{measure}", **style)
    if measure == "error":
        ax.yaxis.set_major_formatter(lambda y, _: f"{y:.0%}")


def _course(table, what, measure):
    """Say the first, the lowest and the last value of the mean test measure."""
    mean = table.groupby(what)[f"test_{measure}"].mean()
    places = sorted({mean.index[0], mean.idxmin(), mean.index[-1]})
    digits = ".1%" if measure == "error" else ".2f"
    return ", ".join(f"{mean[place]:{digits}} at {place:,g}" for place in places)
