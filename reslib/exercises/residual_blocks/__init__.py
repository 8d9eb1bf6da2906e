"""The exercises of notebook 04."""

from reslib.exercises.residual_blocks.built import down_sampling, identity_start
from reslib.exercises.residual_blocks.experiments import learning_rates
from reslib.exercises.residual_blocks.functions import add_shortcut, fold, option_a

__all__ = [
    "add_shortcut",
    "down_sampling",
    "fold",
    "identity_start",
    "learning_rates",
    "option_a",
]
