"""Whatever a run is given, it is trainable data or a ValueError that names the argument."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junk import accepted, anything, examples

from reslib import datasets, models
from reslib.experiments import Run
from reslib.experiments.recipe import DATASETS, NETWORKS, build, load_data

SCENES = {
    **{"train_size": 2, "test_size": 2, "size": 12},
    **{"counts": (1, 0, 0), "object_sizes": (1, 2, 3)},
}
ROWS = {"train_size": 2, "test_size": 2, "cells": 12}
GOOD = {
    "model": ("cifar_resnet", {"depth": 8, "width": 1}),
    "dataset": ("fashion_mnist", {"size": 4, "train_size": 10, "test_size": 10}),
}
FITTING = {  # what goes with a network or a data set of each kind
    "image": GOOD,
    "pixel": {
        "model": ("pyramid_segmenter", {"width": 1, "blocks": (1,)}),
        "dataset": ("scenes", SCENES),
    },
    "cell": {
        "model": ("row_resnet", {"depth": 4, "width": 1}),
        "dataset": ("flood_fill", ROWS),
    },
}


@pytest.mark.parametrize("field", sorted(Run.__dataclass_fields__))
@given(value=anything)
@examples(40)
def test_a_field_is_taken_or_named(field, value):
    """And what is taken is plain data afterwards: it can be compared and written down."""
    if accepted(field, lambda **changed: Run(**{**GOOD, **changed}), value):
        run = Run(**{**GOOD, field: value})
        assert Run(**run.to_dict()) == run


def changed(field, name, arguments, argument, value):
    """The run with one argument of its model or dataset changed; or `None` if it is refused."""
    recipe = name, {**arguments, argument: value}
    other = FITTING[(NETWORKS if field == "model" else DATASETS)[name]]
    if not accepted(field, lambda **one: Run(**{**other, **one}), recipe):
        return None
    run = Run(**{**other, field: recipe})
    assert Run(**run.to_dict()) == run
    return run


@pytest.mark.parametrize(
    "name, argument",
    [
        (name, argument)
        for name in NETWORKS
        for argument in inspect.signature(getattr(models, name)).parameters
    ],
)
@given(value=anything.filter(lambda value: not (type(value) is int and value > 100)))
@examples(8)
def test_an_argument_of_the_model_is_taken_or_named(name, argument, value):
    """By the run, or by the network before any training."""
    small = {
        "cifar_resnet": {"depth": 8, "width": 1},
        "mlp": {"depth": 1, "width": 2},
        "pyramid_segmenter": {"width": 1, "blocks": (1,)},
        "resnet": {"depth": 18, "width": 1, "shortcut": "D"},
        "row_resnet": {"depth": 4, "width": 1},
    }[name]
    run = changed("model", name, small, argument, value)
    if run and name != "resnet":  # whose networks take half a second each
        accepted(argument, lambda **_: build(run.model, run.dataset), value)


@pytest.mark.parametrize(
    "name, argument",
    [
        *(("fashion_mnist", one) for one in inspect.signature(datasets.load).parameters),
        *(("scenes", one) for one in inspect.signature(datasets.scenes).parameters),
        *(("flood_fill", one) for one in inspect.signature(datasets.flood_fill).parameters),
    ],
)
@given(value=anything.filter(lambda value: not (type(value) is int and value > 10**5)))
@examples(12)
def test_an_argument_of_the_dataset_is_taken_or_named(name, argument, value):
    others = {"scenes": SCENES, "flood_fill": ROWS}
    small = others.get(name, {"train_size": 2, "test_size": 2, "size": 12})
    if run := changed("dataset", name, small, argument, value):
        accepted(argument, lambda **_: load_data(run.dataset), value)


@pytest.mark.parametrize("field, name", [("model", "mlp"), ("dataset", "fashion_mnist")])
@given(argument=st.text())
@examples(30)
def test_an_unknown_argument_is_refused(field, name, argument):
    function = models.mlp if field == "model" else datasets.load
    known = set(inspect.signature(function).parameters) - {"name"}
    if argument not in known | {"name"}:
        assert changed(field, name, {}, argument, 1) is None
