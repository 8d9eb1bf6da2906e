"""How fast is a sweep, beside what a reader would write?

    make bench                      # all of it; writes BENCHMARKS.md
    make bench ARGS=--quick         # one round of short runs; prints, and writes nothing
    make bench ARGS="--rounds 5"    # instead of 3

Contenders run one after another in processes of their own, all of them once in each round, so that
a change of the machine's mood meets them all; what counts are the ratios of each round. PyTorch
takes part where it is installed, both as one process with two threads and as two with one each.
"""

import argparse
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
SMALL_20, SMALL_56, LARGE_20, LARGE_56 = NETWORKS = [
    # depth, side of the image, channels, width
    (20, 14, 1, 8),
    (56, 14, 1, 8),
    (20, 32, 3, 16),
    (56, 32, 3, 16),
]
BATCH = 128
DEPTHS = (8, 14, 20, 32, 56, 110)
MATRIX = 1024


# --- contenders: each prints one JSON line, from a process of its own ---


def stock(depth, side, channels, width, images, epochs):
    """Keras as in its guides: its own layers and `fit`, on arrays."""
    import keras
    from keras import layers

    def unit(x, filters, strides=1):
        x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    def block(x, filters, strides):
        y = layers.Activation("relu")(unit(x, filters, strides))
        y = unit(y, filters)
        if strides > 1:
            x = layers.AveragePooling2D(1, strides)(x)
            x = layers.Concatenate()([x, x * 0])
        return layers.Activation("relu")(x + y)

    started = time.perf_counter()
    x = inputs = keras.Input((side, side, channels))
    x = layers.Activation("relu")(unit(x, width))
    for stage, _ in itertools.product(range(3), range((depth - 2) // 6)):
        x = block(x, width * 2**stage, 2 if x.shape[-1] < width * 2**stage else 1)
    outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    x, y = pictures(side, channels, images)
    model.fit(x[:BATCH], y[:BATCH], batch_size=BATCH, verbose=0)
    ready = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return result(ready - started, images * epochs, time.perf_counter() - ready)


def ours(depth, side, channels, width, images, epochs, workers=2):
    """The engine of `sweep`: single-threaded processes that train at the same time."""
    import joblib

    arguments = depth, side, channels, width, images, epochs
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        return together(joblib.Parallel()(joblib.delayed(one_of_ours)(*arguments, workers=workers)
                                          for _ in range(workers)))  # fmt: skip


def one_of_ours(depth, side, channels, width, images, epochs, workers=1):
    sys.path.insert(0, str(ROOT / "tools"))
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from reslib.experiments import training
    from reslib.experiments.run import Recipe

    started = time.perf_counter()
    recipe = Recipe("cifar_resnet", {"depth": depth, "width": width})
    network = training._traced_network(recipe, (side, side, channels), 10, BATCH, 0.9, 0.0)
    x, y = (tf.constant(part) for part in pictures(side, channels, images))
    random, rates = np.random.default_rng(0), np.full(images // BATCH, 0.1, "float32")
    network.train_epoch(x[:BATCH], y[:BATCH], random, rates[:1])
    ready = time.perf_counter()
    wait_for_all(workers)
    begun = time.time()
    for _ in range(epochs):
        network.train_epoch(x, y, random, rates)
    return ready - started, len(rates) * BATCH * epochs, begun, time.time()


def torch(depth, side, channels, width, images, epochs, processes=1):
    """PyTorch, channels last: one process with all threads, or several with one."""
    import joblib

    arguments = depth, side, channels, width, images, epochs, processes
    if processes == 1:
        return together([one_of_torch(*arguments)])
    with joblib.parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
        jobs = (joblib.delayed(one_of_torch)(*arguments) for _ in range(processes))
        return together(joblib.Parallel()(jobs))


def one_of_torch(depth, side, channels, width, images, epochs, processes):
    import torch
    from torch import nn
    from torch.nn import functional

    if processes > 1:
        torch.set_num_threads(1)
    started = time.perf_counter()

    class Block(nn.Module):
        def __init__(self, before, filters):
            super().__init__()
            self.stride = 1 if before == filters else 2
            self.conv1 = nn.Conv2d(before, filters, 3, self.stride, 1, bias=False)
            self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)

        def forward(self, x):
            y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
            if self.stride > 1:
                x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, x.shape[1]))
            return functional.relu(x + y)

    filters = [width * 2**stage for stage in range(3) for _ in range((depth - 2) // 6)]
    first = [nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    blocks = [Block(*pair) for pair in zip([width, *filters], filters, strict=False)]
    last = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(filters[-1], 10)]
    model = nn.Sequential(*first, *blocks, *last).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    x, y = pictures(side, channels, images)
    x = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    y = torch.from_numpy(y).long()

    def epoch(number):
        for rows in torch.randperm(number).split(BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()

    epoch(BATCH)
    ready = time.perf_counter()
    wait_for_all(processes)
    begun = time.time()
    for _ in range(epochs):
        epoch(images)
    return ready - started, images * epochs, begun, time.time()


def felt_stock(depth, seeds, epochs, images):
    """What a reader waits for: import, build, trace and train, in a loop over the seeds."""
    started = time.perf_counter()
    for _ in range(seeds):
        stock(depth, 14, 1, 8, images, epochs)
    return result(0, seeds * epochs * images, time.perf_counter() - started)


def felt_ours(depth, seeds, epochs, images):
    """The same by one sweep that remembers nothing, measured errors included."""
    started = time.perf_counter()
    from reslib.experiments import Run, sweep

    with tempfile.TemporaryDirectory() as memory:
        os.environ["RESLIB_CACHE"] = memory
        data = "fashion_mnist", {"size": 14, "train_size": images}
        model = "cifar_resnet", {"depth": depth, "width": 8}
        sweep([Run(model, data, epochs=epochs, seed=seed) for seed in range(seeds)])
    return result(0, seeds * epochs * images, time.perf_counter() - started)


def peak():
    """Multiply-adds a second of two processes that do nothing but matrix products."""
    import joblib

    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        rates = joblib.Parallel()(joblib.delayed(one_peak)() for _ in range(2))
    return {"multiply_adds": sum(rates)}


def one_peak():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    matrix = tf.random.normal((MATRIX, MATRIX))
    matrix @ matrix
    wait_for_all(2)
    started, rounds = time.perf_counter(), 30
    for _ in range(rounds):
        product = matrix @ matrix
    product.numpy()
    return rounds * MATRIX**3 / (time.perf_counter() - started)


def pictures(side, channels, images):
    random = np.random.default_rng(0)
    x = random.standard_normal((images, side, side, channels), "float32")
    return x, random.integers(10, size=images).astype("int32")


def wait_for_all(processes):
    """Begin together: else one would be measured while another still builds its network."""
    folder = Path(os.environ["BENCH_MEETING"])
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < processes:
        time.sleep(0.005)


def together(parts):
    builds, images, begun, ended = zip(*parts, strict=True)
    return result(max(builds), sum(images), max(ended) - min(begun))


def result(build, images, seconds):
    return {"build": build, "rate": images / seconds, "seconds": seconds}


CONTENDERS = {
    f.__name__: f for f in (stock, ours, torch, felt_stock, felt_ours, peak)
}  # fmt: skip


# --- the referee ---


def run(name, *arguments, **options):
    """Run a contender in a fresh process; return what it measured."""
    task = json.dumps([name, arguments, options])
    with tempfile.TemporaryDirectory() as meeting:
        environment = os.environ | {"BENCH_MEETING": meeting, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, __file__, "--contender", task],
            env=environment, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{task} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def multiply_adds(depth, side, channels, width):
    from reslib import models, probes

    model = models.cifar_resnet(depth, width=width, input_shape=(side, side, channels))
    return int(probes.layer_table(model).multiply_adds.sum())


def title(depth, side, channels, width):
    return f"{depth} layers, {side}×{side}, width {width}"


def has_torch():
    code = subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode
    return code == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round of short runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        name, arguments, keywords = json.loads(options.contender)
        print(json.dumps(CONTENDERS[name](*arguments, **keywords)))
        return
    rounds, scale = (1, 0.25) if options.quick else (options.rounds, 1.0)
    page = "\n".join(sections(rounds, scale)) + "\n"
    if not options.quick:
        (ROOT / "BENCHMARKS.md").write_text(page, encoding="utf-8", newline="\n")


def sections(rounds, scale):
    """The parts of the results page, printed as they are ready."""

    def say(text):
        print(text, flush=True)
        return text

    from reslib import environment

    machine = f"{platform.processor() or platform.machine()}, {environment()}"
    yield say(f"# How fast the engine is\n\nMeasured by `make bench` on: {machine}.\n")
    yield say("## Training, images a second\n")
    yield say(table(throughput(rounds, scale)))
    yield say("\n## What a reader feels\n")
    yield say(
        f"Three seeds of four epochs of {int(10_000 * scale) // BATCH * BATCH:,} images, "
        "from `import` to the last number; the sweep also measures errors after each epoch.\n"
    )
    yield say(table(felt(rounds, scale)))
    yield say("\n## Cost against depth, and speed-up by a second worker\n")
    depth, exponent = against_depth(scale)
    yield say(table(depth))
    yield say(f"\nSeconds for an image grow as depth to the power {exponent:.2f}.\n")
    yield say(table(against_workers(rounds, scale)))


def throughput(rounds, scale):
    contenders = {"stock Keras": ("stock", {}), "sweep": ("ours", {})}
    if has_torch():
        contenders["PyTorch, 1 × 2 threads"] = ("torch", {"processes": 1})
        contenders["PyTorch, 2 × 1 thread"] = ("torch", {"processes": 2})
    peaks = [run("peak")["multiply_adds"] for _ in range(rounds)]
    rows = {}
    for network in NETWORKS:
        cost = 3 * multiply_adds(*network)  # forward, and two products going back
        images = max(BATCH, int(scale * 3e11 / cost) // BATCH * BATCH)
        measured = [
            {
                name: run(f, *network, images, 2, **keywords)
                for name, (f, keywords) in contenders.items()
            }
            for _ in range(rounds)
        ]
        rates = pd.DataFrame([{n: m["rate"] for n, m in one.items()} for one in measured])
        row = {name: f"{values.median():,.0f}" for name, values in rates.items()}
        row["over stock Keras"] = ratio(rates["sweep"] / rates["stock Keras"])
        if len(contenders) > 2:
            best = rates.filter(like="PyTorch").max(axis=1)
            row["over the best PyTorch"] = ratio(rates["sweep"] / best)
        row["share of peak"] = f"{rates['sweep'].median() * cost / np.median(peaks):.0%}"
        builds = [one["sweep"]["build"] for one in measured]
        row["build and trace"] = f"{np.median(builds):.1f} s"
        rows[title(*network)] = row
    return pd.DataFrame(rows).T


def felt(rounds, scale):
    rows = {}
    for depth in (20, 56):
        arguments = depth, 3, 4, int(10_000 * scale) // BATCH * BATCH
        pairs = [(run("felt_stock", *arguments), run("felt_ours", *arguments))
                 for _ in range(rounds)]  # fmt: skip
        seconds = np.array([[a["seconds"], b["seconds"]] for a, b in pairs])
        rows[title(depth, 14, 1, 8)] = {
            "stock Keras": f"{np.median(seconds[:, 0]):.0f} s",
            "sweep": f"{np.median(seconds[:, 1]):.0f} s",
            "over stock Keras": ratio(pd.Series(seconds[:, 0] / seconds[:, 1])),
        }
    return pd.DataFrame(rows).T


def against_depth(scale):
    rows = {}
    for depth in DEPTHS:
        images = max(BATCH, int(scale * 20_000 / depth * 20) // BATCH * BATCH)
        measured = run("ours", depth, 14, 1, 8, images, 1, workers=1)
        rows[f"{depth} layers"] = {
            "images a second, one worker": f"{measured['rate']:,.0f}",
            "build and trace": f"{measured['build']:.1f} s",
            "seconds": 1 / measured["rate"],
        }
    found = pd.DataFrame(rows).T
    seconds = found.pop("seconds").astype(float)
    return found, np.polyfit(np.log(DEPTHS), np.log(seconds), 1)[0]


def against_workers(rounds, scale):
    rows = {}
    for network in (SMALL_20, SMALL_56):
        images = max(BATCH, int(scale * 400_000 / network[0]) // BATCH * BATCH)
        rates = pd.DataFrame(
            [
                {n: run("ours", *network, images, 1, workers=n)["rate"] for n in (1, 2)}
                for _ in range(rounds)
            ]
        )
        rows[title(*network)] = {"two workers over one": ratio(rates[2] / rates[1])}
    return pd.DataFrame(rows).T


def ratio(values):
    """The median, and the range over the rounds."""
    text = f"{values.median():.2f}"
    return text if len(values) == 1 else f"{text} ({values.min():.2f}–{values.max():.2f})"


def table(frame):
    """A Markdown table with the index as its first column."""
    lines = [["", *frame.columns], ["---"] * (len(frame.columns) + 1)]
    lines += [[name, *map(str, row)] for name, row in zip(frame.index, frame.values, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
