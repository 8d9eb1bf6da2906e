"""Hostile surroundings: nothing is lost, and no number is taken for another.

Every fault that users of similar libraries reported has its test here.
"""

import contextlib
import io
import itertools
import json
import multiprocessing
import os
import pathlib
import pwd
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

from reslib.__main__ import main
from reslib.experiments import Run, reproduce, sweep, train, worker
from reslib.experiments.records import Record, files, folder, surroundings
from reslib.experiments.records.surroundings import (
    CODE,
    CODE_OF,
    PACKAGE,
    VARIABLES,
    code_digest,
)
from reslib.experiments.result import MEASURES, Result

# Data


def save(path, classes):
    """Noise, and labels of so many classes."""
    random, arrays = np.random.default_rng(0), {}
    for split in ("train", "test"):
        arrays[f"x_{split}"] = random.integers(0, 256, (60, 28, 28), "uint8")
        arrays[f"y_{split}"] = np.arange(60, dtype="uint8") % classes
    np.savez(path, **arrays)


def run_on(path):
    return Run(
        ("mlp", {"depth": 1, "width": 8}),
        ("fashion_mnist_full", {"path": path, "size": 7}),
        batch_size=20,
    )


def test_replaced_data_are_other_data(tmp_path, memory):
    """Though the path is the same, and this process and its workers have seen the old ones."""
    path = tmp_path / "my.npz"
    save(path, classes=10)
    before = train(run_on(path))
    save(path, classes=1)
    after = train(run_on(path))
    assert after.history != before.history
    save(path, classes=10)
    assert train(run_on(path)).history == before.history
    assert len(list(memory.glob("*.json"))) == 2


def test_worker_files_nothing_under_data_that_are_gone(tmp_path, memory, monkeypatch):
    """The file is replaced between the naming of the record and its training."""
    monkeypatch.setattr(worker.devices, "set_threads", lambda: None)
    save(tmp_path / "my.npz", classes=10)
    record = Record(run_on(tmp_path / "my.npz"))
    save(tmp_path / "my.npz", classes=1)
    with pytest.raises(ValueError, match="data of fashion_mnist_full.*have changed"):
        worker.train_and_record(record, False, worker.settings(), None)
    assert not list(memory.glob("*"))


def test_relative_path_is_that_of_the_folder_at_hand(tmp_path, monkeypatch):
    """Workers are kept from sweep to sweep, and have a folder of their own."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for place, classes in zip(folders, (10, 1), strict=True):
        place.mkdir()
        save(place / "new.npz", classes)
    histories = []
    for place in folders:
        monkeypatch.chdir(place)
        run = run_on("new.npz")
        monkeypatch.chdir("/")
        histories.append(train(run).history)
    assert histories[0] != histories[1]


def test_moved_data_keep_their_records(tmp_path):
    """What a file holds decides, not where it lies."""
    for name in ("one.npz", "two.npz"):
        save(tmp_path / name, classes=10)
    assert Record(run_on(tmp_path / "one.npz")).name == Record(run_on(tmp_path / "two.npz")).name


# Settings


SETTINGS_DECIDE = """
import json, sys
from reslib.experiments import Run, train

if __name__ == "__main__":
    run = Run(**json.loads(sys.argv[1]))
    print(json.dumps(train(run).history))
"""


def train_elsewhere(run, tmp_path, **variables):
    """The history of a run, trained by a kernel of its own."""
    script = tmp_path / "script.py"
    script.write_text(SETTINGS_DECIDE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    done = subprocess.run(
        [sys.executable, script, json.dumps(run.to_dict())],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_keras_json_decides_nothing(tiny, tmp_path, memory):
    """Float16 and channels first, for an mlp that flattens: the same numbers, in one record."""
    run = tiny(
        model=("mlp", {"depth": 1, "width": 4}),
        dataset=("fashion_mnist", {"size": 7, "train_size": 60, "test_size": 50}),
    )
    here = train(run).history
    (record,) = memory.glob("*.json")
    record.unlink()
    settings = {"floatx": "float16", "image_data_format": "channels_first", "epsilon": 1e-3}
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "keras.json").write_text(json.dumps(settings))
    there = train_elsewhere(run, tmp_path, KERAS_HOME=str(tmp_path / "keras"))
    assert there == here
    assert list(memory.glob("*.json")) == [record]


@pytest.mark.parametrize("name", VARIABLES)
def test_settings_that_change_numbers_have_other_records(tiny, monkeypatch, name):
    monkeypatch.delenv(name, raising=False)
    without = Record(tiny()).name
    monkeypatch.setenv(name, "0")
    zero = Record(tiny()).name
    monkeypatch.setenv(name, "1")
    assert len({without, zero, Record(tiny()).name}) == 3


def test_settings_reach_the_workers(tiny, monkeypatch):
    """Though some were there before: TensorFlow asks once, so these are new ones."""
    for value in ("0", "1"):
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", value)
        record = Record(tiny(seed=50 + int(value)))
        assert record.surroundings["TF_ENABLE_ONEDNN_OPTS"] == value
        assert sweep([record.run])[0].run == record.run  # a worker that differs would refuse
        assert record.read() is not None


def test_worker_refuses_to_compute_otherwise(tiny, monkeypatch, memory):
    monkeypatch.setattr(worker.devices, "set_threads", lambda: None)
    record = Record(tiny(), {**surroundings(), "numpy": "1.0"})
    with pytest.raises(RuntimeError, match=r"differs in numpy: '.*' in place of '1.0'"):
        worker.train_and_record(record, False, worker.settings(), None)
    assert not list(memory.glob("*"))


@pytest.fixture
def code(tmp_path):
    """A package of one line in each place that decides numbers, and a few that do not."""
    others = ("experiments/reproduce.py", "experiments/sweep.py", "experiments/progress.py")
    for part in (*CODE, *itertools.chain(*CODE_OF.values()), *others):
        path = tmp_path / "package" / (part if part.endswith(".py") else f"{part}/some.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('"""Say."""\n\n\ndef f(x):\n    """Double."""\n    return 2 * x  # twice\n')
    return tmp_path / "package"


@pytest.mark.parametrize("backend", CODE_OF)
@pytest.mark.parametrize("part", [*CODE, *itertools.chain(*CODE_OF.values())])
def test_code_that_computes_is_in_the_digest(code, part, backend):
    """But that of another backend is not."""
    assert (PACKAGE / part).exists()
    before = code_digest(code, backend)
    path = code / (part if part.endswith(".py") else f"{part}/some.py")
    path.write_text(path.read_text().replace("2 *", "3 *"))
    changed = code_digest(code, backend) != before
    assert changed == (part in (*CODE, *CODE_OF[backend]))


def test_words_are_not_in_the_digest(code):
    """Docstrings, comments and layout anywhere; and what only talks about runs."""
    before = code_digest(code, "jax")
    for path in code.rglob("*.py"):
        path.write_text(path.read_text().replace("Double", "Twice").replace("# twice", "# 2\n"))
    assert code_digest(code, "jax") == before
    for name in ("reproduce", "sweep", "progress"):
        (code / f"experiments/{name}.py").write_text("HELP = 'other words'\n")
    assert code_digest(code, "jax") == before


# Disks


@pytest.fixture
def made_up(tiny):
    """The result of a run, and its record."""
    run = tiny()
    result = Result(run, {name: [0.5, 0.25] for name in MEASURES}, 1.0, [np.ones(3, "float32")])
    return Record(run), result


def test_torn_record_on_a_disk_that_is_read_only(made_up, monkeypatch):
    """It cannot be set aside, and is no record all the same."""
    record, result = made_up
    record.write(result)
    record.path(".json").write_text("{")

    def read_only(*args):
        raise OSError(30, "Read-only file system")

    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(os, name, read_only)
    assert record.read() is None and record.read(keep_weights=True) is None
    assert record.path(".json").read_text() == "{"


def test_record_that_may_not_be_read_is_no_record(made_up, monkeypatch):
    record, result = made_up
    record.write(result)

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "read_text", refuse)
    assert record.read() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a limit on files is POSIX's")
def test_full_disk_leaves_no_litter(made_up):
    """Neither of a record nor of a checkpoint, however often it is tried."""
    import resource

    record, result = made_up

    def write():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        for _ in range(3):
            with contextlib.suppress(OSError):
                record.write(result)
                os._exit(1)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=write)
    process.start()
    process.join()
    assert process.exitcode == 0
    assert list(folder().iterdir()) == []


def test_tilde_in_the_name_of_the_cache_is_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("RESLIB_CACHE", "~/x")
    assert folder() == tmp_path / "x" / "runs"
    assert worker.settings()["RESLIB_CACHE"] == str(tmp_path / "x")


def test_cache_of_the_folder_at_hand_is_the_same_for_workers(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESLIB_CACHE", "cache")
    assert worker.settings()["RESLIB_CACHE"] == str(tmp_path / "cache")


@pytest.mark.parametrize("cache", [None, "~/x"])
def test_user_without_a_name_and_a_home(monkeypatch, tmp_path, cache):
    """As containers have them."""

    def unknown(*args):
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "RESLIB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    if cache:
        monkeypatch.setenv("RESLIB_CACHE", cache)
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    assert folder().is_relative_to(tmp_path)


def test_progress_file_swept_away_loses_nothing(tiny, tmp_path, monkeypatch):
    """By whoever clears the folder of temporary files during a sweep."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    write = Record.exists

    def sweep_away(*args, **kwargs):
        for path in tmp_path.glob("reslib-progress-*"):
            path.unlink()
        return write(*args, **kwargs)

    monkeypatch.setattr(Record, "exists", sweep_away)
    runs = [tiny(seed=seed) for seed in range(60, 63)]
    assert [result.run for result in sweep(runs)] == runs


# What is passed by mistake


def test_single_run_is_no_sequence(tiny):
    with pytest.raises(ValueError, match=r"received a single one: sweep\(\[run\]\), or train"):
        sweep(tiny())


def test_something_else_is_no_sequence():
    with pytest.raises(ValueError, match="runs must be a sequence of Run, received 3"):
        sweep(3)


def test_no_runs_have_empty_tables():
    results = sweep([])
    assert len(results.table) == len(results.final) == 0
    assert {"dataset", "seed", "epoch", *MEASURES} <= set(results.final.columns)


def test_workers_may_be_numpys(tiny, made_up):
    record, result = made_up
    record.write(result)
    assert sweep([record.run], workers=np.int64(2))[0].history == result.history


def test_network_that_does_not_fit_is_refused_by_name(tiny):
    wrong = ("cifar_resnet", {"depth": 8, "width": 2, "classes": 3})
    with pytest.raises(ValueError, match="classes of cifar_resnet must be at least 10"):
        train(tiny(model=wrong))


# Other ways to start processes


def test_sweeps_of_several_threads(tiny):
    """Plain threads, joblib's too: one after the other, all with their results."""
    runs = [tiny(seed=seed) for seed in range(70, 74)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(train, runs[:2]))
    results += joblib.Parallel(2, "threading")(joblib.delayed(train)(run) for run in runs[2:])
    assert [result.run for result in results] == runs


IN_A_POOL = """
import json, multiprocessing, sys
from reslib.experiments import Run, train

def go(run):
    try:
        train(run)
    except RuntimeError as error:
        return str(error)

if __name__ == "__main__":
    run = Run(**json.loads(sys.argv[1]))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(go, [run])[0])
"""
WITHOUT = """
import json, sys
from reslib.experiments import Run, train

if __name__ == "__main__":
    try:
        train(Run(**json.loads(sys.argv[1])))
    except RuntimeError as error:
        print(error)
"""


@pytest.mark.parametrize(
    "script, variables, sentence",
    [
        (IN_A_POOL, {}, "call sweep once with all runs"),
        (WITHOUT, {"JOBLIB_MULTIPROCESSING": "0"}, "unset JOBLIB_MULTIPROCESSING"),
        (WITHOUT, {"KERAS_BACKEND": "numpy"}, "KERAS_BACKEND=tensorflow"),
    ],
    ids=["pool", "joblib-alone", "other-backend"],
)
def test_where_no_run_can_be_trained_a_sentence_says_so(
    tiny, tmp_path, script, variables, sentence
):
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py", json.dumps(tiny().to_dict())],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        capture_output=True,
        text=True,
    )
    assert sentence in done.stdout, done.stderr
    assert len(done.stdout.splitlines()) == 1


# Terminals


@pytest.mark.parametrize("encoding", ["cp932", "cp949", "cp1252", "ascii"])
def test_reproduce_reports_on_any_console(tiny, tmp_path, monkeypatch, encoding):
    """Its own words are plain; a folder's name may not be."""
    out = tmp_path / "мой курс"
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)

    def made_up(runs, workers):
        for seed, run in enumerate(runs):
            Record(run).write(Result(run, {name: [0.5, 0.1 * seed] for name in MEASURES}, 1.0))

    monkeypatch.setattr(reproduce, "sweep", made_up)
    save_photographs(tmp_path / "images.npz")
    words = f"reproduce --depths 8 20 --seeds 2 --epochs 2 --data {tmp_path}/images.npz".split()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main([*words, "--out", str(out)]) == 0
    console.flush()
    printed = console.buffer.getvalue().decode(encoding)
    assert "residual     20" in printed and "+-" in printed.replace("±", "+-") and "8.75" in printed
    assert (out / "curves.csv").exists()


def save_photographs(path):
    images, labels = np.zeros((10, 32, 32, 3), "uint8"), np.arange(10, dtype="uint8")
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
