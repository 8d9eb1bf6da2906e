"""Right and wrong answers to the exercises of notebook 06."""

CASES = {}
