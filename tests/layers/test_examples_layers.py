"""The examples in the docstrings run, and give what they say, on every backend."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import reslib

ROOT = Path(reslib.__file__).parent
EXAMPLE = re.compile(r">>> (?!.*# doctest: \+SKIP)")
MODULES = [
    f"{room}.{path.stem}"
    for room in ("layers", "models", "detection", "probes")
    for path in sorted((ROOT / room).glob("*.py"))
    if EXAMPLE.search(path.read_text(encoding="utf-8"))
]


def test_every_layer_and_network_has_an_example():
    """Of its own, in its docstring; the conversion's would have to download weights."""
    for room in (reslib.layers, reslib.models):
        for thing in vars(room).values():
            if getattr(thing, "__module__", "").startswith(f"{room.__name__}."):
                assert ">>> " in thing.__doc__, thing


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    # Not by attribute: `reslib.models.resnet` is the function there.
    result = doctest.testmod(importlib.import_module(f"reslib.{name}"))
    assert result.attempted and not result.failed
