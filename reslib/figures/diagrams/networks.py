"""A network as a strip of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reslib import arguments
from reslib.figures.diagrams.drawing import arc, arrow, box, canvas, plus, span, write
from reslib.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BLOCK, _TALL, _GAP = 0.2, 0.46, 0.22  # inches: a block's sides, and from one to the next
_DOTS, _END, _SUM = 0.5, 0.46, 0.06  # dots in place of blocks, first and last layer, a sum
_MARGIN, _LETTER = 0.08, 0.074


def network(
    stages: Sequence[tuple[int, str]],
    shortcut: bool = True,
    first: str = "conv",
    last: str = "mean,\ndense",
    title: str | None = None,
) -> Figure:
    """Draw a network as a strip of blocks, from left to right.

    Args:
        stages: Sequence of `(blocks, text)`: how many blocks a stage has, and what is to be said
            of it, in short lines (`"16 channels\\n32×32"`). Dots stand for some of many blocks.
        shortcut: Boolean, whether an arc leads over each block.
        first: String, what comes before the blocks.
        last: String, what comes after them.
        title: String that says what is seen; by default made from the arguments.

    Returns:
        The figure, ready for `figures.show`.

    Raises:
        ValueError: for no stage or more than four, or a number of blocks that is not positive.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", figure 3.

    Example:

    >>> network([(3, "16 channels"), (3, "32 channels"), (3, "64 channels")]).get_label()[:45]
    'A residual network: conv; 3 blocks (16 channe'
    """
    if not 1 <= len(stages) <= 4:
        raise ValueError(f"stages must be one to four, to be readable; received {len(stages)}")
    for number, _ in stages:
        arguments.positive_integer("blocks of a stage", number)
    kind, color = ("residual", COLORS["residual"]) if shortcut else ("plain", COLORS["plain"])
    title = title or f"A {kind} network of {_count(sum(number for number, _ in stages))}"
    drawn = [_shown(number, len(stages)) for number, _ in stages]
    widths = [sum(_DOTS if block is None else _BLOCK + _GAP for block in stage) for stage in drawn]
    # Room on both sides where the text is wider than what it stands under.
    rooms = [
        max(0, _LETTER * max(map(len, text.split("\n"))) - width) / 2
        for (_, text), width in zip(stages, widths, strict=True)
    ]
    below = 0.33 + 0.17 * max(2 + text.count("\n") for _, text in stages)
    y = below + _TALL / 2
    figure, ax = canvas(
        sum(widths) + 2 * sum(rooms) + _GAP + 0.1 + 2 * (_END + _MARGIN),
        y + (0.75 if shortcut else 0.4),
        title,
        _in_words(kind, stages, first, last),
    )
    box(ax, _MARGIN + _END / 2, y, first, COLORS["control"], _END, _TALL, size=9)
    end = x = _MARGIN + _END
    for (number, text), blocks, room in zip(stages, drawn, rooms, strict=True):
        x += room
        left = x + _GAP
        for block in blocks:
            if block is None:
                behind = x + (_GAP / 2 + _SUM if shortcut else 0)
                write(ax, (behind + x + _DOTS) / 2, y, "…", size=13)
                end = x = x + _DOTS
                continue
            arrow(ax, (end, y), (x + _GAP, y))
            node = x + _GAP / 2
            end = x = x + _GAP + _BLOCK
            box(ax, x - _BLOCK / 2, y, "", color, _BLOCK, _TALL)
            if shortcut:
                arc(ax, (node, y), (x + _GAP / 2, y + _SUM), 0.34, color)
                plus(ax, x + _GAP / 2, y, color, _SUM)
        span(ax, left, x, below - 0.1, f"{_count(number)}\n{text}", size=9)
        x += room
    arrow(ax, (end, y), (x + _GAP + 0.1, y))
    box(ax, x + _GAP + 0.1 + _END / 2, y, last, COLORS["control"], _END, _TALL, size=9)
    return figure


def _shown(number, stages):
    """List the blocks of a stage that are drawn, with `None` for dots."""
    most = {1: 9, 2: 4, 3: 3, 4: 1}[stages]
    if number <= most:
        return [1] * number
    return [1, None] if most == 1 else [*[1] * (most - 2), None, 1]


def _count(blocks):
    return f"{blocks} block{'s'[: blocks > 1]}"


def _in_words(kind, stages, first, last):
    parts = [first, *(f"{_count(number)} ({text})" for number, text in stages), last]
    shortcut = "A shortcut leads over each block" if kind == "residual" else "There is no shortcut"
    return f"A {kind} network: {'; '.join(' '.join(part.split()) for part in parts)}. {shortcut}."
