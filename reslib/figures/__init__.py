"""How results are drawn: one palette, one look, a text for those who cannot see the picture."""

from reslib.figures.correlation import autocorrelations, decay, dot_rows, signals
from reslib.figures.curves import band, error_curves, gradient_profiles
from reslib.figures.style import COLORS, LINES, panels, show

__all__ = [
    "COLORS",
    "LINES",
    "autocorrelations",
    "band",
    "decay",
    "dot_rows",
    "error_curves",
    "gradient_profiles",
    "panels",
    "show",
    "signals",
]
