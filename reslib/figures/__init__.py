"""How results are drawn: one palette, one look, a text for those who cannot see the picture."""

from reslib.figures import diagrams
from reslib.figures.correlation import autocorrelations, decay, dot_rows, signals
from reslib.figures.curves import band, depth_curves, error_curves, gradient_profiles, label_ends
from reslib.figures.detections import detections
from reslib.figures.diagrams import computation_graph
from reslib.figures.health import health_panel
from reslib.figures.layers import growth_maps, layer_curves
from reslib.figures.parts import error_parts
from reslib.figures.scenes import BOXES, labelled_scenes, verdicts
from reslib.figures.skips import (
    block_errors,
    branch_sizes,
    gate_sizes,
    order_curves,
    path_lengths,
    removal_curves,
)
from reslib.figures.style import COLORS, LINES, panels, show

__all__ = [
    "removal_curves",
    "path_lengths",
    "gate_sizes",
    "order_curves",
    "branch_sizes",
    "block_errors",
    "BOXES",
    "COLORS",
    "LINES",
    "autocorrelations",
    "band",
    "computation_graph",
    "decay",
    "depth_curves",
    "detections",
    "diagrams",
    "dot_rows",
    "error_curves",
    "error_parts",
    "gradient_profiles",
    "growth_maps",
    "health_panel",
    "label_ends",
    "labelled_scenes",
    "layer_curves",
    "panels",
    "show",
    "signals",
    "verdicts",
]
