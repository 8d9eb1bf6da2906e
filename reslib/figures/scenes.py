"""Scenes, what is in them, what networks make of them, and what the maps inside know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.curves import band, label_ends
from reslib.figures.style import COLORS, panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

BOXES = ("#E69F00", "#56B4E9", "#009E73")  # small, medium and large
CLASSES = ("#56B4E9", "#009E73", "#CC79A7", "#E69F00")  # the first ones after the background
FADED = 0.55  # of a picture's darkness, where colours lie over it


def dense_labels(
    pictures: np.ndarray,
    labels: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    title: str,
    rows: Sequence[str] = (),
) -> Figure:
    """Draw scenes, and beside each what its pixels are called: a row for a scene.

    Args:
        pictures: Array `(N, height, width, 1)`.
        labels: Dictionary from the title of a column to integers `(N, height, width)`, 0 for the
            background: the truth first, then what networks say.
        class_names: Sequence of at most five strings, that of the background first.
        title: String that says what is seen.
        rows: What is said at the left of each scene, if anything.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Patch

    columns = 1 + len(labels)
    side = min(2.4, 10 / columns)
    size = {"width": side * columns, "height": side + 0.6 / len(pictures)}
    figure, axes = panels(columns, rows=len(pictures), title=title, squeeze=False, **size)
    palette = np.array([(1, 1, 1, 0), *(to_rgba(color, 0.85) for color in CLASSES)])
    for row, picture, *answers in zip(axes, pictures, *labels.values(), strict=True):
        for ax, answer in zip(row, (None, *answers), strict=True):
            _picture(ax, picture, 1 if answer is None else FADED)
            if answer is not None:
                ax.imshow(palette[answer], interpolation="nearest")
    for ax, name in zip(axes[0], ("picture", *labels), strict=True):
        ax.set_title(name)
    for ax, name in zip(axes[:, 0], rows, strict=bool(rows)):
        place = {"transform": ax.transAxes, "rotation": 90, "ha": "right", "va": "center"}
        ax.text(-0.04, 0.5, name, **place)
    drawn = list(zip(class_names[1:], CLASSES, strict=False))
    handles = [Patch(color=color, alpha=0.85, label=name) for name, color in drawn]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=11)
    figure.set_label(_agreement(labels, len(pictures)))
    return figure


def _agreement(labels, scenes):
    (first, truth), *others = labels.items()
    told = [
        f"in '{name}' {(answer == truth)[truth > 0].mean():.0%}"
        for name, answer in others
        if (truth > 0).any()
    ]
    text = f"{scenes} scenes, a row for each; colours name the class of a pixel."
    return text + (
        f" Share of the objects' pixels whose class is the one in '{first}': {', '.join(told)}."
        if told
        else ""
    )


def seed_rows(table: pd.DataFrame, measures: Mapping[str, float | None], title: str) -> Figure:
    """Draw shares of networks: a row for each network, a panel for each measure, a dot per seed.

    Args:
        table: A pandas table with a row for each network and seed, and the columns `network`,
            `seed` and those of the measures, which are shares from 0 to 1.
        measures: Dictionary from a column to the share that guessing would give, or `None`.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.ticker import PercentFormatter

    names = list(dict.fromkeys(table.network))
    right = 1.02 if table[list(measures)].to_numpy().max() > 0.5 else 0.51
    size = {"height": 1.3 + 0.32 * len(names), "width": 10}
    figure, axes = panels(
        len(measures), title=title, sharey=True, squeeze=False, gridspec_kw={"wspace": 0.06}, **size
    )
    said = []
    for ax, (measure, guess) in zip(axes[0], measures.items(), strict=True):
        for row, name in enumerate(names):
            values = table[table.network == name][measure]
            color = COLORS["highlight" if row == 0 else "control"]
            ax.plot(values, [row] * len(values), "o", color=color, alpha=0.35, markeredgewidth=0)
            ax.plot(values.mean(), row, "|", color=color, markersize=18, markeredgewidth=3)
        if guess is not None:
            ax.axvline(guess, color="black", linewidth=1)
            ax.text(guess, 1, "guessing ", transform=ax.get_xaxis_transform(), ha="right", va="top")
        ax.set(xlabel=measure, xlim=(0, right))
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        means = table.groupby("network")[measure].mean()
        said.append(f"{measure}: {', '.join(f'{name} {means[name]:.0%}' for name in names)}")
    axes[0, 0].set_yticks(range(len(names)), names)
    axes[0, 0].set_ylim(len(names) - 0.4, -0.6)
    figure.set_label(
        f"Mean of {table.seed.nunique()} seeds (thick marks; dots are seeds). {'; '.join(said)}."
    )
    return figure


def level_curves(
    table: pd.DataFrame, lines: Mapping[str, str], title: str, fused: str | None = None
) -> Figure:
    """Draw how much the maps of each level know, and beside them one map of a pyramid.

    Args:
        table: A pandas table with a row for each level and seed, and the columns `level`, `seed`
            and those of the questions: shares of right answers.
        lines: Dictionary from a question to its label, at most three.
        title: String that says what is seen.
        fused: String, the level that is set apart behind the others, or `None`.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.ticker import PercentFormatter

    levels = [level for level in dict.fromkeys(table.level) if level != fused]
    places = {level: place for place, level in enumerate(levels)}
    blue = COLORS["residual"]
    styles = ((COLORS["control"], "-"), (blue, "-"), (blue, "--"))
    figure, ax = panels(title=title, width=8, height=3.8)
    chain = table[table.level != fused].assign(place=lambda rows: rows.level.map(places))
    for (question, label), (color, style) in zip(lines.items(), styles, strict=False):
        line = {"color": color, "linestyle": style, "marker": "o"}
        band(ax, chain, "place", question, label=label, **line)
        if fused:
            values = table[table.level == fused][question]
            fill, place = color if style == "-" else "white", len(levels) + 0.9
            ax.vlines(place, values.min(), values.max(), color=color)
            marker = {"color": color, "markerfacecolor": fill, "markersize": 8}
            ax.plot([place], [values.mean()], "s", **marker)
    ax.set_ylabel("Test pixels classified correctly")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_xticks(range(len(levels)), levels)
    label_ends(ax)
    if fused:
        ax.axvline(len(levels) + 0.45, color="black", linewidth=0.8)
        ax.set_xticks([*range(len(levels)), len(levels) + 0.9], [*levels, fused])
        ax.set_xlim(-0.2, len(levels) + 1.4)
    means = table.groupby("level")[list(lines)].mean()
    order = [*levels, *([fused] if fused else [])]
    said = [
        f"{label} {', '.join(f'{means[question][level]:.0%}' for level in order)}"
        for question, label in lines.items()
    ]
    figure.set_label(
        f"Share of right answers at {', '.join(order)} (mean of {table.seed.nunique()} seeds; "
        f"bands and bars from the worst to the best): {'; '.join(said)}."
    )
    return figure


def _picture(ax, picture, darkness):
    ax.imshow(picture[..., 0] * darkness, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.axis("off")
