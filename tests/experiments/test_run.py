"""The description of a run: plain data that can be compared, hashed, sent and stored."""

import dataclasses
import json
import pathlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reslib.experiments import Run

MODEL = ("cifar_resnet", {"depth": 8})

runs = st.builds(
    Run,
    model=st.fixed_dictionaries(
        {"depth": st.sampled_from([8, 20])},
        optional={
            "shortcut": st.sampled_from(["A", "B", None]),
            "width": st.integers(1, 64),
            "input_shape": st.sampled_from([(8, 8, 1), [9, 9, 3], (None, None, 3)]),
            "identity_start": st.booleans(),
        },
    ).map(lambda arguments: ("cifar_resnet", arguments)),
    dataset=st.sampled_from(["cifar10", ("fashion_mnist", {"size": 7}), ("fashion_mnist", {})]),
    epochs=st.integers(1, 100),
    batch_size=st.integers(1, 100),
    learning_rate=st.floats(0, 10),
    schedule=st.sampled_from(["cosine", "constant", "warmup", "steps", "steps_after_warmup"]),
    momentum=st.floats(0, 1, exclude_max=True),
    weight_decay=st.floats(0, 1),
    augmentation=st.sampled_from([None, "crop_and_flip"]),
    seed=st.integers(0, 10**6),
)


@given(runs)
def test_survives_json(run):
    """What is written down in a record is the whole run."""
    assert Run(**json.loads(json.dumps(run.to_dict()))) == run


@given(runs)
def test_survives_pickle(run):
    """A worker gets the run it was sent."""
    copy = pickle.loads(pickle.dumps(run))
    assert copy == run and hash(copy) == hash(run)


@given(runs, runs)
def test_equal_runs_are_those_with_equal_contents(one, other):
    assert (one == other) == (one.to_dict() == other.to_dict())


@given(runs)
def test_replace_keeps_the_rest(run):
    assert dataclasses.replace(run) == run
    assert dataclasses.replace(run, epochs=run.epochs + 1) != run


@pytest.mark.parametrize(
    "model",
    [
        ("cifar_resnet", {"shortcut": None, "depth": 8, "input_shape": (8, 8, 1)}),
        ["cifar_resnet", {"depth": 8, "input_shape": [8, 8, 1], "shortcut": None}],
        ("cifar_resnet", {"depth": np.int64(8), "input_shape": (8, 8, 1), "shortcut": None}),
        ("cifar_resnet", (("shortcut", None), ("input_shape", (8, 8, 1)), ("depth", 8))),
    ],
    ids=["tuple", "list", "numpy", "pairs"],
)
def test_equal_arguments_make_equal_runs(model):
    """However they are written: one record, one training."""
    reference = Run(
        ("cifar_resnet", {"depth": 8, "shortcut": None, "input_shape": (8, 8, 1)}),
        "fashion_mnist",
        learning_rate=1.0,
    )
    run = Run(model, ("fashion_mnist", {}), learning_rate=np.float64(1), epochs=np.int32(1))
    assert run == reference
    assert hash(run) == hash(reference)
    assert json.dumps(run.to_dict()) == json.dumps(reference.to_dict())


def test_is_frozen():
    run = Run(MODEL, "fashion_mnist")
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.seed = 1
    run.model.arguments["depth"] = 20  # a copy
    assert run.model.arguments == {"depth": 8}


def test_defaults_are_the_papers():
    """SGD with momentum 0.9 from a learning rate of 0.1 on batches of 128."""
    run = Run(MODEL, "fashion_mnist")
    assert (run.batch_size, run.learning_rate, run.momentum) == (128, 0.1, 0.9)


@pytest.mark.parametrize(
    "field, value",
    [
        ("model", "resnet_of_my_own"),
        ("model", 3),
        ("model", None),
        ("model", ("cifar_resnet",)),
        ("model", ("cifar_resnet", {"dept": 8})),
        ("model", ("cifar_resnet", {"depth": {"n": 8}})),
        ("model", ("cifar_resnet", {"depth": np.ones(2)})),
        ("dataset", "mnist"),
        ("dataset", ("fashion_mnist", 14)),
        ("dataset", ("fashion_mnist", {"size": {14}})),
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("batch_size", -1),
        ("batch_size", "128"),
        ("learning_rate", -0.1),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "0.1"),
        ("schedule", "linear"),
        ("schedule", None),
        ("schedule", ["steps"]),
        ("augmentation", "mixup"),
        ("augmentation", True),
        ("augmentation", ["crop_and_flip"]),
        ("momentum", 1),
        ("momentum", -0.1),
        ("weight_decay", None),
        ("weight_decay", -1),
        ("seed", 0.5),
        ("seed", None),
        ("seed", -1),
    ],
)
def test_bad_field_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Run(**{"model": MODEL, "dataset": "fashion_mnist", field: value})


def test_dense_labels_are_not_augmented():
    """They would stay where they are while the pixels move."""
    with pytest.raises(ValueError, match="augmentation must be None for scenes.*crop_and_flip"):
        Run(("pyramid_segmenter", {}), "scenes", augmentation="crop_and_flip")


@pytest.mark.parametrize(
    "model, dataset",
    [("cifar_resnet", "scenes"), ("mlp", "scenes"), ("pyramid_segmenter", "fashion_mnist")],
)
def test_answers_must_be_those_that_the_data_ask_for(model, dataset):
    """One for each image, or one for each pixel."""
    with pytest.raises(ValueError, match=f"model must give an answer .*{dataset}.*{model}"):
        Run(model, dataset)


def test_path_of_the_data_is_the_whole_path(tmp_path, monkeypatch):
    """A path object and a relative path are the same file, also when the folder has changed."""
    monkeypatch.chdir(tmp_path)
    paths = "my.npz", pathlib.Path("my.npz"), str(tmp_path / "my.npz"), tmp_path / "my.npz"
    runs = {Run(MODEL, ("fashion_mnist_full", {"path": path})) for path in paths}
    assert {run.dataset.arguments["path"] for run in runs} == {str(tmp_path / "my.npz")}
    monkeypatch.chdir("/")
    assert {Run(**run.to_dict()) for run in runs} == runs


def test_seed_is_moved_by_the_offset(monkeypatch):
    """The run stays what it says; only the seed that is used moves."""
    run = Run(MODEL, "fashion_mnist", seed=3)
    assert run.true_seed == 3
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1000")
    assert run.true_seed == 1003
    assert run.seed == 3 and run == Run(MODEL, "fashion_mnist", seed=3)
