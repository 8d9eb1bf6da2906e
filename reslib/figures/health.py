"""Gauges of a network's health: what they read, and how well the network then learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.style import COLORS, after, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MARKS = (  # one network, one color and marker
    ("#CC79A7", "o"),
    ("#000000", "s"),
    ("#56B4E9", "D"),
    ("#E69F00", "v"),
    ("#009E73", "^"),
    ("#0072B2", "P"),
)
HIGHEST = 3.2  # a higher loss, or none, is drawn here


def health_panel(records: Mapping[str, Mapping[int, pd.DataFrame]], title: str) -> Figure:
    """Draw a row for each measure, a column for each network, a line for each moment.

    Args:
        records: Dictionary from the name of a network to a dictionary from the number of steps
            trained to a pandas table with a row for each layer. Its columns are the measures; one
            named `"saturated"` is drawn on a linear axis from 0 to 1, others on a log axis. The
            earliest moment is drawn darkest.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    measures = list(next(iter(next(iter(records.values())).values())))
    figure, axes = panels(
        len(records), rows=len(measures), height=2, title=title, sharex=True, sharey="row",
        squeeze=False,
    )  # fmt: skip
    for column, (name, moments) in zip(axes.T, records.items(), strict=True):
        column[0].set_title(name)
        column[-1].set_xlabel("Layer")
        column[-1].xaxis.get_major_locator().set_params(integer=True)
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
    if any(len(moments) > 1 for moments in records.values()):
        axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    said = []
    for name, moments in records.items():
        steps, table = max(moments.items())
        ends = [f"{m} {table[m].iloc[0]:.2g} to {table[m].iloc[-1]:.2g}" for m in measures]
        said.append(f"{' '.join(name.split())}, {after(steps)}: {', '.join(ends)}.")
    figure.set_label(f"From the first layer to the last. {' '.join(said)}")
    return figure


def gauges(
    table: pd.DataFrame,
    title: str,
    *,
    window: tuple[float, float],
    steps: int,
    guessing: float = np.log(10),
) -> Figure:
    """Draw how well networks learn against what each of three gauges said before.

    Args:
        table: A pandas table with a row for each training: `network`, its name (of six at most);
            `saturated`, `gradient norm` and `update ratio`, what the gauges read at the start; and
            `loss`, the training loss at the end (infinite or missing where it diverged).
        title: String that says what is seen.
        window: The update ratios between which the third panel is shaded.
        steps: Integer, after how many steps the loss was measured.
        guessing: Float, the loss of guessing.

    Returns:
        The figure, with a sentence of its own.
    """
    names = {
        "saturated": "Saturated units\n(share)",
        "gradient norm": "Gradient norm\n(median layer)",
        "update ratio": "Update ratio\n(median layer)",
    }
    figure, axes = panels(3, title=title, sharey=True, height=4)
    loss = table["loss"].fillna(np.inf)
    for ax, (gauge, label) in zip(axes, names.items(), strict=True):
        for network, (color, marker) in zip(table.network.unique(), MARKS, strict=False):
            own = table.network == network
            drawn = {"color": color, "marker": marker, "ls": "", "ms": 6, "alpha": 0.75}
            fits = own & (loss < HIGHEST)
            ax.plot(table[gauge][fits], loss[fits], label=network, **drawn)
            rest = table[gauge][own & ~fits]
            drawn |= {"markerfacecolor": "none"}
            ax.plot(rest, np.full(len(rest), HIGHEST), **drawn)
        ax.axhline(guessing, color="black", lw=1, ls=":")
        ax.set_xlabel(label)
        if gauge != "saturated":
            ax.set_xscale("log")
    axes[0].set(xlim=(-0.03, 1.03), ylim=(0, HIGHEST + 0.25))
    axes[0].set_yticks([0, 1, 2, HIGHEST], ["0", "1", "2", "higher"])
    axes[0].set_ylabel(f"Training loss {after(steps)}")
    axes[0].text(1, guessing, "guessing ", ha="right", va="bottom")
    axes[2].axvspan(*window, color=COLORS["control"], alpha=0.2, lw=0, zorder=0)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    inside = table["update ratio"].between(*window)
    figure.set_label(
        f"Training loss {after(steps)} of {len(table)} networks against what three gauges read "
        f"before the first step. Of those with an update ratio from {window[0]:g} to "
        f"{window[1]:g} the best reaches {loss[inside].min():.2f}, of the others "
        f"{loss[~inside].min():.2f}; guessing gives {guessing:.2f}."
    )
    return figure
