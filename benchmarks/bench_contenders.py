"""The contenders of `make bench`; each measures itself in a process of its own.

    python benchmarks/bench_contenders.py '["ours", [20, 14, 1, 8, 5120, 2], {}]'

prints what it measured as one line of JSON.
"""

import collections
import importlib
import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH = 128
MATRIX = 1024


def stock(depth, side, channels, width, images, epochs):
    """Keras as in its guides: its own layers and `fit`, on arrays."""
    import keras  # noqa: F401  (what a reader waits for at this point is measured by felt_stock)

    started = time.perf_counter()
    model = stock_model(depth, side, channels, width)
    x, y = pictures(side, channels, images)
    model.fit(x[:BATCH], y[:BATCH], batch_size=BATCH, verbose=0)
    ready = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return result(ready - started, images * epochs, time.perf_counter() - ready)


def stock_model(depth, side, channels, width, metrics=None):
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

    x = inputs = keras.Input((side, side, channels))
    x = layers.Activation("relu")(unit(x, width))
    for stage, _ in itertools.product(range(3), range((depth - 2) // 6)):
        x = block(x, width * 2**stage, 2 if x.shape[-1] < width * 2**stage else 1)
    outputs = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=metrics)
    return model


def ours(depth, side, channels, width, images, epochs, workers=2, operations=1):
    """The engine of `sweep`: worker processes that train at the same time."""
    import joblib

    arguments = depth, side, channels, width, images, epochs, workers, operations
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        jobs = (joblib.delayed(one_of_ours)(*arguments) for _ in range(workers))
        return together(joblib.Parallel()(jobs))


def one_of_ours(depth, side, channels, width, images, epochs, workers, operations):
    build, epoch = our_epoch(depth, side, channels, width, images, operations)
    wait_for_all(workers)
    begun = time.time()
    for _ in range(epochs):
        epoch()
    return build, images * epochs, begun, time.time()


def our_epoch(depth, side, channels, width, images, operations=1):
    """The seconds to build and trace a network as a sweep's worker does, and one pass over data."""
    from reslib.experiments import devices

    os.environ["TF_NUM_INTEROP_THREADS"] = str(operations)
    devices.set_threads()
    import tensorflow as tf

    from reslib.experiments.recipe import Recipe
    from reslib.experiments.tracing import traced_network

    started = time.perf_counter()
    recipe = Recipe("cifar_resnet", {"depth": depth, "width": width})
    network = traced_network(recipe, (side, side, channels), 10, BATCH, 0.9, 0.0)
    x, y = (tf.constant(part) for part in pictures(side, channels, images))
    random, rates = np.random.default_rng(0), np.full(images // BATCH, 0.1, "float32")
    network.train_epoch(x[:BATCH], y[:BATCH], random, rates[:1])
    seconds = time.perf_counter() - started
    return seconds, lambda: network.train_epoch(x, y, random, rates)


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
    """What a reader waits for: import, build, trace, train and test, in a loop over the seeds."""
    started = time.perf_counter()
    import keras

    from reslib import datasets

    for seed in range(seeds):
        keras.utils.set_random_seed(seed)
        data = datasets.load("fashion_mnist", size=14, train_size=images)
        model = stock_model(depth, 14, 1, 8, metrics=["accuracy"])
        test = data.x_test, data.y_test
        model.fit(data.x_train, data.y_train, BATCH, epochs, validation_data=test, verbose=0)
    return result(0, seeds * epochs * images, time.perf_counter() - started)


def felt_sweep(depth, seeds, epochs, images):
    """The same by one sweep that remembers nothing; it measures training errors too."""
    started = time.perf_counter()
    from reslib.experiments import Run, sweep

    with tempfile.TemporaryDirectory() as memory:
        os.environ["RESLIB_CACHE"] = memory
        data = "fashion_mnist", {"size": 14, "train_size": images}
        model = "cifar_resnet", {"depth": depth, "width": 8}
        sweep([Run(model, data, epochs=epochs, seed=seed) for seed in range(seeds)])
    return result(0, seeds * epochs * images, time.perf_counter() - started)


def imports(names):
    """Seconds to import the modules."""
    started = time.perf_counter()
    for name in names:
        importlib.import_module(name)
    return {"seconds": time.perf_counter() - started}


def kernels(depth, side, channels, width, images):
    """The share of the time in each kind of TensorFlow kernel, of one worker alone."""
    import tensorflow as tf

    _, epoch = our_epoch(depth, side, channels, width, images)
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        epoch()
        tf.profiler.experimental.stop()
        return shares(next(Path(folder).rglob("*.xplane.pb")).read_bytes())


def shares(profile):
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    times = collections.Counter()
    for plane in xplane_pb2.XSpace.FromString(profile).planes:
        for event in (event for line in plane.lines for event in line.events):
            # A kernel is called "operation:Kind"; all else are frames around it.
            operation, _, kind = plane.event_metadata[event.metadata_id].name.partition(":")
            if operation and kind.isidentifier():
                times[kind] += event.duration_ps
    kinds = {"convolutions": "Conv2D", "batch normalization": "BatchNorm"}
    found = {
        name: sum(time for kind, time in times.items() if part in kind) / times.total()
        for name, part in kinds.items()
    }
    return {**found, "all else": 1 - sum(found.values())}


def peak():
    """Multiply-adds a second of two processes that do nothing but matrix products."""
    import joblib

    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        rates = joblib.Parallel()(joblib.delayed(one_peak)() for _ in range(2))
    return {"multiply_adds": sum(rates)}


def one_peak():
    from reslib.experiments import devices

    devices.set_threads()
    import tensorflow as tf

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
    f.__name__: f for f in (stock, ours, torch, felt_stock, felt_sweep, peak, imports, kernels)
}  # fmt: skip


if __name__ == "__main__":
    chosen, arguments, keywords = json.loads(sys.argv[1])
    print(json.dumps(CONTENDERS[chosen](*arguments, **keywords)))
