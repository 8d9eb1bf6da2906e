"""Train plain-20 and plain-56 for twelve epochs and record their curves for notebook 03.

    python tools/record_long_runs.py

Writes data/long_runs.csv. The settings are those of the notebook, with four times its epochs.
"""

from pathlib import Path

from reslib.experiments import Run, sweep

DATA = Path(__file__).parents[1] / "data"


def main():
    images = "fashion_mnist", {"size": 14, "train_size": 5_000, "test_size": 1_000}
    runs = [
        Run(
            ("cifar_resnet", {"depth": depth, "shortcut": None, "width": 8}),
            images,
            epochs=12,
            batch_size=32,
            learning_rate=0.03,
            seed=seed,
        )
        for depth in (20, 56)
        for seed in range(3)
    ]
    table = sweep(runs).table
    measures = [name for name in table if name.endswith(("_error", "_loss"))]
    table = table[["depth", "seed", "epoch", *measures]]
    table.to_csv(DATA / "long_runs.csv", index=False, float_format="%.5g", lineterminator="\n")


if __name__ == "__main__":
    main()
