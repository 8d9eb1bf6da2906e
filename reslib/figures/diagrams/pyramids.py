"""A feature pyramid beside its backbone, with the connections that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reslib import arguments
from reslib.figures.diagrams.drawing import CIRCLE, arrow, canvas, plus, tint, write
from reslib.figures.style import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESIDUAL = COLORS["residual"]
_PITCH, _TALL = 0.7, 0.17  # inches: from level to level, half the height of a map
_BACKBONE, _SUM, _PYRAMID = 0.95, 2.6, 3.85  # the three columns


def feature_pyramid(
    levels: int = 4,
    lateral: bool = True,
    top_down: bool = True,
    finest: int = 2,
    title: str | None = None,
) -> Figure:
    """Draw a feature pyramid beside the backbone from which it is built.

    Args:
        levels: Integer from 2 to 5.
        lateral: Boolean, whether each map of the backbone is handed across. Otherwise only the
            coarsest is.
        top_down: Boolean, whether each level is handed down to the next finer one.
        finest: Integer, the number of the finest level: level n has 1 / 2^n of the image's side.
        title: String that says what is seen; by default made from the arguments.

    Returns:
        The figure, ready for `figures.show`.

    Raises:
        ValueError: for another number of levels, or with neither connection.

    Reference:
        Lin et al., 2017, "Feature Pyramid Networks for Object Detection", figures 1 and 3.
    """
    arguments.integer("levels", levels, "an integer from 2 to 5", lambda value: 2 <= value <= 5)
    arguments.positive_integer("finest", finest)
    arguments.boolean("lateral", lateral)
    arguments.boolean("top_down", top_down)
    if not lateral and not top_down:
        raise ValueError("lateral and top_down must not both be False: nothing would reach a level")
    missing = (not lateral) * " without lateral connections" + (
        not top_down
    ) * " without the top-down path"
    title = title or f"A feature pyramid{missing}"
    figure, ax = canvas(
        4.7, 0.35 + _PITCH * levels, title, _in_words(levels, lateral, top_down, finest)
    )
    for level in range(levels):
        y, half = 0.7 + _PITCH * level, 0.62 - 0.1 * level
        coarsest = level == levels - 1
        _draw_map(ax, _BACKBONE, y, half, f"$C_{finest + level}$", COLORS["control"])
        _draw_map(ax, _PYRAMID, y, half, f"$P_{finest + level}$", RESIDUAL)
        arrow(ax, (_BACKBONE, y - _PITCH + _TALL if level else 0.2), (_BACKBONE, y - _TALL))
        is_sum = lateral and top_down and not coarsest
        room = CIRCLE if is_sum else 0
        if lateral or coarsest:
            arrow(ax, (_BACKBONE + half, y), (_SUM - room, y), style="-|>" if is_sum else "-")
            write(ax, 2.1, y + 0.12, "1×1", size=9)
        if top_down and not coarsest:
            arrow(ax, (_SUM, y + _PITCH), (_SUM, y + room), color=RESIDUAL)
            write(ax, _SUM + 0.17, y + _PITCH / 2, "×2", size=9, color=RESIDUAL)
        if is_sum:
            plus(ax, _SUM, y, RESIDUAL)
        arrow(ax, (_SUM + room, y), (_PYRAMID - half, y))
        write(ax, 3.0, y + 0.12, "3×3", size=9)
    write(ax, _BACKBONE, 0.1, "image", size=9)
    return figure


def _in_words(levels, lateral, top_down, finest):
    coarsest = finest + levels - 1
    across = "Each map is" if lateral else f"Only C{coarsest} is"
    down = "no level is handed down"
    if top_down:
        down = "from the coarsest on, each level is enlarged to twice its side and "
        down += "added to the next finer one" if lateral else "taken as the next finer one"
    return (
        f"A backbone gives maps C{finest} to C{coarsest}, each of half the side of the one before. "
        f"{across} handed across by a 1×1 convolution; {down}. "
        f"3×3 convolutions then give the levels of the pyramid, P{finest} to P{coarsest}."
    )


def _draw_map(ax, x, y, half, name, color):
    """Draw a map that lies in space, as in the paper."""
    from matplotlib.patches import Polygon

    slant = 0.12
    corners = [
        (x - half - slant, y - _TALL),
        (x + half - slant, y - _TALL),
        (x + half + slant, y + _TALL),
        (x - half + slant, y + _TALL),
    ]
    face = tint(color)
    ax.add_patch(Polygon(corners, facecolor=face, edgecolor=color, linewidth=1.3, zorder=2))
    write(ax, x, y, name)
