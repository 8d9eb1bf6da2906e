"""The exercises of notebook 07."""

from reslib.exercises.what_skips_choose.branches import drop, paths, ratio, without_branch
from reslib.exercises.what_skips_choose.experiments import diagnose, lesions

__all__ = ["diagnose", "drop", "lesions", "paths", "ratio", "without_branch"]
