"""What an error is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reslib.figures.style import panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

PARTS = {"bias²": "#56B4E9", "variance": "#F0E442"}


def error_parts(table: pd.DataFrame, noise_variance: float, title: str) -> Figure:
    """Draw noise, bias² and variance on top of one another, the measured error beside them.

    Args:
        table: A pandas table with a row for each degree (its index) and the columns `"bias²"`,
            `"variance"` and `"test"`, the measured error.
        noise_variance: Float.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    figure, ax = panels(title=title)
    ax.bar(table.index, noise_variance, color="#BBBBBB", label="noise")
    bottom = noise_variance
    for name, color in PARTS.items():
        ax.bar(table.index, table[name], bottom=bottom, color=color, label=name)
        bottom = bottom + table[name]
    ax.plot(table.index, table["test"], "ko", label="measured error on\nfresh noisy data")
    ax.set(xlabel="Degree", ylabel="Mean squared error", xticks=table.index[::2])
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
