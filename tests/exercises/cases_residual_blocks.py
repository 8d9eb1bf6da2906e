"""Right and wrong answers to the exercises of notebook 04."""

CASES = {}
