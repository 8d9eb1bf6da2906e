"""How alike the gradients at different inputs are, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reslib.figures.curves import label_ends
from reslib.figures.style import COLORS, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE_BY_SIDE = 3  # panels of signals; narrower ones could not be read


def signals(
    x: np.ndarray,
    curves: Mapping[str, tuple[np.ndarray, str]],
    title: str,
    *,
    shown: slice = slice(None),
) -> Figure:
    """Draw a panel for each signal over `x`, scaled to its largest value, three side by side.

    Args:
        x: Array of inputs.
        curves: Dictionary from the panel's name to a signal and a key of `figures.COLORS`.
        title: String that says what is seen.
        shown: Slice, the part of each signal that is drawn; the sentence is about the whole.

    Returns:
        The figure, with a sentence of its own.
    """
    from reslib.probes import autocorrelation

    columns = min(len(curves), _SIDE_BY_SIDE)
    rows = -(-len(curves) // columns)
    figure, axes = panels(columns, rows=rows, title=title, height=2.2, squeeze=False)
    for ax in axes.flat[len(curves) :]:
        ax.set_visible(False)
    for ax, (name, (signal, kind)) in zip(axes.flat, curves.items(), strict=False):
        part = np.ravel(signal)[shown]
        ax.plot(np.ravel(x)[shown], part / np.abs(part).max(), color=COLORS[kind], linewidth=1.2)
        ax.set(title=name, yticks=[])
    for ax in axes[-1]:
        ax.set_xlabel("Input x")
    for ax in axes[:, 0]:
        ax.set_ylabel("Gradient (scaled)")
    alike = [
        f"{_in_a_line(name)} {autocorrelation(np.ravel(signal), 1):.2f}"
        for name, (signal, _) in curves.items()
    ]
    figure.set_label(
        "One initialization. How alike neighbouring values are (autocorrelation at lag 1): "
        f"{'; '.join(alike)}."
    )
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
        The figure, with a sentence of its own.
    """
    figure, axes = panels(len(kinds), title=title, sharey=True)
    said = []
    for ax, (kind, depths) in zip(axes, kinds.items(), strict=True):
        color = COLORS[kind.split(",")[0]]
        shades = np.linspace(0.2, 1, len(depths))
        for (depth, values), shade in zip(depths.items(), shades, strict=True):
            ax.plot(values, color=color, alpha=shade, label=f"{depth} layers")
        for (name, values), style in zip(noises.items(), (":", "--"), strict=True):
            ax.plot(values, style, color=COLORS["control"], label=name)
        ax.set(title=kind, xlabel="Lag (steps of the grid)")
        ax.xaxis.get_major_locator().set_params(integer=True)
        said.append(f"{kind}: {', '.join(f'{values[1]:.2f}' for values in depths.values())}")
    axes[0].set_ylabel("Autocorrelation")
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    all_depths = ", ".join(map(str, next(iter(kinds.values()))))
    figure.set_label(f"Autocorrelation at lag 1 with {all_depths} layers. {'; '.join(said)}.")
    return figure


def flips(table: pd.DataFrame, title: str) -> Figure:
    """Draw autocorrelation against the units that flip in all layers, beside exp(-2 flips).

    Args:
        table: A pandas table with the columns `depth`, `step` (the distance of neighbours),
            `flips` (the shares of units that flip between neighbours, summed over the layers) and
            `autocorrelation`. What shares a depth and a step is averaged.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    figure, ax = panels(title=title, width=8, height=3.8)
    means = table.groupby(["depth", "step"]).mean(numeric_only=True).reset_index()
    few, many = means.flips.min() / 1.5, means.flips.max() * 1.5
    met = np.geomspace(few, many, 200)
    ax.plot(met, np.exp(-2 * met), color=COLORS["control"], linewidth=1, label="exp(−2 · flips)")
    depths = sorted(means.depth.unique())
    for depth, shade in zip(depths, np.linspace(0.25, 1, len(depths)), strict=True):
        for step, marker in zip(sorted(means.step.unique(), reverse=True), "osD^v", strict=False):
            rows = means[(means.depth == depth) & (means.step == step)]
            style = {"color": COLORS["plain"], "alpha": shade, "markersize": 8}
            ax.plot(rows.flips, rows.autocorrelation, marker, markeredgewidth=0, **style)
        ax.plot([], [], "o", color=COLORS["plain"], alpha=shade, label=f"{depth} layers")
    for step, marker in zip(sorted(means.step.unique(), reverse=True), "osD^v", strict=False):
        ax.plot([], [], marker, color="black", fillstyle="none", label=f"inputs {step:.2g} apart")
    ax.set(xscale="log", ylabel="Autocorrelation\nof neighbours")
    ax.set_xlabel("Units that flip (their share in a layer, added up over the layers)")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    away = np.abs(means.autocorrelation - np.exp(-2 * means.flips))
    figure.set_label(
        f"{len(means)} pairs of depth and grid, plain networks. The measured autocorrelation is "
        f"{away.mean():.2f} away from exp(−2 · flips) on average, at most {away.max():.2f}."
    )
    return figure


def size_and_correlation(table: pd.DataFrame, title: str) -> Figure:
    """Draw each network as a point: how alike its gradients are, and how large.

    Args:
        table: A pandas table with a row for each network and seed, and the columns `network`,
            `autocorrelation` and `size`, the size's logarithm to base 10. A name with "skips" in it
            has the residual network's colour, others the plain one's.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.ticker import MultipleLocator

    figure, ax = panels(title=title, width=9, height=5)
    means = table.groupby("network", sort=False)[["autocorrelation", "size"]].mean()
    ax.axhspan(-1, 1, color=COLORS["control"], alpha=0.12, linewidth=0)
    at_the_right = means.autocorrelation > 0.3  # these names stand at the left of their dots
    spots = means["size"].groupby(at_the_right).transform(_spread)
    for (name, (alike, size)), spot in zip(means.iterrows(), spots, strict=True):
        rows = table[table.network == name]
        color = COLORS["residual" if "skips" in name else "plain"]
        ax.plot(rows.autocorrelation, rows["size"], "o", color=color, alpha=0.2, markeredgewidth=0)
        ax.plot(alike, size, "o", color=color, markersize=7)
        left = at_the_right[name]
        ax.annotate(
            name,
            (alike, size),
            (alike + (-0.03 if left else 0.03), spot),
            ha="right" if left else "left",
            va="center",
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "shrinkB": 3},
        )
    ax.set(xlim=(-0.15, 1.05), xlabel="Autocorrelation at lag 1 (0: shattered, 1: whole)")
    ax.set_ylabel("Size of the gradient")
    ax.yaxis.set_major_locator(MultipleLocator(2))
    ax.yaxis.set_major_formatter(lambda power, _: f"$10^{{{power:.0f}}}$")
    ax.set_ylim(spots.min() - 1, spots.max() + 1)
    ax.text(-0.14, -0.95, "healthy", ha="left", va="bottom", fontsize=9, color="#555555")
    said = [f"{name} {alike:.2f} and 10^{size:.1f}" for name, (alike, size) in means.iterrows()]
    seeds = table.groupby("network").size().min()
    figure.set_label(
        f"Autocorrelation and size, means of at least {seeds} initializations: {'; '.join(said)}."
    )
    return figure


def _spread(heights, room=1.1):
    """Move heights apart, each by little, so that a line of text fits at each."""
    order = np.argsort(np.asarray(heights), kind="stable")
    spots = np.asarray(heights, float)[order]
    for _ in range(200):
        gaps = np.diff(spots)
        if (gaps >= room - 1e-3).all():
            break
        push = np.maximum(room - gaps, 0) / 2
        spots[:-1] -= push / 2
        spots[1:] += push / 2
    placed = np.empty_like(spots)
    placed[order] = spots
    return placed


def dot_rows(table: pd.DataFrame, colors: Sequence[str], title: str) -> Figure:
    """Draw a row for each network in a panel for each quantity: dots for seeds, a bar for the mean.

    Args:
        table: A pandas table; each cell holds an array with one value for each seed.
        colors: A color for each row.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    size = {"height": 1.2 + 0.3 * len(table), "width": 10}
    figure, axes = panels(len(table.columns), title=title, sharey=True, **size)
    said = []
    for ax, column in zip(axes, table, strict=True):
        for row, (values, color) in enumerate(zip(table[column], colors, strict=True)):
            ax.plot(values, [row] * len(values), "o", color=color, alpha=0.25, markeredgewidth=0)
            ax.plot(np.mean(values), row, "|", color=color, markersize=16, markeredgewidth=3)
        ax.set(xlabel=column)
        means = [f"{name} {np.mean(values):.3g}" for name, values in table[column].items()]
        said.append(f"{_in_a_line(column)}: {', '.join(means)}")
    axes[0].set_yticks(range(len(table)), table.index)
    axes[0].set_ylim(len(table) - 0.5, -0.5)  # the first row on top, no bar cut off
    figure.set_label(f"A dot for each repetition, a bar for the mean. {'; '.join(said)}.")
    return figure


def laws(
    families: Mapping[str, Mapping[str, tuple[str, pd.DataFrame | None, Callable[[int], float]]]],
    title: str,
) -> Figure:
    """Draw correlation against depth, measured and by theory, a panel for each family of laws.

    Args:
        families: Dictionary from the panel's name to a dictionary from a law's name to a key of
            `figures.COLORS`, what was measured (a pandas table with a column for each depth and a
            row for each repetition; `None` where only the theory is drawn, dashed) and the theory,
            a function of the depth.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own. A panel with more than 20 layers has a logarithmic
        scale of depth, on which a power is a straight line.
    """
    figure, axes = panels(len(families), title=title, height=3.8, width=10, sharey=True)
    said = []
    for ax, (name, family) in zip(axes, families.items(), strict=True):
        deepest = max(max(table.columns) for _, table, _ in family.values() if table is not None)
        for (label, (kind, table, theory)), marker in zip(family.items(), "osD^v", strict=False):
            color = COLORS[kind]
            if table is None:
                depths = range(2, deepest + 1)
                values = [theory(depth) for depth in depths]
                ax.plot(depths, values, "--", color=color, linewidth=1, label=label)
                continue
            decay(ax, table, theory, color=color, fmt=marker, label=label)
            values = ", ".join(f"{value:.3g}" for value in table.mean())
            said.append(f"{label}: {values} with {', '.join(map(str, table.columns))} layers")
        ax.set(title=name)
        if deepest > 20:
            ticks = sorted({depth for _, t, _ in family.values() if t is not None for depth in t})
            ax.set_xscale("log")
            ax.set_xticks(ticks, [str(depth) for depth in ticks])
            ax.minorticks_off()
        ax.legend(loc="lower left" if deepest > 20 else "upper right", fontsize=9)
    axes[0].set_ylabel("Correlation of gradients\nat independent inputs")
    figure.set_label(f"Dots: measured, with two standard errors. Lines: theory. {'; '.join(said)}.")
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


def steps(
    table: pd.DataFrame,
    x: str,
    limit: int,
    title: str,
    *,
    xlabel: str,
    colors: Mapping[str, str] | None = None,
    ticks: Iterable[float] = (),
    falling: bool = False,
) -> Figure:
    """Draw the steps that trainings took to reach a goal, and arrows for those that did not.

    Args:
        table: A pandas table with the columns `network`, `steps` (infinite where the goal was not
            reached) and `x`, with a row for each training.
        x: Name of a column; what shares a network and an `x` is one point: the mean, with a line
            from the least to the most.
        limit: Integer, the steps that were allowed.
        title: String that says what is seen.
        xlabel: String, with the unit.
        colors: Dictionary from a network to a key of `figures.COLORS`; by default its own name.
        ticks: Numbers at which the axis is marked.
        falling: Whether the largest `x` stands at the left.

    Returns:
        The figure, with a sentence of its own.
    """
    figure, ax = panels(title=title, width=8, height=3.8)
    said = []
    for network, rows in table.groupby("network", sort=False):
        color = COLORS[colors[network] if colors else network]
        points = rows.assign(steps=np.minimum(rows.steps, limit)).groupby(x).steps
        points = points.agg(["mean", "min", "max"]).sort_index(ascending=not falling)
        ax.plot(points.index, points["mean"], color=color, marker="o", label=network)
        ax.vlines(points.index, points["min"], points["max"], color=color, linewidth=1)
        missed = np.isinf(rows.steps).groupby(rows[x]).sum()
        places = missed.index[missed > 0]
        heights = points["mean"][places]
        for place, height in heights.items():
            ax.annotate(
                "",
                xy=(place, height * 1.35),
                xytext=(place, height),
                arrowprops={"arrowstyle": "->", "color": color, "linewidth": 2},
            )
        numbers = [
            f"more than {limit}" if missed[value] == (rows[x] == value).sum() else f"{mean:.0f}"
            for value, mean in points["mean"].items()
        ]
        at = ", ".join(f"{value:.3g}" for value in points.index)
        said.append(f"{network} {', '.join(numbers)} at {at}")
    ax.set(yscale="log", xlabel=xlabel, ylabel="Training steps to a loss of 1")
    ax.set_ylim(None, limit * 1.6)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    marks = [mark for mark in (5, 10, 20, 50, 100, 200) if mark <= limit * 1.5]
    ax.set_yticks(marks)
    ax.minorticks_off()
    if list(ticks):
        ax.set_xticks(list(ticks), [f"{tick:g}" for tick in ticks])
    if falling:
        ax.invert_xaxis()
    if len({line.get_xdata()[-1] for line in ax.lines}) == 1:
        label_ends(ax)
    else:  # what stands at the end of a shorter line would cover a longer one
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.set_label(
        f"Mean steps, least and most of the seeds as a line: {'; '.join(said)}. An arrow: some or "
        f"all seeds need more than {limit}."
    )
    return figure


def _in_a_line(name):
    return name.replace("\n", " ")
