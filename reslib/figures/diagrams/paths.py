"""Residual blocks in a row, and all paths through them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reslib import arguments
from reslib.figures.diagrams.drawing import CIRCLE, INK, arc, arrow, box, canvas, plus, write
from reslib.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESIDUAL = COLORS["residual"]
_ROW, _PITCH, _LEFT = 0.41, 0.95, 0.5  # inches: between paths, between blocks, to the first fork
_BLOCK, _TO_SUM = 0.4, 0.2  # the width of a block, and from there to its sum


def unrolled(blocks: int = 3, title: str | None = None) -> Figure:
    """Draw residual blocks in a row, and all paths through them.

    Each sum is written out: what enters it by the block and what enters by the shortcut get a line
    of their own, back to the input. With n blocks there are 2^n lines.

    Args:
        blocks: Integer from 1 to 4.
        title: String that says what is seen; by default made from the arguments.

    Returns:
        The figure, ready for `figures.show`.

    Raises:
        ValueError: for another number of blocks.

    Reference:
        Veit et al., 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow
        Networks", figure 1.
    """
    arguments.integer("blocks", blocks, "an integer from 1 to 4", lambda value: 1 <= value <= 4)
    paths = 2**blocks
    plural = "s"[: blocks > 1]
    title = title or f"{blocks} block{plural}, {paths} paths"
    lengths = ", ".join(
        f"{math.comb(blocks, length)} through {length or 'no'} block{'s'[: length != 1]}"
        for length in range(blocks + 1)
    )
    words = (
        f"A residual network of {blocks} block{plural}, and the same network written out as "
        f"{paths} paths from its input to its output: {lengths}."
    )
    tall = (paths - 1) * _ROW
    width = _LEFT + 0.2 + _PITCH * blocks + 0.4
    figure, ax = canvas(width, tall + 1.35, title, words)
    _draw_row(ax, blocks, tall + 0.9, width)
    _draw_tree(ax, blocks, 0.2, width)
    return figure


def _draw_row(ax, blocks, y, width):
    """Draw the blocks as they are computed."""
    write(ax, 0.2, y, "$x$", size=12)
    end = 0.3
    for block in range(blocks):
        x = _LEFT + 0.2 + _PITCH * block
        right = x + _BLOCK + _TO_SUM
        arrow(ax, (end, y), (x, y))
        box(ax, x + _BLOCK / 2, y, f"$F_{block + 1}$", RESIDUAL, _BLOCK, 0.26)
        arrow(ax, (x + _BLOCK, y), (right - CIRCLE, y))
        arc(ax, (x - 0.16, y), (right, y + CIRCLE), 0.27, RESIDUAL)
        plus(ax, right, y, RESIDUAL)
        end = right + CIRCLE
    _draw_output(ax, end, y, width)


def _draw_tree(ax, blocks, bottom, width):
    """Draw every path, pair by pair: the shortcut's below that of the block, up to the last sum."""
    lines = [(_LEFT, bottom + i * _ROW) for i in range(2**blocks)]
    middle = (lines[0][1] + lines[-1][1]) / 2
    write(ax, 0.2, middle, "$x$", size=12)
    ax.plot([0.3, _LEFT], [middle, middle], color=INK, linewidth=1.3)
    ax.plot([_LEFT, _LEFT], [lines[0][1], lines[-1][1]], color=INK, linewidth=1.3)
    for block in range(blocks):
        x = _LEFT + 0.2 + _PITCH * block
        right = x + _BLOCK + _TO_SUM
        sums = []
        for shortcut, branch in zip(lines[::2], lines[1::2], strict=True):
            low, high = shortcut[1], branch[1]
            y = (low + high) / 2
            arrow(ax, branch, (x, high))
            box(ax, x + _BLOCK / 2, high, f"$F_{block + 1}$", RESIDUAL, _BLOCK, 0.26)
            arrow(ax, (x + _BLOCK, high), (right, high), (right, y + CIRCLE), radius=0.05)
            arrow(ax, shortcut, (right, low), (right, y - CIRCLE), radius=0.05, color=RESIDUAL)
            plus(ax, right, y, RESIDUAL)
            sums.append((right + CIRCLE, y))
        lines = sums
    _draw_output(ax, *lines[0], width)


def _draw_output(ax, x, y, width):
    arrow(ax, (x, y), (width - 0.3, y))
    write(ax, width - 0.18, y, "$y$", size=12)
