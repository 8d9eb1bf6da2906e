"""Training runs, alone and in sweeps, and what is read from their results.

Importing this package brings no framework: worker processes that wait for work stay small.
"""

from reslib.experiments.diagnosis import diagnose
from reslib.experiments.result import Result, Results
from reslib.experiments.run import Run
from reslib.experiments.sweep import sweep, train

__all__ = ["Result", "Results", "Run", "diagnose", "sweep", "train"]
