"""How results are drawn: one palette, one look, a text for those who cannot see the picture."""

from reslib.figures import diagrams
from reslib.figures.cells import cell_rows, receptive_fields
from reslib.figures.correlation import (
    autocorrelations,
    decay,
    dot_rows,
    flips,
    laws,
    signals,
    size_and_correlation,
    steps,
)
from reslib.figures.curves import band, depth_curves, error_curves, gradient_profiles, label_ends
from reslib.figures.detections import detections, four_distances, positions
from reslib.figures.diagrams import computation_graph
from reslib.figures.explore import explore
from reslib.figures.generalization import training_and_test
from reslib.figures.health import gauges, health_panel
from reslib.figures.layers import growth_curves, growth_rows, layer_curves
from reslib.figures.parts import error_parts
from reslib.figures.scenes import (
    BOXES,
    dense_labels,
    level_curves,
    seed_rows,
)
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
    "BOXES",
    "COLORS",
    "LINES",
    "autocorrelations",
    "band",
    "block_errors",
    "branch_sizes",
    "cell_rows",
    "computation_graph",
    "decay",
    "dense_labels",
    "depth_curves",
    "detections",
    "diagrams",
    "dot_rows",
    "error_curves",
    "error_parts",
    "explore",
    "flips",
    "four_distances",
    "gate_sizes",
    "gauges",
    "gradient_profiles",
    "growth_curves",
    "growth_rows",
    "health_panel",
    "label_ends",
    "laws",
    "layer_curves",
    "level_curves",
    "order_curves",
    "panels",
    "path_lengths",
    "positions",
    "receptive_fields",
    "removal_curves",
    "seed_rows",
    "show",
    "signals",
    "size_and_correlation",
    "steps",
    "training_and_test",
]
