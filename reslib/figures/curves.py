"""Lines with the spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reslib.figures.style import COLORS, LINES, after, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MARKERS = 20  # epochs on a line; with more the markers would hide it
LETTERS = 17  # pixels between two labels at the ends of lines
ERRORS = {"train_error": "Training error", "test_error": "Test error"}


def band(axes: Axes, table: pd.DataFrame, x: str, y: str, **line: Any) -> None:
    """Draw the mean of `y` over all rows that share an `x`, and a band from the least to the most.

    Args:
        axes: Matplotlib axes.
        table: A pandas table, with one row for each seed and value of `x`.
        x, y: Names of columns.
        **line: Arguments for `axes.plot`, such as `label` and `color`.
    """
    values = table.groupby(x)[y]
    mean = values.mean()
    (drawn,) = axes.plot(mean.index, mean, **line)
    axes.fill_between(
        mean.index, values.min(), values.max(), color=drawn.get_color(), alpha=0.15, linewidth=0
    )


def error_curves(
    table: pd.DataFrame, title: str, *, kind: str | None = None, of: str = "images"
) -> Figure:
    """Draw training error and test error against the epoch, a line for each network.

    Args:
        table: The `table` of `reslib.experiments.Results`, of networks that differ in `depth`, or
            in `depth` and `kind`.
        title: String that says what is seen.
        kind: Name of a column that tells the kind of network, a key of `figures.COLORS`; without
            it all are plain.
        of: String, what is classified, in the plural.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.ticker import PercentFormatter

    marker = "o" if table.epoch.nunique() <= MOST_MARKERS else None
    figure, axes = panels(2, title=title, sharey=True)
    said = {}
    for ax, (measure, name) in zip(axes, ERRORS.items(), strict=True):
        for depth, of_depth in table.groupby("depth"):
            kinds = of_depth.groupby(kind) if kind else [("plain", of_depth)]
            for network, rows in kinds:
                label = f"{network}-{depth}"
                style = {"color": COLORS[network], "linestyle": LINES.get(depth, "-.")}
                band(ax, rows, "epoch", measure, label=label, marker=marker, **style)
                last = rows[rows.epoch == rows.epoch.max()][measure].mean()
                said.setdefault(label, []).append(f"{last:.1%}")
        ax.set(title=name, xlabel="Epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes[0].set_ylim(0, None)  # both panels', now that both are drawn
    axes[0].set_ylabel(f"Share of {of}\nclassified wrongly")
    label_ends(axes[1])
    words = "; ".join(f"{label} {' / '.join(errors)}" for label, errors in said.items())
    figure.set_label(
        f"Training / test error after epoch {table.epoch.max()}{_mean_over(table)}: {words}."
    )
    return figure


def depth_curves(
    table: pd.DataFrame,
    title: str,
    *,
    measure: str = "test_error",
    kind: str | None = None,
    of: str = "images",
) -> Figure:
    """Draw error against depth, a line for each kind of network.

    Args:
        table: The `final` of `reslib.experiments.Results`, with the columns `depth` and `seed`.
        title: String that says what is seen.
        measure: `"test_error"` or `"train_error"`.
        kind: Name of a column that tells the kind of network, a key of `figures.COLORS`; without
            it all are plain.
        of: String, what is classified, in the plural.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.ticker import PercentFormatter

    figure, ax = panels(title=title, width=7)
    said = []
    for network, rows in table.groupby(kind) if kind else [("plain", table)]:
        band(ax, rows, "depth", measure, label=network, color=COLORS[network], marker="o")
        errors = rows.groupby("depth")[measure].mean()
        said.append(f"{network} {', '.join(f'{error:.1%}' for error in errors)}")
    depths = sorted(table.depth.unique())
    ax.set(xlabel="Depth (layers)", xticks=depths, ylim=(0, None))
    ax.set_ylabel(f"{ERRORS[measure]}\n(share of {of})")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    label_ends(ax)
    figure.set_label(
        f"{ERRORS[measure]} with {', '.join(map(str, depths))} layers{_mean_over(table, 'depth')}: "
        f"{'; '.join(said)}."
    )
    return figure


def label_ends(axes: Axes) -> None:
    """Write each line's label where it ends, apart from one another, in place of a legend.

    Call it when the lines are drawn and the limits set.
    """
    lines = [line for line in axes.lines if not line.get_label().startswith("_")]
    lines.sort(key=lambda line: line.get_ydata()[-1])
    axes.figure.draw_without_rendering()  # a place in pixels is known only then
    place = None
    for line in lines:
        end = axes.transData.transform((line.get_xdata()[-1], line.get_ydata()[-1]))
        high = max(end[1], place + LETTERS) if place is not None else end[1]
        axes.annotate(
            line.get_label(),
            (line.get_xdata()[-1], line.get_ydata()[-1]),
            (8, (high - end[1]) * 72 / axes.figure.dpi),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
            annotation_clip=False,
        )
        place = high


def _mean_over(table, *groups):
    """Say over how many seeds each mean is; one group may have more than another."""
    if "seed" not in table or table.seed.nunique() == 1:
        return ""
    counts = table.groupby(list(groups)).seed.nunique() if groups else [table.seed.nunique()]
    return f" (mean of {_seeds(counts)}; bands from the best to the worst)"


def _seeds(counts):
    fewest, most = min(counts), max(counts)
    return f"{fewest} seeds" if fewest == most else f"{fewest} to {most} seeds"


def gradient_profiles(
    profiles: Mapping[str, Mapping[int | str, Sequence[np.ndarray]]],
    title: str,
    *,
    measure: str = "Gradient norm",
) -> Figure:
    """Draw what is measured of the gradient in each layer, a line for each moment of a training.

    Args:
        profiles: Dictionary from the panel's name to a dictionary from a moment (the number of
            steps trained, or words) to a list of arrays, one for each seed, with a positive number
            for each layer. Their median is drawn, with a band from the least to the most. A moment
            has the same colour in all panels, from dark for the first to light for the last.
        title: String that says what is seen.
        measure: String, what the numbers are, such as `"Gradient norm"` or `"Update ratio"`.

    Returns:
        The figure, with a sentence of its own: the first layer over the last, for each line.
    """
    import matplotlib

    figure, axes = panels(len(profiles), title=title, sharey=True, squeeze=False)
    moments = list(dict.fromkeys(moment for lines in profiles.values() for moment in lines))
    shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.85, len(moments)))
    colors = dict(zip(moments, shades, strict=True))
    said, known = [], {}
    for ax, (name, lines) in zip(axes[0], profiles.items(), strict=True):
        ratios = []
        for moment, values in lines.items():
            values = np.asarray(values)
            label = moment if isinstance(moment, str) else after(moment)
            layers = 1 + np.arange(values.shape[1])
            style = {"color": colors[moment], "label": label}
            (known[label],) = ax.semilogy(layers, np.median(values, axis=0), **style)
            ends = values.min(axis=0), values.max(axis=0)
            ax.fill_between(layers, *ends, color=colors[moment], alpha=0.15, linewidth=0)
            ratios.append(f"{label} {np.median(values[:, 0] / values[:, -1]):.2g}")
        ax.set(title=name, xlabel="Layer")
        ax.xaxis.get_major_locator().set_params(integer=True)
        said.append(f"{' '.join(name.split())}: {', '.join(ratios)}")
    axes[0, 0].set_ylabel(measure)
    if len(known) > 1:
        axes[0, -1].legend(known.values(), known, loc="upper left", bbox_to_anchor=(1, 1))
    counts = [len(values) for lines in profiles.values() for values in lines.values()]
    figure.set_label(
        f"{measure}, first layer over last (median of {_seeds(counts)}; bands from the least to "
        f"the most): {'; '.join(said)}."
    )
    return figure
