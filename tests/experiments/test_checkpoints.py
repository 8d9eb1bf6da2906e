"""A run that was stopped goes on after its last epoch, and ends with the very same numbers."""

import dataclasses
import importlib
import json
import os
import warnings

import joblib
import numpy as np
import pytest
import tensorflow as tf

from reslib.experiments import records, sweep, train, training, worker
from reslib.experiments.checkpoints import Checkpoint, Checkpoints
from reslib.experiments.shares import Share, divide

module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too
EPOCHS = 3


def stop_in_a_worker(run, epochs):
    """Begin a run in a worker process, and leave it after so many epochs."""

    def begin(settings):
        os.environ.update(settings)
        worker.set_threads()
        return training.train_here(run, checkpoints=Checkpoints(run), end=epochs)

    with module.processes(1, operations=2):  # the same processes as those of `train`
        parallel = joblib.Parallel(max_nbytes=None)
        assert parallel([joblib.delayed(begin)(worker.settings())]) == [None]


def rewrite(path, change):
    """Change the facts of a checkpoint."""
    with np.load(path) as content:
        facts, state = json.loads(content["facts"].tobytes()), content["state"]
    change(facts)
    with open(path, "wb") as file:
        np.savez(file, facts=np.frombuffer(json.dumps(facts).encode(), "uint8"), state=state)


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
    """A checkpoint of a made-up state of ten bytes."""
    checkpoints = Checkpoints(tiny(epochs=EPOCHS))
    history = {name: [0.1, 0.2] for name in training.MEASURES}
    state = np.arange(10, dtype="uint8")
    checkpoints.write(Checkpoint(history, 1.5, np.random.default_rng(7), state))
    return checkpoints


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
    data = training.load_data(run.dataset)
    recipe = run.model, data.x_train.shape[1:], len(data.class_names), run.batch_size, 0.9, 0.0
    network = training._TracedNetwork(training._build(*recipe[:3]), *recipe[3:])
    variables = [*(v.value for v in network.model.variables), *network.velocities]
    for number, variable in enumerate(variables):
        variable.assign(tf.fill(variable.shape, tf.cast(number, variable.dtype)))
    state = network.state()
    assert len(state) == network.size
    for variable in variables:
        variable.assign(tf.zeros_like(variable))
    network.set_state(state)
    for number, variable in enumerate(variables):
        assert (np.asarray(variable) == number).all()


def test_comes_back_as_it_was(checkpoint):
    found = checkpoint.read(10)
    assert found.epochs == 2 and found.seconds == 1.5
    assert found.history == {name: [0.1, 0.2] for name in training.MEASURES}
    np.testing.assert_array_equal(found.state, np.arange(10))
    assert found.random.random() == np.random.default_rng(7).random()


def test_runs_of_one_epoch_leave_none(tiny, monkeypatch):
    monkeypatch.setattr(Checkpoints, "write", lambda *args: pytest.fail("a checkpoint"))
    run = tiny(epochs=1)
    training.train_here(run, checkpoints=Checkpoints(run))


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
    damage(checkpoint.path)
    damaged = checkpoint.path.read_bytes()
    assert checkpoint.read(10) is None
    assert not checkpoint.path.exists()
    aside = checkpoint.path.with_name(checkpoint.path.name + ".damaged")
    assert aside.read_bytes() == damaged


def test_state_of_another_network_is_set_aside(checkpoint):
    assert checkpoint.read(11) is None
    assert not checkpoint.path.exists()


def test_torn_checkpoint_is_begun_anew(undisturbed, memory):
    stop_in_a_worker(undisturbed.run, 2)
    (path,) = memory.glob("*.checkpoint")
    _cut(path)
    assert train(undisturbed.run).history == undisturbed.history


def test_other_code_goes_on_with_nothing(checkpoint, monkeypatch):
    monkeypatch.setattr(records, "_software", lambda: "changed")
    assert Checkpoints(checkpoint.run).read(10) is None
    assert checkpoint.path.exists()


def test_what_cannot_be_written_stops_nothing(undisturbed, tmp_path, monkeypatch):
    """Where the folder of records should be there is a file: one warning, and all results."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESLIB_CACHE", str(tmp_path / "file"))
    runs = [dataclasses.replace(undisturbed.run, seed=seed) for seed in (1, 0, 2)]
    assert len(divide(runs, 2)) == 4  # the second is handed on, and nothing of it is there
    with pytest.warns(UserWarning, match="the records of 3 runs could not be written") as caught:
        results = sweep(runs, workers=2)
    assert len(caught) == 1
    assert results[1].history == undisturbed.history


def test_only_checkpoints_unwritten(tiny, memory, monkeypatch):
    """A disk with room for a record but not for a checkpoint: the warning says which."""
    result = training.train_here(tiny())
    outcome = worker.Outcome(result, 2, {"checkpoint": "no space left"})
    with pytest.warns(UserWarning, match="^checkpoints could not be written .*no space left"):
        module._warn_of_unwritten([outcome, outcome])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module._warn_of_unwritten([worker.Outcome(result, 2, {})])


def test_worker_trains_nothing_that_is_done(undisturbed, memory, tmp_path, monkeypatch):
    """Another sweep was quicker."""
    monkeypatch.setattr(worker, "set_threads", lambda: None)
    monkeypatch.setattr(training, "train_here", lambda *args: pytest.fail("trained"))
    records.remember(undisturbed)
    share = Share(undisturbed.run, 0, EPOCHS)
    outcome = worker.train_and_remember(share, True, worker.settings(), tmp_path / "bar")
    assert outcome.result.history == undisturbed.history and outcome.result.weights is not None
    assert not (tmp_path / "bar").exists()
