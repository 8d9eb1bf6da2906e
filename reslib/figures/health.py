"""A panel that shows how a network fares while it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.style import after, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def health_panel(records: Mapping[str, Mapping[int, pd.DataFrame]], title: str) -> Figure:
    """Draw a row for each measure, a column for each network, a line for each moment.

    Args:
        records: Dictionary from the name of a network to a dictionary from the number of steps
            trained to a pandas table with a row for each layer. Its columns are the measures; one
            named `"saturated"` is drawn on a linear axis from 0 to 1, others on a log axis. The
            earliest moment is drawn darkest.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    measures = list(next(iter(next(iter(records.values())).values())))
    figure, axes = panels(
        len(records), rows=len(measures), height=2, title=title, sharex=True, sharey="row",
        squeeze=False,
    )  # fmt: skip
    for column, (name, moments) in zip(axes.T, records.items(), strict=True):
        column[0].set_title(name)
        column[-1].set_xlabel("Layer")
        greys = np.linspace(0, 0.75, len(moments))
        for ax, measure in zip(column, measures, strict=True):
            for (steps, table), grey in zip(moments.items(), greys, strict=True):
                layers = 1 + np.arange(len(table))
                ax.plot(layers, table[measure], color=str(grey), label=after(steps))
            if measure == "saturated":
                ax.set_ylim(-0.02, 1.02)
            else:
                ax.set_yscale("log")
    for ax, measure in zip(axes[:, 0], measures, strict=True):
        ax.set_ylabel(measure[0].upper() + measure[1:])
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
