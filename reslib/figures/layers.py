"""What happens from layer to layer in random networks, and by which factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reslib.figures import style
from reslib.figures.curves import label_ends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Below or above, a hundred layers change a gradient by more than a factor of ten thousand.
VANISHING, EXPLODING = 0.9, 1.1
_SHADES = {"vanishing": "#DDEAF3", "exploding": "#F8E3D8"}


def layer_curves(
    panels: Mapping[str, Mapping[str, pd.DataFrame]],
    title: str,
    styles: Mapping[str, Mapping[str, Any]],
    *,
    sharey: bool = False,
    xlabel: str = "Layer",
    ylabel: str = "",
    over: str = "networks",
) -> Figure:
    """Draw a line for each kind of network, from layer to layer, on a log axis.

    Args:
        panels: Dictionary from the name of a panel to a dictionary from the label of a line to a
            pandas table with a row for each layer and a column for each repetition. The median is
            drawn, with a band from the least to the most.
        title: String that says what is seen.
        styles: Dictionary from the label of a line to its arguments for `axes.plot`.
        sharey: Whether the panels have the same vertical axis.
        xlabel, ylabel: Strings, what the rows of the tables are and what the values are.
        over: String, what the columns of the tables are, in the plural.

    Returns:
        The figure, with a sentence of its own.
    """
    width = 7.5 if len(panels) == 1 else None
    figure, axes = style.panels(len(panels), title=title, sharey=sharey, squeeze=False, width=width)
    said = []
    for ax, (name, lines) in zip(axes[0], panels.items(), strict=True):
        ends = []
        for label, table in lines.items():
            middle = table.median(axis=1)
            (drawn,) = ax.semilogy(middle, label=label, **styles[label])
            band = table.min(axis=1), table.max(axis=1)
            ax.fill_between(table.index, *band, color=drawn.get_color(), alpha=0.15, linewidth=0)
            ends.append(f"{label} from {middle.iloc[0]:.2g} to {middle.iloc[-1]:.2g}")
        ax.set(title=name, xlabel=xlabel)
        ax.xaxis.get_major_locator().set_params(integer=True)
        low, high = ax.get_ylim()
        if high < 10 * low:  # too narrow for powers of ten
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter("{x:g}")
        heading = f"{' '.join(name.split())}: " if name else ""
        said.append(f"{heading}{', '.join(ends)}.")
    axes[0, 0].set_ylabel(ylabel)
    _label(figure, axes[0, -1])
    first, last = table.index[[0, -1]]
    number = len(table.columns)
    of = f"median of {number} {over} (bands: least to most)" if number > 1 else "one network"
    figure.set_label(f"{xlabel} {first} to {last}, {of}. {' '.join(said)}")
    return figure


def growth_curves(
    predicted: pd.DataFrame,
    measured: Mapping[str, pd.DataFrame],
    title: str,
    styles: Mapping[str, Mapping[str, Any]],
    marks: Mapping[str, float] | None = None,
) -> Figure:
    """Draw growth per layer against the gain: predictions as lines, measurements as dots.

    Args:
        predicted: A pandas table with a row for each gain and a column for each activation.
        measured: Dictionary from the activation to a pandas table with a row for each gain and a
            column for each network.
        title: String that says what is seen.
        styles: Dictionary from the activation to its arguments for `axes.plot`.
        marks: Dictionary from a name to a gain, which gets a dotted line.

    Returns:
        The figure, with a sentence of its own.
    """
    figure, ax = style.panels(title=title, width=7.5, height=4)
    off = []
    for name, line in predicted.items():
        ax.loglog(line, label=name, **styles[name])
        for network in measured[name].values.T:
            ax.loglog(measured[name].index, network, "o", color=styles[name]["color"], alpha=0.6)
        off.append(abs(np.log(measured[name].div(line, axis=0))).values)
    ax.axhline(1, color="black", lw=1)
    for number, (name, gain) in enumerate((marks or {}).items()):
        ax.axvline(gain, color=style.COLORS["control"], lw=1, ls=":")
        side = {"ha": "left" if number else "right", "va": "bottom"}
        low = ax.get_ylim()[0]
        ax.text(gain, low, f" {name} ", color=style.COLORS["control"], **side)
    ax.set_xlabel("Gain (standard deviation of the weights · √inputs)")
    ax.set_ylabel("Growth of the gradient per layer\n(going back, as a factor)")
    ax.set_xticks(predicted.index, [_gain(value) for value in predicted.index])
    ax.set_yticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    ax.minorticks_off()
    label_ends(ax)
    figure.set_label(
        f"Growth per layer at gains from {_gain(predicted.index[0])} to "
        f"{_gain(predicted.index[-1])}: predicted (lines) and measured (dots, "
        f"{len(next(iter(measured.values())).columns)} networks each). They differ by "
        f"{np.expm1(np.mean(off)):.1%} on average."
    )
    return figure


def growth_rows(groups: Mapping[str, Mapping[str, Sequence[float]]], title: str) -> Figure:
    """Draw growth per layer as rows of dots, in groups; what vanishes or explodes is shaded.

    Args:
        groups: Dictionary from the name of a group to a dictionary from a setting to one factor for
            each network.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    rows = sum(1 + len(group) for group in groups.values())
    figure, ax = style.panels(title=title, width=8, height=1 + 0.27 * rows)
    ax.set_xscale("log")
    y, ticks, said, every = 0, {}, [], []
    for name, group in groups.items():
        ax.text(0.01, y, name, transform=ax.get_yaxis_transform(), fontweight="bold", va="center")
        for setting, factors in group.items():
            y += 1
            mean = np.exp(np.mean(np.log(factors)))
            ax.plot(factors, [y] * len(factors), "o", color=style.COLORS["no normalization"])
            beside = {"textcoords": "offset points", "va": "center", "fontsize": 10}
            ax.annotate(f"{mean:.2f}", (max(factors), y), (8, 0), **beside)
            ticks[y] = setting
            every.append(mean)
        y += 1
        count = len(group)
        low = sum(np.mean(f) < VANISHING for f in group.values())
        high = sum(np.mean(f) > EXPLODING for f in group.values())
        said.append(f"{name}: {low} of {count} below {VANISHING}, {high} above {EXPLODING}")
    low, high = min(0.5, min(every) / 2), max(2, max(every) * 2)
    ax.axvspan(low, VANISHING, color=_SHADES["vanishing"], lw=0, zorder=0)
    ax.axvspan(EXPLODING, high, color=_SHADES["exploding"], lw=0, zorder=0)
    ax.axvline(1, color="black", lw=1, zorder=1)
    ax.set(xlim=(low, high), ylim=(y - 0.4, -1.5))
    for word, ends in {"vanishes": (low, VANISHING), "explodes": (EXPLODING, high)}.items():
        ax.text(np.sqrt(np.prod(ends)), -1, word, ha="center", va="center", style="italic")
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.grid(axis="y", visible=False)
    factors = [x for x in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30) if low < x < high]
    ax.set_xticks(factors, [f"{x:g}" for x in factors])
    ax.minorticks_off()
    ax.set_xlabel("Growth of the gradient per layer, going back (factor)")
    figure.set_label(f"Growth of the gradient per layer, going back. {'; '.join(said)}.")
    return figure


def _label(figure, ax):
    """Write the labels where the lines end, or below the figure where they end together."""
    ends = np.sort(np.log([line.get_ydata()[-1] for line in ax.lines]))
    low, high = np.log(ax.get_ylim())
    if np.diff(ends).min(initial=np.inf) > 0.03 * (high - low):
        label_ends(ax)
    else:
        handles, labels = ax.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))


def _gain(value):
    """Write a quarter and a half as one does."""
    return {0.25: "¼", 0.5: "½"}.get(value, f"{value:.3g}")
