"""Smoke mode runs every line in little time, and what comes out of it is never taken for true."""

import pytest
import smoke as runner
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook

from reslib import claims, smoke
from reslib.experiments import Run, sweep, train


def run_of(seed, depth=1):
    images = {"size": 7, "train_size": 500, "test_size": 100}
    model = "mlp", {"depth": depth, "width": 8}
    return Run(model, ("fashion_mnist", images), epochs=3, batch_size=50, seed=seed)


@pytest.mark.parametrize("value, on", [("1", True), ("0", False), ("", False), (None, False)])
def test_a_variable_switches_it_on(monkeypatch, value, on):
    monkeypatch.delenv("RESLIB_SMOKE", raising=False)
    if value is not None:
        monkeypatch.setenv("RESLIB_SMOKE", value)
    assert smoke.on() is on


@pytest.mark.parametrize("depth", [1, 20])  # traced, and too deep to be traced
def test_a_smoke_result_is_never_taken_for_a_true_one(monkeypatch, depth):
    """Though both are remembered, and the same worker processes train both."""
    monkeypatch.setenv("RESLIB_SMOKE", "1")
    quick = train(run_of(0, depth), keep_weights=True)
    monkeypatch.delenv("RESLIB_SMOKE")
    true = train(run_of(0, depth), keep_weights=True)
    monkeypatch.setenv("RESLIB_SMOKE", "1")
    again = train(run_of(0, depth))

    assert quick.history == again.history != true.history
    for values in quick.history.values():
        assert len(values) == 3 and len(set(values)) == 1, "trained in its first epoch alone"
    assert len(set(true.history["train_loss"])) == 3
    assert all(error * smoke.IMAGES % 1 < 1e-6 for error in quick.history["test_error"])


def test_one_seed_stands_for_all(monkeypatch):
    monkeypatch.setenv("RESLIB_SMOKE", "1")
    runs = [run_of(seed) for seed in (1, 2)]
    first, second = sweep(runs)
    assert [first.run, second.run] == runs and first.history == second.history


def test_a_claim_that_is_not_borne_out_stops_nobody(monkeypatch, capsys):
    monkeypatch.setenv("RESLIB_SMOKE", "1")
    monkeypatch.setenv("RESLIB_STRICT", "1")
    claims.claim("00.0", "dice show seven", [1, 2, 3, 4], at_least=7, control=[1, 1, 1, 1])
    assert "✗ 00.0 dice show seven" in capsys.readouterr().out


def test_the_runner_names_the_notebook_and_the_error_that_stops_it(tmp_path):
    paths = [tmp_path / "good.ipynb", tmp_path / "bad.ipynb"]
    cells = ["import os; assert os.environ['RESLIB_SMOKE'] == '1'", "1 / 0"]
    for path, cell in zip(paths, cells, strict=True):
        write(new_notebook(cells=[new_code_cell(cell)]), path)
    good, bad = runner.run_all(paths, {}).values()
    assert good == "" and "ZeroDivisionError" in bad


def test_a_kernel_that_slept_on_a_message_gets_a_second_try(tmp_path, monkeypatch):
    """One that sleeps again is named."""
    monkeypatch.setattr(runner, "CELL_SECONDS", 5)
    once = "import os, time\nif not os.path.exists('tried'):\n    open('tried', 'w').close()\n"
    sleeps = once + "    time.sleep(60)"
    always = "import time; time.sleep(60)"
    paths = [tmp_path / "once.ipynb", tmp_path / "always.ipynb"]
    for path, cell in zip(paths, (sleeps, always), strict=True):
        write(new_notebook(cells=[new_code_cell(cell)]), path)
    first, second = runner.run_all(paths, {}).values()
    assert first == "" and "timed out" in second
