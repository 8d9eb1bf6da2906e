"""What happens from layer to layer, in many random networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from reslib.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def layer_curves(
    panels: Mapping[str, Mapping[str, pd.DataFrame]],
    title: str,
    styles: Mapping[str, Mapping[str, Any]],
    *,
    sharey: bool = False,
) -> Figure:
    """Draw a line for each kind of network, from layer to layer, on a log axis.

    Args:
        panels: Dictionary from the name of a panel to a dictionary from the label of a line to a
            pandas table with a row for each layer and a column for each network. The median over
            the networks is drawn, with a band from the least to the most.
        title: String that says what is seen.
        styles: Dictionary from the label of a line to its arguments for `axes.plot`.
        sharey: Whether the panels have the same vertical axis.

    Returns:
        The figure, ready for `figures.show`.
    """
    figure, axes = style.panels(len(panels), title=title, sharey=sharey, squeeze=False)
    for ax, (name, lines) in zip(axes[0], panels.items(), strict=True):
        for label, table in lines.items():
            (drawn,) = ax.semilogy(table.median(axis=1), label=label, **styles[label])
            ends = table.min(axis=1), table.max(axis=1)
            ax.fill_between(table.index, *ends, color=drawn.get_color(), alpha=0.15, linewidth=0)
        ax.set(title=name, xlabel="Layer")
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def growth_maps(tables: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """Draw growth per layer in numbers and colours: blue shrinks, red grows.

    Args:
        tables: Dictionary from the name of a panel to a pandas table of positive factors.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    figure, axes = style.panels(
        len(tables), title=title, height=3.8, width=10 if len(tables) > 1 else 7.5, squeeze=False
    )
    for ax, (name, table) in zip(axes[0], tables.items(), strict=True):
        exponents = np.log2(table.values)
        ax.imshow(exponents, cmap="RdBu_r", vmin=-2, vmax=2, aspect="auto")
        for (row, column), exponent in np.ndenumerate(exponents):
            color = "white" if abs(exponent) > 1.3 else "black"
            words = f"{2.0**exponent:.2f}"
            ax.text(column, row, words, ha="center", va="center", color=color, fontsize=10)
        ax.set_xticks(range(table.shape[1]), table.columns, fontsize=9)
        ax.set_yticks(range(table.shape[0]), table.index)
        ax.set_title(name)
        ax.grid(False)
    return figure
