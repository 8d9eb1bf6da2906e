"""The examples in the docstrings run, and give what they say."""

import doctest

import pytest

from reslib.datasets import loading, resizing, stratifying


@pytest.mark.parametrize("module", [loading, resizing, stratifying], ids=lambda m: m.__name__)
def test_examples(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed
