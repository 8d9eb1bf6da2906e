"""Runs that take less than a second, and a memory of its own for each test."""

import functools

import pytest

from reslib.experiments import Run


@pytest.fixture(autouse=True)
def memory(monkeypatch, tmp_path):
    """The folder of records, empty; seeds are what they seem to be."""
    monkeypatch.setenv("RESLIB_CACHE", str(tmp_path))
    monkeypatch.delenv("RESLIB_SEED_OFFSET", raising=False)
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def tiny():
    """Makes a `Run` over in a moment: `tiny(seed=1)`."""
    return functools.partial(
        Run,
        model=("cifar_resnet", {"depth": 8, "width": 2}),
        dataset=("fashion_mnist", {"size": 7, "train_size": 230, "test_size": 100}),
        epochs=2,
        batch_size=50,
    )


@pytest.fixture(scope="session")
def tiny_scenes():
    """The same for a network with an answer for every pixel."""
    return functools.partial(
        Run,
        model=("pyramid_segmenter", {"width": 2, "blocks": (1, 1)}),
        dataset=(
            "scenes",
            {"size": 17, "object_sizes": (3, 4, 8), "train_size": 55, "test_size": 30},
        ),
        epochs=2,
        batch_size=12,
    )


@pytest.fixture(scope="session")
def tiny_odd_ones(tiny_scenes):
    """The same where some pixels count more than others."""
    sizes = {"size": 17, "small_objects": 3, "object_sizes": (3, 8)}
    return functools.partial(
        tiny_scenes, dataset=("odd_ones", {**sizes, "train_size": 55, "test_size": 30})
    )
