"""What a reader does alone: predictions, and exercises that check themselves."""

from reslib.exercises.predictions import compare as compare
