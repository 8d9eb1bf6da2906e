"""How alike the gradients at different inputs are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reslib.figures.style import COLORS, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def signals(x: np.ndarray, curves: Mapping[str, tuple[np.ndarray, str]], title: str) -> Figure:
    """Draw a panel for each signal over `x`, scaled to its largest value.

    Args:
        x: Array of inputs.
        curves: Dictionary from the panel's name to a signal and a key of `figures.COLORS`.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    figure, axes = panels(len(curves), title=title, height=2.6)
    for ax, (name, (signal, kind)) in zip(axes, curves.items(), strict=True):
        ax.plot(x, signal / np.abs(signal).max(), color=COLORS[kind], linewidth=1)
        ax.set(title=name, xlabel="Input x", yticks=[])
    axes[0].set_ylabel("Gradient (scaled)")
    return figure


def autocorrelations(
    kinds: Mapping[str, Mapping[int, Sequence[float]]],
    noises: Mapping[str, Sequence[float]],
    title: str,
) -> Figure:
    """Draw autocorrelation against the lag, a panel for each kind of network, noise in each.

    Args:
        kinds: Dictionary from the panel's name to a dictionary from a depth to one value for each
            lag. The name's first word is a key of `figures.COLORS`; deeper is darker.
        noises: Dictionary from a name to one value for each lag.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    figure, axes = panels(len(kinds), title=title, sharey=True)
    for ax, (kind, depths) in zip(axes, kinds.items(), strict=True):
        color = COLORS[kind.split(",")[0]]
        shades = np.linspace(0.2, 1, len(depths))
        for (depth, values), shade in zip(depths.items(), shades, strict=True):
            ax.plot(values, color=color, alpha=shade, label=f"{depth} layers")
        for (name, values), style in zip(noises.items(), (":", "--"), strict=True):
            ax.plot(values, style, color=COLORS["control"], label=name)
        ax.set(title=kind, xlabel="Lag (steps of the grid)")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0].set_ylabel("Autocorrelation")
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def dot_rows(table: pd.DataFrame, colors: Sequence[str], title: str) -> Figure:
    """Draw a row for each network in a panel for each quantity: dots for seeds, a bar for the mean.

    Args:
        table: A pandas table; each cell holds an array with one value for each seed.
        colors: A color for each row.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    size = {"height": 1.2 + 0.3 * len(table), "width": 10}
    figure, axes = panels(len(table.columns), title=title, sharey=True, **size)
    for ax, column in zip(axes, table, strict=True):
        for row, (values, color) in enumerate(zip(table[column], colors, strict=True)):
            ax.plot(values, [row] * len(values), "o", color=color, alpha=0.25, markeredgewidth=0)
            ax.plot(np.mean(values), row, "|", color=color, markersize=16, markeredgewidth=3)
        ax.set(xlabel=column)
    axes[0].set_yticks(range(len(table)), table.index)
    axes[0].invert_yaxis()
    return figure


def decay(axes: Axes, measured: pd.DataFrame, theory: Callable[[int], float], **line: Any) -> None:
    """Draw what is measured as dots with two standard errors, and a theory as a thin line.

    Args:
        axes: Matplotlib axes; the values' axis becomes logarithmic.
        measured: A pandas table with a column for each depth and a row for each repetition.
        theory: Function of the depth.
        **line: Arguments for the dots, such as `label`, `color` and `fmt`.
    """
    error = measured.std() / np.sqrt(len(measured))
    style = {"fmt": "o", **line}
    axes.errorbar(measured.columns, measured.mean(), 2 * error, **style)
    depths = np.arange(1, max(measured.columns) + 1)
    axes.plot(depths, [theory(depth) for depth in depths], color=line.get("color"), linewidth=1)
    axes.set(yscale="log", xlabel="Layers L", ylim=(5e-3, 1))
