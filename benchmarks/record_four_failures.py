"""Measure networks that have none, one or several of the four failures, for exercise 07.5.

    python benchmarks/record_four_failures.py

Writes data/four_failures.csv, a row for each network, and what data/manifest.json says of it.
`RESLIB_SEED_OFFSET` plays no part.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path

os.environ["RESLIB_SEED_OFFSET"] = "0"

import numpy as np
import pandas as pd

from reslib import datasets
from reslib.experiments import Run, sweep
from reslib.experiments.recipe import build
from reslib.experiments.training import seeded
from reslib.probes import gradient_norms, input_gradients

DATA = Path(__file__).parents[1] / "data"
TABLE = "four_failures.csv"
PLAIN, RESIDUAL = {"shortcut": None}, {"shortcut": "A"}
MANY, FEW = (4_000, 3), (250, 20)  # training images, and how often each is seen


def cifar(depth, kind, amount=MANY):
    return run(("cifar_resnet", {"depth": depth, "width": 8, **kind}), amount)


def mlp(depth, amount=MANY, **options):
    return run(("mlp", {"depth": depth, "width": 64, **options}), amount)


def run(model, amount):
    images, epochs = amount
    data = "fashion_mnist", {"size": 14, "train_size": images, "test_size": 500}
    return Run(model, data, epochs=epochs, batch_size=32, learning_rate=0.03)


BATCH_NORM, SIGMOID = {"normalization": "batch"}, {"activation": "sigmoid"}
SKIPS = {**BATCH_NORM, "residual": True}
NETWORKS = {  # each with a smaller one that is nested in it
    "residual, 20 layers": (cifar(20, RESIDUAL), cifar(8, RESIDUAL)),
    "residual, 20 layers, 250 images": (cifar(20, RESIDUAL, FEW), cifar(8, RESIDUAL, FEW)),
    "plain, 20 layers": (cifar(20, PLAIN), cifar(8, PLAIN)),
    "plain, 20 layers, 250 images": (cifar(20, PLAIN, FEW), cifar(8, PLAIN, FEW)),
    "plain, 56 layers": (cifar(56, PLAIN), cifar(20, PLAIN)),
    "fully connected, 2 layers": (mlp(2), mlp(1)),
    "fully connected, 2 layers, 250 images": (mlp(2, FEW), mlp(1, FEW)),
    "fully connected, 20 layers, sigmoid": (mlp(20, **SIGMOID), mlp(2, **SIGMOID)),
    "fully connected, 30 layers, sigmoid": (mlp(30, **SIGMOID), mlp(20, **SIGMOID)),
    "fully connected, 32 layers": (mlp(32, **BATCH_NORM), mlp(4, **BATCH_NORM)),
    "fully connected, 32 layers, skips": (mlp(32, **SKIPS), mlp(4, **SKIPS)),
}


def at_the_start(run, images):
    """The gradients of a network before training: first by last layer, and at neighbours."""
    with seeded(run.true_seed):  # as the training starts
        model = build(run.model, run.dataset)
    norms = gradient_norms(model, images.x_train[:128], images.y_train[:128])
    pictures = images.x_test[:100]
    moved = 0.9 * pictures + 0.1 * np.roll(pictures, 1, axis=2)  # by a tenth of a pixel
    gradients = input_gradients(model, np.concatenate([pictures, moved]))
    gradients = gradients.reshape(2, 100, -1).astype(float)  # some are too small to be squared
    gradients /= np.linalg.norm(gradients, axis=-1, keepdims=True)
    alike = (gradients[0] * gradients[1]).sum(axis=-1).mean()
    return {"gradient_ratio": norms.iloc[0] / norms.iloc[-1], "correlation": alike}


def main():
    images = datasets.load("fashion_mnist", size=14, train_size=4_000, test_size=500)
    results = {
        result.run: result for result in sweep({run for pair in NETWORKS.values() for run in pair})
    }
    rows = [
        {
            "network": name,
            "train_error": results[run].train_error,
            "test_error": results[run].test_error,
            "nested_train_error": results[nested].train_error,
            **at_the_start(run, images),
        }
        for name, (run, nested) in NETWORKS.items()
    ]
    table = pd.DataFrame(rows)
    table.to_csv(DATA / TABLE, index=False, float_format="%.3g", lineterminator="\n")
    describe()


def describe():
    """Enter the table in the manifest."""
    versions = {"python": platform.python_version()}
    for name in ("keras", "tensorflow", "numpy"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = importlib.metadata.version(f"{name}-cpu")
    content, path = (DATA / TABLE).read_bytes(), DATA / "manifest.json"
    files = json.loads(path.read_text(encoding="utf-8"))["files"]
    files[TABLE] = {
        "title": "Errors and gradients of networks with none, one or several of four failures",
        "origin": "trained on images of fashion_mnist.npz, seed 0",
        "licence": "that of this course: LICENSE",
        "made_by": "python benchmarks/record_four_failures.py",
        "versions": versions,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    text = json.dumps({"files": dict(sorted(files.items()))}, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
