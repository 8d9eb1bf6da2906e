"""What a reader does alone: predictions, and exercises that check themselves."""

from reslib.exercises.checking import check, hint, progress
from reslib.exercises.predictions import compare
from reslib.exercises.solved import forget

__all__ = ["check", "compare", "forget", "hint", "progress"]
