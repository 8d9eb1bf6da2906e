"""Computation graphs, with what flows forward and back on their edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.style import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORWARD, BACKWARD = "black", "#D55E00"


def computation_graph(
    places: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str, float, float]],
    title: str,
) -> Figure:
    """Draw nodes and arrows: the value above an arrow, the gradient that comes back below it.

    Args:
        places: Dictionary from the name of a node to its `(x, y)` in inches.
        edges: List of `(start, end, value, gradient)`, with the names of two nodes and two numbers.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    xs, ys = zip(*places.values(), strict=True)
    box = (min(xs) - 0.6, max(xs) + 0.6), (min(ys) - 0.6, max(ys) + 0.6)
    size = {"width": box[0][1] - box[0][0], "height": box[1][1] - box[1][0] + 0.5}
    figure, ax = panels(title=title, **size)
    ax.set(xlim=box[0], ylim=box[1], aspect="equal")
    ax.axis("off")
    for start, end, value, gradient in edges:
        a, b = np.array(places[start], float), np.array(places[end], float)
        arrow = {"arrowstyle": "-|>", "color": "black", "shrinkA": 18, "shrinkB": 18}
        ax.annotate("", b, a, arrowprops=arrow)
        along = (b - a) / np.linalg.norm(b - a)
        across = 0.22 * np.array([-along[1], along[0]])
        text = {"ha": "center", "va": "center", "fontsize": 12}
        middle = (a + b) / 2
        ax.text(*(middle + across), f"{value:g}", color=FORWARD, **text)
        ax.text(*(middle - across), f"{gradient:g}", color=BACKWARD, **text)
    for name, place in places.items():
        circle = {"boxstyle": "circle,pad=0.35", "facecolor": "white", "edgecolor": "black"}
        ax.text(*place, name, ha="center", va="center", fontsize=14, bbox=circle)
    ax.plot([], [], color=FORWARD, label="value, going forward")
    ax.plot([], [], color=BACKWARD, label="gradient, coming back")
    ax.legend(loc="lower right", fontsize=10)
    figure.set_label(
        "A computation graph. "
        + " ".join(
            f"From {start} to {end}: value {value:g}, gradient {gradient:g}."
            for start, end, value, gradient in edges
        )
    )
    return figure
