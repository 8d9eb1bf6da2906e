"""Train the detectors of notebook 06: on a feature pyramid, on parts of one, on a single level.

    python benchmarks/train_detector.py

Writes data/detector_runs.csv (average precision and recall by size, for each kind and seed), the
weights of the first seed of the kinds that the notebook shows at work, data/detector_KIND.npz, and
what data/manifest.json says of these files. What the table holds is not trained again: delete it to
begin anew. The table says how many seconds each took. `RESLIB_SEED_OFFSET` plays no part.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import time
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
RECORD = "detector_runs.csv"

# What differs: the parts of the pyramid, and the levels that the head sees, with their strides.
KINDS = {
    "pyramid": ({}, (2, 4, 8, 16)),
    "no_top_down": ({"top_down": False}, (2, 4, 8, 16)),
    "no_laterals": ({"lateral": False}, (2, 4, 8, 16)),
    "p2_only": ({"levels": "finest"}, (2,)),
    "finest": ({"levels": "finest", "top_down": False}, (2,)),
    "coarsest": ({"levels": "coarsest"}, (16,)),
}
KEPT = ("pyramid", "finest", "coarsest")  # the kinds whose weights are stored
SEEDS = 3
SCENES = {"train_size": 5000, "test_size": 300, "seed": 1_000_000}  # no seed of the notebooks
EPOCHS = 12
BATCH_SIZE = 32
LEARNING_RATE = 0.003


def main():
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="fewer, to try it out")
    parser.add_argument("--folder", type=Path, default=DATA, help="where to write")
    arguments = parser.parse_args()
    # Each training has a fresh process with one thread, so that none hangs on those before it.
    os.environ["RESLIB_SEED_OFFSET"] = "0"
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    os.environ.update(dict.fromkeys(threads, "1"))
    path = arguments.folder / RECORD
    tables = [pd.read_csv(path)] if path.exists() else []
    done = {row for table in tables for row in zip(table["kind"], table["seed"], strict=True)}
    jobs = [
        (kind, seed, arguments.epochs, arguments.folder)
        for seed in range(SEEDS)
        for kind in KINDS
        if (kind, seed) not in done
    ]
    with multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        for table in pool.imap(train, jobs):
            tables.append(table)
            pd.concat(tables).to_csv(path, index=False, float_format="%.4f", lineterminator="\n")
    describe(arguments.folder)


def train(job):
    """Train one detector, and judge it; store its weights where they are to be kept.

    Args:
        job: Its kind and seed, for how many epochs, and where to store the weights.

    Returns:
        A pandas table with a row for each size.
    """
    import keras
    import numpy as np
    import tensorflow as tf

    from reslib.datasets import scenes
    from reslib.detection import Grid, detect, distance_loss, focal_loss
    from reslib.models import pyramid_detector
    from reslib.probes import average_precision

    kind, seed, epochs, folder = job
    switches, strides = KINDS[kind]
    data, grid = scenes(**SCENES), Grid((64, 64), strides)
    targets = grid.encode(data.train_objects.boxes, data.train_objects.labels)
    batches = tf.data.Dataset.from_tensor_slices((data.x_train, targets))
    batches = batches.shuffle(len(data.x_train), seed=seed).batch(BATCH_SIZE, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False  # it waits for nothing, up to seconds a time

    keras.utils.set_random_seed(seed)
    model = pyramid_detector(**switches)
    steps = epochs * (len(data.x_train) // BATCH_SIZE)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)),
        loss=[focal_loss, distance_loss],
        steps_per_execution=20,
        jit_compile=False,
    )
    started = time.perf_counter()
    model.fit(batches.with_options(options), epochs=epochs, verbose=0)
    seconds = time.perf_counter() - started

    # As they are kept: 16-bit floats.
    weights = [weight.astype("float16") for weight in model.get_weights()]
    model.set_weights(weights)
    if seed == 0 and kind in KEPT:
        np.savez_compressed(folder / f"detector_{kind}.npz", *weights)
    found = detect(*model.predict(data.x_test, batch_size=100, verbose=0), grid)
    table = average_precision(found, data.test_objects).rename_axis("size").reset_index()
    for column, value in (("kind", kind), ("seed", seed)):
        table.insert(0, column, value)
    print(f"{kind}, seed {seed}: {seconds:.0f} s\n{table.round(3)}", flush=True)
    return table.assign(seconds=np.round(seconds))


def describe(folder):
    """Enter the files in the manifest; one that has not changed keeps its entry."""
    import importlib.metadata

    packages = ("keras", "tensorflow", "numpy", "pycocotools")
    versions = {"python": platform.python_version()}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = importlib.metadata.version(f"{name}-cpu")
    path = folder / "manifest.json"
    files = json.loads(path.read_text(encoding="utf-8"))["files"] if path.exists() else {}
    titles = {RECORD: "Average precision and recall of the detectors, by kind, seed and size"}
    titles |= {
        f"detector_{kind}.npz": f"Weights of the detector '{kind}', seed 0, as 16-bit floats"
        for kind in KEPT
    }
    for name, title in titles.items():
        content = (folder / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if files.get(name, {}).get("sha256") == digest:
            continue
        files[name] = {
            "title": title,
            "origin": "trained on scenes of reslib.datasets, made from fashion_mnist.npz",
            "licence": "that of this course: LICENSE",
            "made_by": "python benchmarks/train_detector.py",
            "versions": versions,
            "bytes": len(content),
            "sha256": digest,
        }
    text = json.dumps({"files": dict(sorted(files.items()))}, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
