"""A run that was stopped goes on after its last epoch, and ends with the very same numbers."""

import contextlib
import dataclasses
import importlib
import json
import os
import warnings

import joblib
import numpy as np
import pytest
import tensorflow as tf

from reslib.experiments import devices, sweep, train, training, worker
from reslib.experiments.recipe import build
from reslib.experiments.records import Checkpoint, Record, surroundings
from reslib.experiments.result import MEASURES
from reslib.experiments.tracing import trace

module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too
EPOCHS = 3


STATE = [np.arange(10, dtype="uint8"), np.ones((2, 3), "float32")]


class Stop(Exception):
    """What ends a training after an epoch."""


def stop_in_a_worker(run, epochs):
    """Begin a run in a worker process, and leave it after so many epochs."""
    record = Record(run)

    def begin(settings):
        os.environ.update(settings)
        devices.set_threads()

        def stop(epoch):
            if epoch == epochs:
                raise Stop

        with contextlib.suppress(Stop):
            training.train_run(run, after_epoch=stop, record=record)

    with module.processes(1, operations=2):  # the same processes as those of `train`
        joblib.Parallel(max_nbytes=None)([joblib.delayed(begin)(worker.settings())])


def rewrite(path, change):
    """Change the facts of a checkpoint."""
    with np.load(path) as content:
        arrays = dict(content)
    facts = json.loads(arrays.pop("facts").tobytes())
    change(facts)
    with open(path, "wb") as file:
        np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), "uint8"), **arrays)


@pytest.fixture(scope="module")
def undisturbed(tiny, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESLIB_CACHE", str(tmp_path_factory.mktemp("undisturbed")))
        patch.delenv("RESLIB_SEED_OFFSET", raising=False)
        model = ("cifar_resnet", {"depth": 8, "width": 2, "survival_probability": 0.5})
        run = tiny(model=model, epochs=EPOCHS, augmentation="crop_and_flip")
        return train(run, keep_weights=True)


@pytest.fixture
def checkpoint(tiny, memory):
    """The record of a run with a checkpoint of a made-up state."""
    record = Record(tiny(epochs=EPOCHS))
    history = {name: [0.1, 0.2] for name in MEASURES}
    record.write_checkpoint(Checkpoint(history, 1.5, np.random.default_rng(7), STATE))
    return record


@pytest.mark.parametrize("epochs", range(1, EPOCHS))
def test_goes_on_to_the_same_numbers(undisturbed, memory, epochs):
    """Weights, statistics, velocities and all random states: to the last bit."""
    stop_in_a_worker(undisturbed.run, epochs)
    assert len(list(memory.glob("*.checkpoint"))) == 1
    result = train(undisturbed.run, keep_weights=True)
    assert result.history == undisturbed.history
    for mine, theirs in zip(result.weights, undisturbed.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not list(memory.glob("*.checkpoint"))


def test_trained_epochs_are_not_trained_again(undisturbed, memory):
    """A number altered in the checkpoint comes back altered."""
    stop_in_a_worker(undisturbed.run, 2)
    (path,) = memory.glob("*.checkpoint")
    rewrite(path, lambda facts: facts["history"].update(test_error=[0.5, 0.25]))
    result = train(undisturbed.run)
    assert result.history["test_error"] == [0.5, 0.25, undisturbed.test_error]


def test_another_machine_state_would_be_noticed(undisturbed, memory):
    """The comparison above can fail: with other random numbers the last epoch is another."""
    stop_in_a_worker(undisturbed.run, 2)
    (path,) = memory.glob("*.checkpoint")
    other = np.random.default_rng(99).bit_generator.state
    rewrite(path, lambda facts: facts.update(random=other))
    result = train(undisturbed.run)
    assert result.history["train_loss"][:2] == undisturbed.history["train_loss"][:2]
    assert result.history["train_loss"][2] != undisturbed.history["train_loss"][2]


def test_state_is_the_whole_network(tiny):
    """What is written and read moves every variable, and none is forgotten."""
    run = tiny()
    network = trace(build(run.model, run.dataset), run.batch_size, 0.9, 0.0)
    variables = [*(v.value for v in network.model.variables), *network.velocities]
    for number, variable in enumerate(variables):
        variable.assign(tf.fill(variable.shape, tf.cast(number, variable.dtype)))
    state = network.state()
    for variable in variables:
        variable.assign(tf.zeros_like(variable))
    network.set_state(state)
    for number, variable in enumerate(variables):
        assert (np.asarray(variable) == number).all()


def test_comes_back_as_it_was(checkpoint):
    found = checkpoint.read_checkpoint(like=STATE)
    assert found.epochs == 2 and found.seconds == 1.5
    assert found.history == {name: [0.1, 0.2] for name in MEASURES}
    for array, original in zip(found.state, STATE, strict=True):
        np.testing.assert_array_equal(array, original, strict=True)
    assert found.random.random() == np.random.default_rng(7).random()


def test_runs_of_one_epoch_leave_none(tiny, monkeypatch):
    monkeypatch.setattr(Record, "write_checkpoint", lambda *args: pytest.fail("a checkpoint"))
    run = tiny(epochs=1)
    training.train_run(run, record=Record(run))


def _cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def _flip(path):
    content = bytearray(path.read_bytes())
    content[content.index(bytes(range(10)))] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        _cut,
        _flip,
        lambda path: path.write_text("foreign"),
        lambda path: np.save(path.open("wb"), np.arange(3)),
        lambda path: np.savez(path.open("wb"), facts=np.array([{}], dtype=object)),
        lambda path: rewrite(path, lambda facts: facts.pop("random")),
        lambda path: rewrite(path, lambda facts: facts.update(random={"bit_generator": "MT"})),
        lambda path: rewrite(path, lambda facts: facts["run"].update(true_seed=5)),
        lambda path: rewrite(path, lambda facts: facts.update(epochs=1)),
        lambda path: rewrite(path, lambda facts: facts.update(epochs=EPOCHS)),
        lambda path: rewrite(path, lambda facts: facts["history"].pop("test_loss")),
    ],
    ids=[
        "empty",
        "torn",
        "bit-flipped",
        "foreign",
        "array",
        "pickled",
        "no-random",
        "other-random",
        "other-run",
        "epochs-lost",
        "over",
        "measure-missing",
    ],
)
def test_damaged_checkpoint_is_set_aside(checkpoint, damage):
    path = checkpoint.path(".checkpoint")
    damage(path)
    damaged = path.read_bytes()
    assert checkpoint.read_checkpoint(like=STATE) is None
    assert not path.exists()
    assert path.with_name(path.name + ".damaged").read_bytes() == damaged


@pytest.mark.parametrize(
    "like",
    [STATE[:1], [*STATE, STATE[0]], [STATE[0][:-1], STATE[1]], [STATE[0], STATE[1].astype(int)]],
    ids=["fewer", "more", "shape", "type"],
)
def test_state_of_another_network_is_set_aside(checkpoint, like):
    assert checkpoint.read_checkpoint(like) is None
    assert not checkpoint.path(".checkpoint").exists()


def test_torn_checkpoint_is_begun_anew(undisturbed, memory):
    stop_in_a_worker(undisturbed.run, 2)
    (path,) = memory.glob("*.checkpoint")
    _cut(path)
    assert train(undisturbed.run).history == undisturbed.history


def test_other_code_goes_on_with_nothing(checkpoint):
    other = Record(checkpoint.run, {**surroundings(), "code": "changed"})
    assert other.read_checkpoint(like=STATE) is None
    assert checkpoint.path(".checkpoint").exists()


def test_checkpoint_goes_when_the_run_is_finished(checkpoint, undisturbed):
    checkpoint.write(dataclasses.replace(undisturbed, run=checkpoint.run))
    assert not checkpoint.path(".checkpoint").exists()


def test_what_cannot_be_written_stops_nothing(undisturbed, tmp_path, monkeypatch):
    """Where the folder of records should be there is a file: one warning, and all results."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESLIB_CACHE", str(tmp_path / "file"))
    runs = [dataclasses.replace(undisturbed.run, seed=seed) for seed in (1, 0, 2)]
    with pytest.warns(UserWarning, match="the records of 3 runs could not be written") as caught:
        results = sweep(runs, workers=2)
    assert len(caught) == 1
    assert results[1].history == undisturbed.history


def test_only_checkpoints_unwritten(undisturbed):
    """A disk with room for a record but not for a checkpoint: the warning says which."""
    outcome = worker.Outcome(undisturbed, {"checkpoint": "no space left"})
    with pytest.warns(UserWarning, match="^checkpoints could not be written .*no space left"):
        module._warn_of_unwritten([outcome, outcome])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module._warn_of_unwritten([worker.Outcome(undisturbed, {})])


def test_worker_trains_nothing_that_is_done(undisturbed, memory, tmp_path, monkeypatch):
    """Another sweep was quicker."""
    monkeypatch.setattr(devices, "set_threads", lambda: None)
    monkeypatch.setattr(training, "train_run", lambda *args: pytest.fail("trained"))
    record = Record(undisturbed.run)
    record.write(undisturbed)
    outcome = worker.train_and_record(record, True, worker.settings(), None)
    assert outcome.result.history == undisturbed.history and outcome.result.weights is not None
