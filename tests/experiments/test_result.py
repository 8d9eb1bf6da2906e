"""Results of made-up runs, and the table of them."""

import pytest

from reslib.experiments import Result, Results, Run
from reslib.experiments.result import MEASURES


def result(depth, seed, epochs):
    run = Run(
        ("cifar_resnet", {"depth": depth}),
        ("fashion_mnist", {"size": 14}),
        epochs=epochs,
        seed=seed,
    )
    history = {
        name: [100 * seed + 10 * epoch + i for epoch in range(epochs)]
        for i, name in enumerate(MEASURES)
    }
    return Result(run, history, seconds=1.5)


@pytest.fixture
def results():
    return Results([result(8, 0, 2), result(20, 0, 3), result(20, 1, 3)])


def test_table_has_a_row_for_each_run_and_epoch(results):
    table = results.table
    assert len(table) == 2 + 3 + 3
    assert {"model", "depth", "dataset", "dataset_size", *MEASURES} <= set(table.columns)
    assert {"epochs", "batch_size", "learning_rate", "schedule", "momentum"} <= set(table.columns)
    assert {"weight_decay", "seed", "epoch"} <= set(table.columns)


def test_table_has_each_number_in_its_place(results):
    for row in results.table.itertuples():
        assert (row.model, row.dataset, row.dataset_size) == ("cifar_resnet", "fashion_mnist", 14)
        assert row.train_loss == 100 * row.seed + 10 * (row.epoch - 1)
        assert row.test_error == row.train_loss + MEASURES.index("test_error")
    assert list(results.table.query("depth == 20 and seed == 1").epoch) == [1, 2, 3]


def test_final_is_the_last_epoch_of_each_run(results):
    final = results.final
    assert list(final.epoch) == [2, 3, 3]
    assert list(final.index) == [0, 1, 2]
    assert list(final.train_error) == [one.train_error for one in results] == [11, 21, 121]


def test_errors_are_those_after_the_last_epoch(results):
    assert results[2].train_error == 121
    assert results[2].test_error == 123


def test_results_are_a_sequence(results):
    assert len(results) == 3
    assert [one.run.seed for one in results] == [0, 0, 1]
    assert isinstance(results[1:], Results) and len(results[1:].final) == 2
    assert results[-1].run.seed == 1
    assert "3 runs" in repr(results)
