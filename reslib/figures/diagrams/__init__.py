"""Diagrams of blocks and networks: what is connected with what.

Each function returns a figure that carries its own alternative text, made from the arguments, and
shows itself at the end of a cell:

    figures.diagrams.blocks("plain", "residual")
"""

from reslib.figures.diagrams.blocks import blocks
from reslib.figures.diagrams.diagnosing import diagnosis
from reslib.figures.diagrams.graphs import computation_graph
from reslib.figures.diagrams.nesting import nesting
from reslib.figures.diagrams.networks import network
from reslib.figures.diagrams.paths import unrolled
from reslib.figures.diagrams.pyramids import feature_pyramid

__all__ = [
    "blocks",
    "computation_graph",
    "diagnosis",
    "feature_pyramid",
    "nesting",
    "network",
    "unrolled",
]
