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

    The sentence under the figure is made from the table.

    Args:
        table: A pandas table with a row for each degree (its index) and the columns `"bias²"`,
            `"variance"` and `"test"`, the measured error.
        noise_variance: Float.
        title: String that says what is seen.

    Returns:
        The figure, which shows itself.
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
    figure.set_label(_in_words(table, bottom))
    return figure


def _in_words(table, total):
    """Say which part rules at both ends, where the error is lowest, and how well the sum fits."""
    shares = table[list(PARTS)].div(table[list(PARTS)].sum(axis=1), axis=0)
    ends = " and ".join(
        f"{part} makes {share:.0%} of it at degree {degree}"
        for degree, part, share in zip(
            table.index[[0, -1]],
            shares.idxmax(axis=1).iloc[[0, -1]],
            shares.max(axis=1).iloc[[0, -1]],
            strict=True,
        )
    )
    missed = abs(total / table["test"] - 1).max()
    return (
        f"Mean squared error against the degree. Without the noise, {ends}. The error is lowest at "
        f"degree {table['test'].idxmin()}. Noise, bias² and variance together miss the measured "
        f"error by {missed:.1%} at most."
    )
