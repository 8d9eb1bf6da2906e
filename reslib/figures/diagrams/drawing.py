"""Boxes, arrows and sums: what diagrams are made of. One unit is an inch."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from reslib.figures.style import panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#262626"
SIZE = 10  # of letters, in points: a diagram of 5 inches can be read at a width of 400 pixels
CIRCLE = 0.09  # the radius of a sum
WRAP = 10  # letters of a title to an inch


def canvas(width: float, height: float, title: str, text: str) -> tuple[Figure, Axes]:
    """Make a figure for a diagram, with the origin at its lower left.

    Args:
        width: Float, in inches.
        height: Float, in inches, without the title.
        title: String that says what is seen; it is broken into lines where it is long.
        text: String for readers who cannot see the diagram; it becomes the figure's label, where
            `figures.show` finds it.

    Returns:
        The figure and its axes.
    """
    lines = textwrap.wrap(title, int(WRAP * width))
    above = 0.15 + 0.22 * len(lines)
    whole = height + above
    figure, _ = panels(title="", width=width, height=whole)
    (ax,) = figure.axes
    figure.set_layout_engine("none")  # an inch shall be an inch
    figure.suptitle("\n".join(lines), fontsize=13, y=1 - 0.1 / whole, va="top")
    figure.set_label(text)
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_position((0, 0, 1, height / whole))
    ax.axis("off")
    return figure, ax


def tint(color: str) -> tuple:
    """Return a light shade of a colour, on which letters can be read."""
    from matplotlib.colors import to_rgb

    return tuple(0.82 + 0.18 * part for part in to_rgb(color))


def write(ax: Axes, x: float, y: float, text: str, size: float = SIZE, **options):
    """Write a text, centred unless `options` say otherwise."""
    ax.text(x, y, text, **{"ha": "center", "va": "center", "color": INK, "size": size, **options})


def box(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    color: str,
    width: float,
    height: float,
    size: float = SIZE,
    **outline,
):
    """Draw a box around a centre, with a text inside."""
    from matplotlib.patches import FancyBboxPatch

    corner = x - width / 2, y - height / 2
    outline = {"facecolor": tint(color), "edgecolor": color, "linewidth": 1.3, **outline}
    shape = "round,pad=0,rounding_size=0.05"
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, **outline))
    write(ax, x, y, text, size)


def plus(ax: Axes, x: float, y: float, color: str, radius: float = CIRCLE):
    """Draw the sign of a sum."""
    from matplotlib.patches import Circle

    circle = {"facecolor": "white", "edgecolor": color, "linewidth": 1.3}
    ax.add_patch(Circle((x, y), radius, zorder=3, **circle))
    arm = 0.6 * radius
    for across, along in (((x - arm, x + arm), (y, y)), ((x, x), (y - arm, y + arm))):
        ax.plot(across, along, color=color, linewidth=1.3, zorder=4, solid_capstyle="butt")


def arrow(ax: Axes, *points: tuple, color: str = INK, radius: float = 0.1, style: str = "-|>"):
    """Draw a line through points, round its corners, and let it end in an arrowhead."""
    from matplotlib.path import Path

    vertices, codes = [points[0]], [Path.MOVETO]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        vertices += [_towards(point, before, radius), point, _towards(point, after, radius)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    _line(ax, Path([*vertices, points[-1]], [*codes, Path.LINETO]), color, style)


def arc(ax: Axes, start: tuple, end: tuple, height: float, color: str = INK):
    """Draw the arc of a shortcut: up from one point, and down to another."""
    from matplotlib.path import Path

    up = 4 / 3 * height  # of the control points: the curve reaches three quarters of it
    control = [(start[0], start[1] + up), (end[0], end[1] + up)]
    _line(ax, Path([start, *control, end], [Path.MOVETO, *[Path.CURVE4] * 3]), color, "-|>")


def span(ax: Axes, left: float, right: float, y: float, text: str, **options):
    """Draw a bracket below what belongs together, and write a text under it."""
    ax.plot([left, left, right, right], [y + 0.07, y, y, y + 0.07], color=INK, linewidth=1)
    write(ax, (left + right) / 2, y - 0.06, text, **{"va": "top", "linespacing": 1.3, **options})


def _towards(point, other, distance):
    step = distance / ((other[0] - point[0]) ** 2 + (other[1] - point[1]) ** 2) ** 0.5
    return point[0] + step * (other[0] - point[0]), point[1] + step * (other[1] - point[1])


def _line(ax, path, color, style):
    from matplotlib.patches import FancyArrowPatch

    look = {"color": color, "linewidth": 1.3, "mutation_scale": 10, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle=style, **look))
