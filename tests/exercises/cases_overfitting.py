"""Right and wrong answers to the exercises of notebook 01."""

CASES = {}
