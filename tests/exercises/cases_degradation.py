"""Right and wrong answers to the exercises of notebook 03."""

CASES = {}
