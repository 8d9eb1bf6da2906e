"""One look for all figures of the course."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

from reslib.language import translated

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# One colour for one kind of network, through the whole course. The palette of Okabe & Ito (2008)
# can be told apart with every common kind of colour vision.
COLORS = {
    "plain": "#D55E00",
    "residual": "#0072B2",
    "identity start": "#009E73",
    "no normalization": "#CC79A7",
    "looks linear": "#56B4E9",
    "stochastic depth": "#000000",
    "control": "#7F7F7F",
    "highlight": "#E69F00",
}

# Depth is told by the line: the deeper the network, the fuller the line.
LINES = {8: ":", 20: "--", 56: "-"}

_STYLE = {
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "lines.markersize": 5,
}


def panels(
    columns: int = 1,
    *,
    title: str,
    rows: int = 1,
    height: float = 3.4,
    width: float | None = None,
    **subplots: Any,
) -> tuple[Figure, Axes | np.ndarray]:
    """Make a figure with one or more panels in the look of the course.

    Args:
        columns, rows: Integers, the panels.
        title: String that says what is seen, as a finding ("Plain-56 trains worse than plain-20").
        height: Float, height of a row in inches.
        width: Float, width of the figure in inches; by default it grows with the columns.
        **subplots: More arguments for `matplotlib.pyplot.subplots`, such as `sharey=True`.

    Returns:
        The figure and the axes, as from `matplotlib.pyplot.subplots`. A figure that was given a
        sentence, `figure.set_label(sentence)`, shows itself and it at the end of a cell.
    """
    import matplotlib.pyplot as plt

    with plt.rc_context(_STYLE):
        size = (width or min(10, 2.5 + 3.75 * columns), height * rows)
        subplots = {"FigureClass": _self_showing(), **subplots}
        figure, axes = plt.subplots(rows, columns, figsize=size, **subplots)
        figure.suptitle(title, fontsize=13)
    # Jupyter would show it as it is at the end of the cell, finished or not.
    plt.close(figure)
    return figure, axes


@functools.cache
def _self_showing():
    """Return matplotlib's `Figure` that Jupyter shows with its sentence.

    Made when it is first needed: `import reslib.figures` does not wait for matplotlib.
    """
    from matplotlib.figure import Figure

    class CaptionedFigure(Figure):
        def _ipython_display_(self):
            show(self, self.get_label() or self.get_suptitle())

    return CaptionedFigure


def after(steps: int) -> str:
    """Name a moment of a training: "after 1 step", "after 10 steps"."""
    return f"after {steps} step{'s' * (steps != 1)}"


def show(figure: Figure, text: str | None = None) -> None:
    """Show a finished figure with a sentence for readers who cannot see it.

    The sentence stands under the figure and is its alternative text for screen readers.

    Args:
        figure: A matplotlib figure.
        text: String made from the measured values. The figures that functions of this package
            make have one of their own, and need none.
    """
    import matplotlib.pyplot as plt
    from IPython.display import Image, Markdown, display

    text = text or figure.get_label()
    if not text:
        raise ValueError("text must be given for a figure that has none of its own, received none")
    text = translated(text)
    buffer = io.BytesIO()
    with plt.rc_context(_STYLE):
        # Without the version of matplotlib in the file, equal pictures are equal bytes.
        figure.savefig(buffer, format="png", metadata={"Software": None})
    # Google Colab's IPython 7 has no `Image(…, alt=text)`; this is the same picture.
    display(Image(buffer.getvalue()), metadata={"image/png": {"alt": text}})
    display(Markdown(f"*{text}*"))
