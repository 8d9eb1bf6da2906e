"""Train what notebook 04 compares beyond its headline, and record the errors.

    python benchmarks/record_shortcuts.py

Writes two tables of errors after the last epoch: data/shortcut_runs.csv (networks on Fashion-MNIST
that differ in shortcut, start, normalization or recipe) and data/flood_fill_rates.csv (plain-56 on
flood fill at other learning rates). About five minutes on two quiet cores. What was trained before
is remembered.
"""

from pathlib import Path

from reslib.experiments import Run, sweep

DATA = Path(__file__).parents[1] / "data"
PLAIN, RESIDUAL = {"shortcut": None}, {"shortcut": "A"}
FASHION = {"size": 14, "train_size": 5_000, "test_size": 1_000}
AS_IN_03 = {"learning_rate": 0.03, "schedule": "cosine"}
WARMUP = {"learning_rate": 0.03, "schedule": "warmup"}


def fashion_runs():
    """A network's arguments, a recipe and the number of seeds, for the table of Fashion-MNIST."""
    for kind in (RESIDUAL, PLAIN):
        for depth in (20, 56):
            yield {"depth": depth, **kind}, AS_IN_03, 5
    yield {"depth": 56, **PLAIN}, WARMUP, 5
    # Which part does it? Batch norm alone, at another rate; and shortcuts alone.
    yield {"depth": 56, **PLAIN}, {**AS_IN_03, "learning_rate": 0.01}, 3
    bare = {"normalization": None, "identity_start": True}
    yield {"depth": 56, **RESIDUAL, **bare}, {**WARMUP, "learning_rate": 0.01}, 5


def fashion_run(model, recipe, seed):
    model = "cifar_resnet", {"width": 8, **model}
    images = "fashion_mnist", FASHION
    return Run(model, images, epochs=3, batch_size=32, seed=seed, **recipe)


def flood_fill_run(rate, seed):
    model, data = ("row_resnet", {"depth": 56, **PLAIN}), ("flood_fill", {"train_size": 9_600})
    settings = {"epochs": 1, "batch_size": 32, "schedule": "warmup"}
    return Run(model, data, seed=seed, learning_rate=rate, **settings)


def main():
    rates = sweep(flood_fill_run(rate, seed) for rate in (0.03, 0.3) for seed in range(3))
    write("flood_fill_rates.csv", rates, ["learning_rate", "seed"])
    runs = [
        fashion_run(model, recipe, seed)
        for model, recipe, seeds in fashion_runs()
        for seed in range(seeds)
    ]
    table = ["depth", "shortcut", "start", "normalization", "block", "learning_rate", "schedule"]
    write("shortcut_runs.csv", sweep(runs), [*table, "seed"])


def write(name, results, columns):
    """Keep one row for each run: what it was, and its errors at the end."""
    table = results.final
    arguments = [result.run.model.arguments for result in results]
    table["shortcut"] = [each["shortcut"] or "none" for each in arguments]
    start = {True: "identity", False: "usual"}
    table["start"] = [start[each.get("identity_start", False)] for each in arguments]
    table["normalization"] = [each.get("normalization", "batch") or "none" for each in arguments]
    table["block"] = [each.get("block", "basic") for each in arguments]
    table["schedule"] = [result.run.schedule for result in results]
    table = table[[*columns, "train_error", "test_error"]].sort_values(columns)
    table.to_csv(DATA / name, index=False, float_format="%.5g", lineterminator="\n")


if __name__ == "__main__":
    main()
