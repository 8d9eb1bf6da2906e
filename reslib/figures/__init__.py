"""How results are drawn: one palette, one look, a text for those who cannot see the picture."""

from reslib.figures.curves import band, error_curves, gradient_profiles
from reslib.figures.graphs import computation_graph
from reslib.figures.health import health_panel
from reslib.figures.style import COLORS, LINES, panels, show

__all__ = [
    "COLORS",
    "LINES",
    "band",
    "computation_graph",
    "error_curves",
    "gradient_profiles",
    "health_panel",
    "panels",
    "show",
]
