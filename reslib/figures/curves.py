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


def error_curves(table: pd.DataFrame, title: str, *, kind: str | None = None) -> Figure:
    """Draw training error and test error against the epoch, a line for each network.

    Args:
        table: The `table` of `reslib.experiments.Results`, of networks that differ in `depth`, or
            in `depth` and `kind`.
        title: String that says what is seen.
        kind: Name of a column that tells the kind of network, a key of `figures.COLORS`; without
            it all are plain.

    Returns:
        The figure, ready for `figures.show`.
    """
    from matplotlib.ticker import PercentFormatter

    marker = "o" if table.epoch.nunique() <= MOST_MARKERS else None
    figure, axes = panels(2, title=title, sharey=True)
    panels_of = {"train_error": "Training error", "test_error": "Test error"}
    for ax, (measure, name) in zip(axes, panels_of.items(), strict=True):
        for depth, of_depth in table.groupby("depth"):
            kinds = of_depth.groupby(kind) if kind else [("plain", of_depth)]
            for network, rows in kinds:
                label = f"{network}, {depth} layers"
                style = {"color": COLORS[network], "linestyle": LINES.get(depth, "-.")}
                band(ax, rows, "epoch", measure, label=label, marker=marker, **style)
        ax.set(title=name, xlabel="Epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        ax.set_ylim(0, None)
    axes[0].set_ylabel("Share of images\nclassified wrongly")
    axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def gradient_profiles(
    profiles: Mapping[str, Mapping[int, Sequence[np.ndarray]]], title: str
) -> Figure:
    """Draw gradient norm against the layer, a panel for each network, a line for each moment.

    Args:
        profiles: Dictionary from the panel's name to a dictionary from the number of steps trained
            to a list of arrays, one for each seed, with a norm for each layer. Their median is
            drawn, from dark at the start to light.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    import matplotlib

    figure, axes = panels(len(profiles), title=title, sharey=True)
    for ax, (name, moments) in zip(axes, profiles.items(), strict=True):
        colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.85, len(moments)))
        for (steps, norms), color in zip(moments.items(), colors, strict=True):
            middle = np.median(norms, axis=0)
            layers = 1 + np.arange(len(middle))
            ax.semilogy(layers, middle, color=color, label=after(steps))
        ax.set(title=name, xlabel="Layer", ylim=(1e-4, 2e3))
    axes[0].set_ylabel("Gradient norm\n(loss per unit of weight)")
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
