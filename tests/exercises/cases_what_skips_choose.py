"""Right and wrong answers to the exercises of notebook 07."""

CASES = {}
