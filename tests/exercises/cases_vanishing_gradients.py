"""Right and wrong answers to the exercises of notebook 02."""

CASES = {}
