"""Flood fill in a row by way of a `Run`."""

import pytest

from reslib.experiments import Run, sweep
from reslib.experiments.recipe import build, load_data

ROWS = "flood_fill", {"train_size": 1600, "test_size": 200, "cells": 8, "wall_probability": 0.2}


def test_a_run_can_name_the_rows_and_their_network(monkeypatch):
    run = Run(("row_resnet", {"depth": 8}), ROWS)
    assert Run(**run.to_dict()) == run
    assert build(run.model, run.dataset).output_shape == (None, 8, 2)
    before = load_data(run.dataset).checksum
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    assert load_data(run.dataset).checksum != before


def test_what_the_task_does_not_take_is_refused():
    with pytest.raises(ValueError, match="flood_fill takes the arguments .*cells.*received 'size'"):
        Run("mlp", ("flood_fill", {"size": 14}))
    with pytest.raises(ValueError, match="augmentation must be None for flood_fill"):
        Run(("row_resnet", {"depth": 8}), ROWS, augmentation="crop_and_flip")


def test_a_network_that_sees_the_whole_row_learns_it():
    """Depth 8 sees seven cells to each side, all that there are; depth 2 + 2 sees three."""
    runs = [
        Run(("row_resnet", {"depth": depth}), ROWS, batch_size=16, schedule="warmup", epochs=2)
        for depth in (4, 8)
    ]
    shallow, deep = sweep(runs).final.test_error
    assert deep < 0.01 < 0.03 < shallow
