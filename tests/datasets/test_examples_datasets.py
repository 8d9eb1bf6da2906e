"""The examples in the docstrings run, and give what they say."""

import doctest
import importlib

import pytest

NAMES = ["flood_fill", "loading", "recorded", "resizing", "scenes", "stratification"]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    # Not by attribute: `reslib.datasets.scenes` is the function there.
    result = doctest.testmod(importlib.import_module(f"reslib.datasets.{name}"))
    assert result.attempted and not result.failed
