"""Train what notebooks 03 and 04 compare beyond their live trainings, and record what came out.

    python benchmarks/record_shortcuts.py

Writes two tables of errors after the last epoch: data/shortcut_runs.csv (networks on Fashion-MNIST
that differ in block, shortcut, start, normalization or recipe) and data/flood_fill_rates.csv
(plain-56 on flood fill at other learning rates). And data/update_ratios.csv: how far the last
gradients move the kernels of plain-56 with a warm-up. A bar says how long it takes; what was
trained before is remembered.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from reslib import datasets
from reslib.experiments import Run, sweep
from reslib.probes import gradient_norms

DATA = Path(__file__).parents[1] / "data"
SEEDS = 5
PLAIN, RESIDUAL = {"shortcut": None}, {"shortcut": "A"}
IDENTITY_START = {"identity_start": True}
FASHION = {"size": 14, "train_size": 5_000, "test_size": 1_000}
AS_IN_03 = {"learning_rate": 0.03, "schedule": "cosine"}
WARMUP = {"learning_rate": 0.03, "schedule": "warmup"}
GENTLE = {"learning_rate": 0.01, "schedule": "warmup"}


def fashion_runs():
    """A network's arguments and a recipe, for the table of Fashion-MNIST."""
    for kind in (RESIDUAL, PLAIN):
        for depth in (20, 56):
            yield {"depth": depth, **kind}, AS_IN_03
    yield {"depth": 56, **PLAIN}, WARMUP
    # Which part does it? All under one recipe; without normalization F must start at zero.
    bare = {"normalization": None}
    yield {"depth": 56, **PLAIN}, GENTLE
    yield {"depth": 56, **RESIDUAL, **bare, **IDENTITY_START}, GENTLE
    yield {"depth": 56, **PLAIN, **bare}, GENTLE
    yield {"depth": 56, **RESIDUAL}, GENTLE
    yield {"depth": 56, **RESIDUAL, **IDENTITY_START}, GENTLE
    # Why is residual-56 behind residual-20? Start, shortcut, warm-up and rate are tried.
    for recipe in (WARMUP, GENTLE):
        yield {"depth": 20, **RESIDUAL}, recipe
    for shortcut, start, recipe in product("AB", ({}, IDENTITY_START), (AS_IN_03, WARMUP)):
        if (shortcut, start, recipe) != ("A", {}, AS_IN_03):  # it stands above
            yield {"depth": 56, "shortcut": shortcut, **start}, recipe
    # A shortcut around every single layer.
    for depth in (20, 56):
        yield {"depth": depth, **RESIDUAL, "block": "one_layer"}, AS_IN_03


def fashion_run(model, recipe, seed):
    model = "cifar_resnet", {"width": 8, **model}
    images = "fashion_mnist", FASHION
    return Run(model, images, epochs=3, batch_size=32, seed=seed, **recipe)


def flood_fill_run(rate, seed):
    model, data = ("row_resnet", {"depth": 56, **PLAIN}), ("flood_fill", {"train_size": 9_600})
    settings = {"epochs": 1, "batch_size": 32, "schedule": "warmup"}
    return Run(model, data, seed=seed, learning_rate=rate, **settings)


def main():
    rates = sweep(flood_fill_run(rate, seed) for rate in (0.01, 0.03, 0.3) for seed in range(3))
    write("flood_fill_rates.csv", rates, ["learning_rate", "seed"])
    # First, for what is remembered without its weights would be trained again.
    warmed = [fashion_run({"depth": 56, **PLAIN}, WARMUP, seed) for seed in range(SEEDS)]
    write_update_ratios("update_ratios.csv", sweep(warmed, keep_weights=True))
    runs = [
        fashion_run(model, recipe, seed)
        for model, recipe in fashion_runs()
        for seed in range(SEEDS)
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


def write_update_ratios(name, results):
    """Keep rate · gradient / kernel of each convolution at the end, at the run's highest rate."""
    images = datasets.load("fashion_mnist", **FASHION)
    rows = []
    for result in results:
        network = result.model()
        gradients = gradient_norms(network, images.x_train[:128], images.y_train[:128])
        kernels = [v for v in network.trainable_variables if v.name == "kernel"]
        for layer in range(len(kernels) - 1):  # without the dense layer
            ratio = result.run.learning_rate * gradients.iloc[layer]
            ratio /= np.linalg.norm(kernels[layer])
            rows.append({"seed": result.run.seed, "layer": layer + 1, "update_ratio": ratio})
    table = pd.DataFrame(rows)
    table.to_csv(DATA / name, index=False, float_format="%.5g", lineterminator="\n")


if __name__ == "__main__":
    main()
