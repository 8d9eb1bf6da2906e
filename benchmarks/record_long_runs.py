"""Train the networks of notebooks 03 and 04 for longer, and record their curves.

    python benchmarks/record_long_runs.py

Writes data/long_runs.csv (the plain networks of notebook 03 on clothing, with four times its
epochs), data/flood_fill_runs.csv (those on rows of cells, with four times the steps) and
data/residual_runs.csv (the residual networks of notebook 04, with more images and larger steps).
What was trained before is remembered.
"""

from pathlib import Path

from reslib.experiments import Run, sweep

DATA = Path(__file__).parents[1] / "data"
KINDS = {
    "plain": {"shortcut": None},
    "residual": {"shortcut": "A"},
    "identity start": {"shortcut": "A", "identity_start": True},
    "identity start, B": {"shortcut": "B", "identity_start": True},
}


def main():
    record(
        "long_runs.csv",
        seeds={"plain": 3},
        images={"size": 14, "train_size": 5_000, "test_size": 1_000},
        settings={"epochs": 12, "batch_size": 32, "learning_rate": 0.03},
    )
    record_rows("flood_fill_runs.csv", seeds=3)
    record(
        "residual_runs.csv",
        seeds={"residual": 4, "identity start": 4, "identity start, B": 8},
        images={"size": 14, "train_size": 10_000},
        settings={"epochs": 8, "batch_size": 128, "learning_rate": 0.1},
    )


def record(name, seeds, images, settings):
    """Train each kind of network, with 20 and with 56 layers, for its number of seeds."""
    keys = [(kind, depth, s) for kind in seeds for depth in (20, 56) for s in range(seeds[kind])]
    results = sweep(
        Run(
            ("cifar_resnet", {"depth": depth, "width": 8, **KINDS[kind]}),
            ("fashion_mnist", images),
            seed=seed,
            **settings,
        )
        for kind, depth, seed in keys
    )
    write(name, results.table, [kind for kind, *_ in keys for _ in range(settings["epochs"])])


def record_rows(name, seeds):
    """Train plain networks on four times 300 batches of rows: each row is seen four times."""
    results = sweep(
        Run(
            ("row_resnet", {"depth": depth, "shortcut": None}),
            ("flood_fill", {"train_size": 9600}),
            epochs=4,
            batch_size=32,
            schedule="warmup",
            seed=seed,
        )
        for depth in (20, 32, 56)
        for seed in range(seeds)
    )
    write(name, results.table, "plain")


def write(name, table, kinds):
    """Write the errors and losses after each epoch."""
    table["kind"] = kinds
    measures = [name for name in table if name.endswith(("_error", "_loss"))]
    table = table[["kind", "depth", "seed", "epoch", *measures]]
    table.to_csv(DATA / name, index=False, float_format="%.5g", lineterminator="\n")


if __name__ == "__main__":
    main()
