"""`python -m reslib reproduce`, on a few images of noise."""

import importlib
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reslib.__main__ import main
from reslib.experiments import Result, Run, reproduce
from reslib.experiments.records import Checkpoint, Record
from reslib.experiments.result import MEASURES

sweep_module = importlib.import_module("reslib.experiments.sweep")  # the name is the function's too


@pytest.fixture
def command(tmp_path):
    """Runs `reproduce` with options, in this process; gives the exit status."""

    def run(options, **more):
        more = [word for name, value in more.items() for word in (f"--{name}", str(value))]
        return main(["reproduce", "--out", str(tmp_path / "out"), *options.split(), *more])

    return run


@pytest.fixture
def data(tmp_path):
    """The path of 60 training and 20 test images."""
    random, arrays = np.random.default_rng(0), {}
    for split, count in (("train", 60), ("test", 20)):
        arrays[f"x_{split}"] = random.integers(0, 256, (count, 32, 32, 3), "uint8")
        arrays[f"y_{split}"] = np.arange(count, dtype="uint8") % 10
    path = tmp_path / "images.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture
def paper(monkeypatch):
    """As many images as CIFAR-10 has, and no training: gives the runs of the last command."""
    images = SimpleNamespace(y_train=np.zeros(50_000, "uint8"), checksum="abc")
    swept = []
    monkeypatch.setattr(reproduce, "_images", lambda path: images)
    monkeypatch.setattr(reproduce, "sweep", lambda runs, workers: swept.extend(runs))
    monkeypatch.setattr(reproduce, "_curves", lambda runs: ())
    return swept


def test_from_images_to_curves(command, data, tmp_path, monkeypatch, capsys):
    """Also on one core; and again, from a copy of the file, without any training."""
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    out = tmp_path / "out"
    options = "--depths 8 --kinds residual plain --epochs 2 --fraction 0.5"
    assert command(options, data=data) == 0
    curves = (out / "curves.csv").read_bytes()
    table = pd.read_csv(out / "curves.csv")
    assert list(table.columns) == ["kind", "depth", "seed", "epoch", *MEASURES]
    assert list(table.kind) == ["residual", "residual", "plain", "plain"]
    assert list(table.epoch) == [1, 2, 1, 2] and set(table.depth) == {8}
    assert len(list((out / "runs").glob("*.json"))) == 2
    printed = capsys.readouterr().out
    assert "2 networks, 2 steps each: 2 epochs of 30 training images" in printed
    assert "Scaled down: 2 epochs in place of 164, 30 of 60 training images." in printed

    (out / "curves.csv").unlink()
    monkeypatch.setattr(sweep_module, "_train_all", lambda *args: pytest.fail("trained again"))
    elsewhere = shutil.copy(data, tmp_path / "copy.npz")
    assert command(options, data=elsewhere) == 0
    assert (out / "curves.csv").read_bytes() == curves


def test_default_is_the_paper(command, paper, capsys):
    """Section 4.2 and table 6."""
    assert command("") == 0
    assert len(paper) == 10
    assert {run.model.arguments["depth"] for run in paper} == {20, 32, 44, 56, 110}
    assert {run.model.arguments["shortcut"] for run in paper} == {None, "A"}
    for run in paper:
        depth, shortcut = (run.model.arguments[name] for name in ("depth", "shortcut"))
        assert run == Run(
            ("cifar_resnet", {"depth": depth, "shortcut": shortcut, "width": 16}),
            ("cifar10", {"train_size": 50_000}),
            epochs=164,
            batch_size=128,
            learning_rate=0.1,
            schedule="steps_after_warmup" if depth == 110 else "steps",
            momentum=0.9,
            weight_decay=0.0001,
            augmentation="crop_and_flip",
            seed=0,
        )
    assert "10 networks, 63,960 steps each: 164 epochs of 50,000" in capsys.readouterr().out


def test_options_scale_it_down(command, paper):
    command("--depths 20 56 20 --kinds residual --seeds 3 --epochs 7 --fraction 0.1234")
    found = [(run.model.arguments["depth"], run.seed) for run in paper]
    assert found == [(depth, seed) for depth in (20, 56) for seed in range(3)]
    assert {run.epochs for run in paper} == {7}
    assert {run.dataset.arguments["train_size"] for run in paper} == {6170}


def test_printed_command_is_the_command(command, paper, tmp_path, monkeypatch, capsys):
    """All that decides the numbers, and nothing of this machine."""
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1000")
    options = "--depths 8 --kinds plain --epochs 3 --fraction 0.29 --workers 1"
    command(options, data=tmp_path / "some images.npz")
    (line,) = (x for x in capsys.readouterr().out.splitlines() if x.startswith("To repeat it: "))
    assert line == (
        "To repeat it: RESLIB_SEED_OFFSET=1000 python -m reslib reproduce --depths 8 --kinds plain "
        "--seeds 1 --epochs 3 --fraction 0.29 --data 'some images.npz'"
    )


def test_interrupted_keeps_each_epoch(command, data, tmp_path, monkeypatch, capsys):
    """Also of a network that is not finished; the table beside the paper is of those that are."""

    def interrupt(runs, workers):
        history = {name: [0.75] for name in MEASURES}
        Record(runs[0]).write_checkpoint(Checkpoint(history, 1.0, np.random.default_rng(0), []))
        history = {name: [0.5, 0.25] for name in MEASURES}
        Record(runs[1]).write(Result(runs[1], history, seconds=1.0))
        raise KeyboardInterrupt

    monkeypatch.setattr(reproduce, "sweep", interrupt)
    assert command("--depths 8 56 --kinds residual --epochs 2", data=data) == 130
    table = pd.read_csv(tmp_path / "out" / "curves.csv")
    assert list(table.depth) == [8, 56, 56] and list(table.test_error) == [0.75, 0.5, 0.25]
    printed = capsys.readouterr().out
    assert "goes on" in printed and "25.00      6.97" in printed and "75.00" not in printed


def test_curves_are_written_while_it_trains(command, data, tmp_path, monkeypatch):
    """For whoever is cut off without a chance to write."""
    path, seen = tmp_path / "out" / "curves.csv", []

    def wait_for_curves(runs, workers):
        for error in (0.5, 0.25):
            history = {name: [*seen, error] for name in MEASURES}
            checkpoint = Checkpoint(history, 1.0, np.random.default_rng(0), [])
            Record(runs[0]).write_checkpoint(checkpoint)
            deadline = time.monotonic() + 30
            while not path.exists() or len(pd.read_csv(path)) <= len(seen):
                assert time.monotonic() < deadline
                time.sleep(0.01)
            seen.append(pd.read_csv(path).test_error.iloc[-1])

    monkeypatch.setattr(reproduce, "SECONDS_BETWEEN_TABLES", 0.01)
    monkeypatch.setattr(reproduce, "sweep", wait_for_curves)
    assert command("--depths 8 --kinds residual --epochs 3", data=data) == 0
    assert seen == [0.5, 0.25]


def test_table_is_the_mean_of_the_last_epoch():
    """Over the seeds, with their standard deviation; beside the paper's for residual networks."""
    rows = [
        (kind, 20, seed, epoch, error)
        for kind, errors in (("plain", (0.2, 0.4)), ("residual", (0.1, 0.2)))
        for seed, error in enumerate(errors)
        for epoch in (1, 164)
    ]
    curves = pd.DataFrame(rows, columns=["kind", "depth", "seed", "epoch", "test_error"])
    lines = reproduce._report(curves, SimpleNamespace(epochs=164), 50_000, 50_000).splitlines()
    assert lines[2].split() == ["plain", "20", "30.00", "±", "14.14", "–"]
    assert lines[3].split() == ["residual", "20", "15.00", "±", "7.07", "8.75"]
    assert "Scaled down: nothing." in lines


@pytest.mark.parametrize(
    "options, message",
    [
        ("--fraction 0", "argument --fraction: must be above 0 and at most 1, received '0'"),
        ("--fraction 1.5", "argument --fraction"),
        ("--fraction nan", "argument --fraction"),
        ("--fraction half", "argument --fraction"),
        ("--depths 21", "argument --depths: depth must be 6n+2 (8, 14, 20, "),
        ("--depths deep", "argument --depths"),
        ("--epochs 0", "argument --epochs: must be an integer of at least 1, received '0'"),
        ("--seeds -1", "argument --seeds"),
        ("--workers two", "argument --workers"),
        ("--kinds dense", "argument --kinds"),
        ("--data missing.npz", "missing.npz"),
        (f"--data {__file__}", "must be an .npz of plain arrays"),
    ],
)
def test_bad_option_is_refused_by_name(command, options, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        command(options)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_no_command_shows_what_there_is(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: python -m reslib") and "reproduce" in printed
