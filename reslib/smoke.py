"""Smoke mode: with `RESLIB_SMOKE=1` a notebook runs whole in seconds, to see that nothing breaks.

Every line runs, but what comes out means nothing: a network is trained for one step and one seed
stands for all; claims say their verdict and stop nobody. Such results are kept apart from others.
"""

import os

STEPS = 1  # of the first epoch; the others repeat what was measured after it
IMAGES = 20  # on which that is measured
LAYERS = 10  # in a network with more, tracing takes longer than a step without it


def on() -> bool:
    """Whether this process runs in smoke mode."""
    return os.environ.get("RESLIB_SMOKE", "") not in ("", "0")
