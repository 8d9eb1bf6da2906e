"""Why more layers could do no harm: a deep network that holds a shallow one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reslib import arguments
from reslib.figures.diagrams.drawing import arrow, box, canvas, span, write
from reslib.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLAIN, IDENTITY = COLORS["plain"], COLORS["control"]


def nesting(layers: int = 4, added: int = 3, title: str | None = None) -> Figure:
    """Draw a network, and a deeper one that does the same with layers that do nothing.

    Args:
        layers: Integer from 2 to 5, how many layers both have.
        added: Integer from 1 to 4, how many more the deeper one has.
        title: String that says what is seen; by default made from the arguments.

    Returns:
        The figure, ready for `figures.show`.

    Raises:
        ValueError: for other numbers.

    Reference:
        He et al., 2015, "Deep Residual Learning for Image Recognition", section 1: the solution by
        construction.
    """
    arguments.integer("layers", layers, "an integer from 2 to 5", lambda value: 2 <= value <= 5)
    arguments.integer("added", added, "an integer from 1 to 4", lambda value: 1 <= value <= 4)
    title = title or f"{layers + added} layers can do what {layers} do"
    words = (
        f"Two networks. The upper one has {layers} layers. The lower one has the same {layers} "
        f"with the same weights, and {added} more, the identity. Both give the same output."
    )
    pitch, wide, upper, lower = 0.48, 0.32, 1.55, 0.67
    width = 1.1 + pitch * (layers + added)
    figure, ax = canvas(width, 1.88, title, words)
    for y, number in ((upper, layers), (lower, layers + added)):
        write(ax, 0.22, y, "$x$", size=12)
        end = 0.35
        for i in range(number):
            x = 0.55 + pitch * i + wide / 2
            arrow(ax, (end, y), (x - wide / 2, y))
            if i < layers:
                box(ax, x, y, str(i + 1), PLAIN, wide, 0.36)
            else:
                box(ax, x, y, "=", IDENTITY, wide, 0.36, linestyle="--")
            end = x + wide / 2
        arrow(ax, (end, y), (width - 0.35, y))
        write(ax, width - 0.2, y, "$y$", size=12)
    for i in range(layers):
        x = 0.55 + pitch * i + wide / 2
        ax.plot([x, x], [lower + 0.2, upper - 0.2], color=PLAIN, linestyle=":", linewidth=1.3)
    write(ax, x + 0.12, (lower + upper) / 2, "the same weights", size=9, ha="left")
    left, right = 0.55 + pitch * layers, 0.55 + pitch * (layers + added - 1) + wide
    span(ax, left, right, lower - 0.3, "identity", size=9)
    return figure
