"""Right and wrong answers to the exercises of notebook 05."""

CASES = {}
