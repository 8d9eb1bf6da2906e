"""Rows of cells, what is to be said of them, and how much of a row a network sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reslib.figures.style import COLORS, panels

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILLS = {"wall": "#262626", "in reach": "#F8D48A", "out of reach": "#FFFFFF"}
_EDGE, _INCH = "#A6A6A6", 7.5  # _INCH: cells to an inch


def cell_rows(x: np.ndarray, y: np.ndarray, title: str) -> Figure:
    """Draw rows of `reslib.datasets.flood_fill`: walls, the mark, and which cells are in reach.

    Args:
        x: Array `(rows, cells, 2)`: 1 where there is a wall, and 1 at the mark.
        y: Integers `(rows, cells)`: 1 for a cell in reach of the mark.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    rows, cells = y.shape
    figure, ax = _canvas((-1, cells + 1), (-1.7 * rows - 1, 1.5), title)
    for row in range(rows):
        _draw_row(ax, x[row], y[row], -1.7 * row)
    _draw_key(ax, -1.7 * rows)
    figure.set_label(
        f"{rows} rows of {cells} cells with {int(x[..., 0].sum())} walls in all; "
        f"{y.mean():.0%} of the cells are in reach of the mark in their row."
    )
    return figure


def receptive_fields(
    x: np.ndarray, y: np.ndarray, cell: int, depths: Sequence[int], title: str
) -> Figure:
    """Draw a row of cells, and below it what networks of several depths see from one of them.

    A network of depth d whose convolutions have size 3, and whose last layer looks at single
    cells, sees d - 1 cells to each side.

    Args:
        x: Array `(cells, 2)`, a row as for `cell_rows`.
        y: Integers `(cells,)`: 1 for a cell in reach.
        cell: Integer, the cell that is asked about.
        depths: Integers, the depths of the networks.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own.
    """
    cells, away = len(y), abs(cell - int(x[:, 1].argmax()))
    bottom = -1.7 * (len(depths) + 1)
    figure, ax = _canvas((-9, cells + 1), (bottom - 1, 3), title)
    _draw_row(ax, x, y, 0)
    ax.text(cell + 0.5, 1.9, "?", ha="center", va="center", weight="bold", size=14)
    for i, depth in enumerate(depths):
        height = -1.7 * (i + 1) + 0.5
        ends = max(0, cell - depth + 1), min(cells, cell + depth)
        line = {"linewidth": 8, "alpha": 0.75, "solid_capstyle": "butt"}
        ax.plot(ends, [height] * 2, color=COLORS["plain"], **line)
        ax.text(-0.8, height, f"{depth} layers", ha="right", va="center")
    _draw_key(ax, bottom)
    seeing = [str(depth) for depth in depths if away < depth]
    figure.set_label(
        f"The question mark is {away} cells away from the mark. The mark is seen with "
        f"{' and '.join(seeing) or 'none of these numbers of'} layers."
    )
    return figure


def _canvas(width, height, title):
    """Make a figure in which a cell is a square, and nothing but cells is drawn."""
    size = {"width": (width[1] - width[0]) / _INCH, "height": (height[1] - height[0]) / _INCH + 0.5}
    figure, ax = panels(title=title, **size)
    ax.set(xlim=width, ylim=height, aspect="equal")
    ax.axis("off")
    return figure, ax


def _draw_row(ax: Axes, x, y, bottom):
    for cell, (wall, mark) in enumerate(x):
        fill = "wall" if wall else "in reach" if y[cell] else "out of reach"
        _draw_cell(ax, cell, bottom, fill)
        if mark:
            _draw_mark(ax, cell, bottom)


def _draw_key(ax, bottom):
    """Say what the fills mean, below the rows."""
    left = 0
    for name in FILLS:
        _draw_cell(ax, left, bottom, name)
        ax.text(left + 1.5, bottom + 0.5, name, va="center")
        left += 12
    _draw_cell(ax, left, bottom, "in reach")
    _draw_mark(ax, left, bottom)
    ax.text(left + 1.5, bottom + 0.5, "mark", va="center")


def _draw_cell(ax, left, bottom, fill):
    from matplotlib.patches import Rectangle

    style = {"facecolor": FILLS[fill], "edgecolor": _EDGE, "linewidth": 0.8}
    ax.add_patch(Rectangle((left, bottom), 1, 1, **style))


def _draw_mark(ax, left, bottom):
    ax.plot(left + 0.5, bottom + 0.5, "o", color=COLORS["residual"], markersize=7)
