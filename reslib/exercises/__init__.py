"""What a reader does alone: predictions, and exercises that check themselves."""

from reslib.exercises.exercise import check, hint
from reslib.exercises.predictions import compare
from reslib.exercises.solved import forget, progress

__all__ = ["check", "compare", "forget", "hint", "progress"]
