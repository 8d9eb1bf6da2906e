"""Sweeps: the same numbers however a run is trained, and never trained twice."""

import contextlib
import dataclasses
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import psutil
import pytest
import tensorflow as tf
from joblib.externals.loky import get_reusable_executor, reusable_executor

from reslib.experiments import Run, devices, network, sweep, tracing, train, worker
from reslib.experiments.recipe import load_data
from reslib.experiments.records import Record, surroundings
from reslib.experiments.result import MEASURES, Result

module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too


def assert_same(one, other, weights=True):
    """The very same numbers, to the last bit."""
    assert one.run == other.run
    assert one.history == other.history
    if weights:
        for a, b in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.fixture
def trainings(monkeypatch):
    """The runs that are really trained, call by call."""
    calls = []
    train_all = module._train_all

    def spy(records, *args):
        calls.append([record.run for record in records])
        return train_all(records, *args)

    monkeypatch.setattr(module, "_train_all", spy)
    return calls


@pytest.fixture(scope="module")
def runs(tiny):
    plain = ("cifar_resnet", {"depth": 8, "width": 2, "shortcut": None})
    return [run for seed in (0, 1) for run in (tiny(seed=seed), tiny(seed=seed, model=plain))]


@pytest.fixture(scope="module")
def swept(runs, tmp_path_factory):
    """All runs, by two workers; what the other ways are compared with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESLIB_CACHE", str(tmp_path_factory.mktemp("swept")))
        patch.delenv("RESLIB_SEED_OFFSET", raising=False)
        return sweep(runs, workers=2, keep_weights=True)


@pytest.fixture
def record(swept, memory):
    """The record of the first run, in this test's memory."""
    record = Record(swept[0].run)
    record.write(swept[0])
    return record.path(".json")


def test_results_come_in_the_order_of_the_runs(swept, runs):
    assert [result.run for result in swept] == runs
    assert len({json.dumps(result.history) for result in swept}) == len(runs)


def test_same_numbers_with_one_worker(swept, runs, trainings):
    """In a new process, in another order, in other company."""
    get_reusable_executor().shutdown(kill_workers=True)
    others = [dataclasses.replace(run, seed=9) for run in runs[:2]]
    mixed = [others[0], *reversed(runs), others[1]]
    results = sweep(mixed, workers=1, keep_weights=True)
    for mine, theirs in zip(results[4:0:-1], swept, strict=True):
        assert_same(mine, theirs)
    assert sorted(map(hash, trainings[0])) == sorted(map(hash, mixed))


def test_same_numbers_alone(swept, runs):
    """Also in a process that has used TensorFlow, and where another seed was trained before."""
    assert_same(train(runs[2], keep_weights=True), swept[2])


def test_longest_runs_go_first(tiny):
    """By a rough measure, which a depth that the network will refuse does not break."""
    sizes = [(8, 2), (20, 2), (8, 9), (-4, 3), ("deep", 4)]
    runs = [tiny(model=("cifar_resnet", {"depth": d}), epochs=epochs) for d, epochs in sizes]
    assert module.longest_first(runs) == [runs[i] for i in (2, 1, 0, 4, 3)]


def test_one_worker_trains_one_run_at_a_time(tiny):
    """Times tell: together the runs take no less than one after the other."""
    sweep([tiny(seed=seed) for seed in range(4)], workers=1)  # from now on both processes can train
    runs = [tiny(seed=seed, epochs=20) for seed in range(20, 24)]
    started = time.perf_counter()
    results = sweep(runs, workers=1)
    assert time.perf_counter() - started >= sum(result.seconds for result in results)


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_trained_in_this_process(tiny, workers):
    """Its threads are not ours to count: TensorFlow has long started them."""
    before = tracing.traced_network.cache_info()
    sweep([tiny(seed=40)], workers=workers)
    assert tracing.traced_network.cache_info() == before


def test_worker_sets_its_threads_and_counts_epochs(tiny, memory, tmp_path, monkeypatch):
    """Here the worker's part runs in this process, which keeps its threads."""
    threads = {}
    for kind in ("intra", "inter"):
        name = f"set_{kind}_op_parallelism_threads"
        setter = functools.partial(threads.__setitem__, kind)
        monkeypatch.setattr(tf.config.threading, name, setter)
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "3")
    bar = tmp_path / "progress"
    bar.touch()
    outcome = worker.train_and_record(Record(tiny()), False, worker.settings(), bar)
    assert threads == {"intra": 1, "inter": 3}
    assert outcome.result.run == tiny() and outcome.unwritten == {}
    assert bar.stat().st_size == 2
    assert len(list(memory.glob("*.json"))) == 1


def test_worker_goes_on_with_what_another_began(tiny, memory, tmp_path, monkeypatch):
    """No epoch is trained twice, and the bar shows each once."""
    trained, train_epoch = [], network.TracedNetwork.train_epoch

    def train_two(*args):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(train_epoch(*args))

    monkeypatch.setattr(devices, "set_threads", lambda: None)
    monkeypatch.setattr(network.TracedNetwork, "train_epoch", train_two)
    record = Record(tiny(epochs=4))
    with pytest.raises(KeyboardInterrupt):
        worker.train_and_record(record, False, worker.settings(), None)
    assert len(list(memory.glob("*.checkpoint"))) == 1
    monkeypatch.setattr(
        network.TracedNetwork, "train_epoch", lambda *args: trained.append(train_epoch(*args))
    )
    bar = tmp_path / "progress"
    bar.touch()
    worker.train_and_record(record, False, worker.settings(), bar)
    assert len(trained) == bar.stat().st_size == 4
    assert not list(memory.glob("*.checkpoint"))


def test_a_reader_who_stops_a_sweep_gets_one_sentence(runs, memory, monkeypatch):
    """What is kept, and that the same cell goes on there; no traceback through the engine."""

    def stopped(records, *arguments):
        records[0].write(Result(records[0].run, {name: [1.0, 1.0] for name in MEASURES}, 1.0))
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_train_all", stopped)
    with pytest.raises(KeyboardInterrupt) as stop:
        sweep(runs)
    (sentence,) = stop.value._render_traceback_()  # which IPython shows in place of its own
    assert f"1 of {len(runs)} networks are trained and kept" in sentence
    assert "run the cell again" in sentence
    assert stop.value.__cause__ is None and stop.value.__suppress_context__


def test_equal_runs_are_trained_once(runs, trainings, memory):
    results = sweep([runs[0], runs[1], dataclasses.replace(runs[0])])
    assert results[0] is results[2]
    assert [len(call) for call in trainings] == [2]
    assert len(list(memory.glob("*.json"))) == 2


def test_finished_runs_are_not_trained_again(record, swept, runs, trainings):
    """A number altered in the record comes back altered: nothing was computed."""
    content = json.loads(record.read_text())
    content["history"]["test_error"][-1] = 0.125
    record.write_text(json.dumps(content))
    assert train(runs[0]).test_error == 0.125
    assert trainings == []


def test_record_brings_everything_back(record, swept, runs):
    recalled = Record(runs[0]).read(keep_weights=True)
    assert_same(recalled, swept[0])
    assert recalled.seconds == swept[0].seconds
    assert Record(runs[0]).read().weights is None


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"epochs": 3},
        {"batch_size": 51},
        {"learning_rate": 0.11},
        {"schedule": "constant"},
        {"momentum": 0.8},
        {"weight_decay": 1e-9},
        {"model": ("cifar_resnet", {"depth": 8, "width": 3})},
        {"dataset": ("fashion_mnist", {"size": 7, "train_size": 240, "test_size": 100})},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_run_has_another_record(record, runs, change):
    assert Record(runs[0]).read() is not None
    assert Record(dataclasses.replace(runs[0], **change)).read() is None


@pytest.mark.parametrize("name", ["code", "backend", "keras", "tensorflow", "numpy"])
def test_other_code_or_versions_have_other_records(record, runs, name):
    assert name in surroundings()
    assert Record(runs[0], {**surroundings(), name: "changed"}).read() is None


def test_other_data_have_other_records(record, runs, monkeypatch):
    """Same name, same size, another checksum."""
    module = importlib.import_module("reslib.experiments.records.record")
    monkeypatch.setattr(module, "checksum", lambda dataset: "changed")
    assert Record(runs[0]).read() is None


def test_other_weights_of_pixels_have_other_records(tiny_odd_ones):
    """Though pictures and labels are the same: another number, and another default."""
    run = tiny_odd_ones(epochs=1)
    heavier = (run.dataset.name, {**run.dataset.arguments, "small_weight": 6.0})
    records = [Record(of) for of in (run, tiny_odd_ones(epochs=1, dataset=heavier))]
    assert records[0].name != records[1].name and records[0].checksum != records[1].checksum


def test_other_scenes_have_other_records(tiny_scenes, monkeypatch):
    """Under an offset the scenes move with the seed: the same true seed is not the same run."""
    run = tiny_scenes(epochs=1, seed=1)
    result = train(run, keep_weights=True)
    logits = result.model().predict(load_data(run.dataset).x_test, verbose=0)
    error = np.mean(logits.argmax(-1) != load_data(run.dataset).y_test)
    assert result.test_error == error
    assert Record(run).read() is not None
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    moved = dataclasses.replace(run, seed=0)
    assert moved.true_seed == 1 and Record(moved).read() is None


def test_weights_asked_for_later_are_trained_for(runs, swept, trainings):
    Record(runs[0]).write(dataclasses.replace(swept[0], weights=None))
    assert train(runs[0]).weights is None and trainings == []
    assert_same(train(runs[0], keep_weights=True), swept[0])
    assert trainings == [[runs[0]]]


def test_torn_record_is_set_aside_and_trained_again(record, swept, runs, trainings):
    """With the same numbers; whoever wants to know finds the old one."""
    torn = record.read_text()[:100]
    record.write_text(torn)
    assert_same(train(runs[0]), swept[0], weights=False)
    assert trainings == [[runs[0]]]
    assert record.with_name(record.name + ".damaged").read_text() == torn
    assert json.loads(record.read_text())["history"] == swept[0].history


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "",
        lambda content: "[]",
        lambda content: json.dumps({**content, "history": None}),
        lambda content: json.dumps({**content, "history": {"test_error": [0.5, 0.5]}}),
        lambda content: json.dumps({**content, "seconds": "long"}),
        lambda content: json.dumps({**content, "run": {**content["run"], "true_seed": 9}}),
        lambda content: json.dumps(content).replace("[", "[0.5, "),
        lambda content: json.dumps(content).encode()[:-1] + b"\xff",
    ],
    ids=["empty", "list", "no-history", "a-measure-missing", "words", "foreign", "long", "binary"],
)
def test_damaged_record_is_no_record(record, runs, damage):
    damaged = damage(json.loads(record.read_text()))
    record.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    assert Record(runs[0]).read() is None
    assert not record.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:1000],
        lambda content: content.replace(b"cifar_resnet", b"cifar_resnes", 1),  # not in a gap
        lambda content: b"not an archive",
    ],
    ids=["empty", "torn", "bit-flipped", "foreign"],
)
def test_damaged_weights_are_no_weights(record, runs, damage):
    path = record.with_suffix(".npz")
    path.write_bytes(damage(path.read_bytes()))
    assert Record(runs[0]).read(keep_weights=True) is None
    assert not path.exists()


def test_weights_of_another_run_are_no_weights(record, runs, swept, memory):
    """Sound, of the same network, and under this run's name."""
    other = Record(swept[2].run)
    other.write(swept[2])
    other.path(".npz").replace(record.with_suffix(".npz"))
    assert Record(runs[0]).read(keep_weights=True) is None


def test_record_is_written_whole_or_not_at_all(swept, runs, memory, monkeypatch):
    """A disk that fills up leaves no half of a record, and no litter."""

    def full(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        Record(runs[0]).write(swept[0])
    assert list(memory.iterdir()) == []


INTERRUPTED = """
import json, sys
from reslib.experiments import Run, sweep

if __name__ == "__main__":
    sweep([Run(**run) for run in json.load(open(sys.argv[1]))], workers=1)
"""


def ends(process, patience=30):
    """Whether a process and all that it started are gone within so many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        members = [other for other in psutil.process_iter() if in_group(other, process.pid)]
        if not members:
            return True
        time.sleep(0.1)
    return False


def in_group(process, group):
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE  # a dead one that nobody asks after
        return alive and os.getpgid(process.pid) == group
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes are watched in groups")
@pytest.mark.parametrize(
    "stop",
    [
        lambda process: os.kill(process.pid, signal.SIGKILL),
        lambda process: os.kill(process.pid, signal.SIGINT),
        lambda process: os.killpg(process.pid, signal.SIGINT),
    ],
    ids=["parent-killed", "interrupted", "workers-interrupted-too"],
)
def test_stopped_sweep_goes_on(tiny, swept, memory, tmp_path, trainings, stop):
    """Stopped after its first record it leaves no process behind, and trains only the rest."""
    longer = (tiny(seed=seed, epochs=60) for seed in range(30, 36))  # they must not all be done
    runs = [swept[0].run, *longer]
    (tmp_path / "runs.json").write_text(json.dumps([run.to_dict() for run in runs]))
    (tmp_path / "script.py").write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "script.py", tmp_path / "runs.json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        # What a shell starts in the background may be told to ignore interrupts, and passes it on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not list(memory.glob("*.json")):
            assert process.poll() is None, "the sweep ended without a record"
            time.sleep(0.01)
        stop(process)
        assert ends(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    finished = {path: path.stat().st_mtime_ns for path in memory.glob("*.json")}
    assert 1 <= len(finished) < len(runs)
    results = sweep(runs)
    assert len(trainings[0]) == len(runs) - len(finished)
    assert len(list(memory.glob("*.json"))) == len(runs)
    for path, changed in finished.items():
        assert path.stat().st_mtime_ns == changed
    assert_same(results[0], swept[0], weights=False)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="workers are killed")
def test_sweep_survives_its_workers(tiny, swept, memory, trainings):
    """One is killed after the first record: the reader sees a warning, and all results."""
    runs = [swept[0].run, *(tiny(seed=seed) for seed in range(30, 34))]

    def kill():
        while not list(memory.glob("*.json")):
            time.sleep(0.01)
        for pid in list(reusable_executor._executor._processes):
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.warns(UserWarning, match="a worker process was killed"):
        results = sweep(runs, workers=1)
    killer.join()
    assert [result.run for result in results] == runs
    assert_same(results[0], swept[0], weights=False)


def test_sweep_gives_up_when_every_worker_is_killed(tiny, monkeypatch):
    """A run that takes more memory than there is would be begun again for ever."""
    tries = []

    def broken(*args):
        tries.append(args[1])
        raise BrokenProcessPool
        yield

    monkeypatch.setattr(module, "_outcomes", broken)
    with pytest.warns(UserWarning, match="killed"), pytest.raises(BrokenProcessPool):
        sweep([tiny(seed=seed) for seed in range(4)], workers=4)
    assert tries == [4, 2, 1]


def test_model_comes_back_with_its_error(swept, runs):
    """Evaluated by hand, the rebuilt network makes exactly the mistakes recorded."""
    data = load_data(runs[0].dataset)
    logits = swept[0].model().predict(data.x_test, verbose=0)
    assert np.mean(logits.argmax(1) != data.y_test) == swept[0].test_error


def test_model_needs_weights(swept):
    with pytest.raises(ValueError, match="keep_weights=True"):
        dataclasses.replace(swept[0], weights=None).model()


def test_offset_moves_the_seed_of_training(swept, runs, monkeypatch):
    """Seed 0 under an offset of 1 is seed 1 without; the workers hear of it."""
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    moved = train(runs[0], keep_weights=True)
    assert_same(dataclasses.replace(moved, run=runs[2]), swept[2])
    monkeypatch.delenv("RESLIB_SEED_OFFSET")
    assert Record(runs[2]).read() is not None
    assert Record(runs[0]).read() is None


def test_error_in_a_worker_reaches_the_reader(runs):
    wrong = dataclasses.replace(runs[0], model=("cifar_resnet", {"depth": 21}))
    with pytest.raises(ValueError, match=r"depth must be 6n\+2"):
        train(wrong)


def test_no_runs_are_no_trainings(trainings):
    assert len(sweep([])) == 0 and trainings == []


@pytest.mark.parametrize("workers", [0, -1, 1.0, True, "2"])
def test_bad_number_of_workers_is_refused(runs, workers):
    with pytest.raises(ValueError, match="workers"):
        sweep(runs, workers=workers)


@pytest.mark.parametrize("bad", [["cifar_resnet"], [None], [{"model": "cifar_resnet"}]])
def test_only_runs_can_be_swept(bad):
    with pytest.raises(ValueError, match="runs must be a sequence of Run"):
        sweep(bad)


def test_settings_of_this_process_reach_the_workers(monkeypatch):
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "7")
    assert worker.settings()["RESLIB_SEED_OFFSET"] == "7"
    monkeypatch.delenv("RESLIB_SEED_OFFSET")
    assert "RESLIB_SEED_OFFSET" not in worker.settings()


def test_run_is_what_the_record_says(record, runs):
    """A record can be read without the library."""
    written = json.loads(record.read_text())["run"]
    assert written.pop("true_seed") == 0
    assert Run(**written) == runs[0]
