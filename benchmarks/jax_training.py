"""Train one CIFAR-10 network on Keras's JAX backend, as a part of record_cifar10.py.

Networks, data and recipe are those of `python -m reslib reproduce`, initial weights included. A
training is one compiled loop over steps, with the images on the device, and what was measured after
an epoch is fetched when the next one is on its way, so that the device never waits.

It says on standard output, a line each with tabs between words: `device`, its name and versions;
`row`, the measures after an epoch.
"""

import argparse
import os
import pathlib
import sys
import time

import numpy as np

SHORTCUTS = {"plain": None, "residual": "A"}
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
MEASURES = ("train_loss", "train_error", "test_loss", "test_error")
BATCH_SIZE = 128
IMAGES_PER_EVALUATION = 1000
LONGEST_LOOP = 100  # steps in one call


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    option = parser.add_argument
    option("--network", required=True)
    option("--width", type=int, required=True)
    option("--dtype", required=True)
    option("--epochs", type=int, required=True)
    option("--data", type=pathlib.Path, required=True, help="a folder with an .npy for each array")
    option("--until", type=float, default=float("inf"), help="time at which to stop")
    option("--timed", action="store_true", help="time epochs on demand, from standard input")
    os.environ["KERAS_BACKEND"] = "jax"
    work(parser.parse_args())


def work(arguments):
    import jax
    import keras

    keras.config.set_dtype_policy(arguments.dtype)
    data = [jax.numpy.asarray(np.load(arguments.data / f"{name}.npy")) for name in ARRAYS]
    model = build(arguments.network, arguments.width)
    weights = [variable.value for variable in model.trainable_variables]
    say("device", jax.devices()[0].device_kind, jax.__version__, keras.__version__)
    progress = train(model, weights, data, arguments.epochs, parts(arguments.network)[2])
    if arguments.timed:
        return time_on_demand(progress)
    # What was measured is fetched when the next epoch is on its way: so the device need not wait.
    ahead = None
    for share, measures in progress:
        if share:
            continue
        if ahead is not None:
            say("row", *(f"{value:.5g}" for value in np.asarray(ahead)))
            if time.time() > arguments.until:
                return None
        ahead = measures
    say("row", *(f"{value:.5g}" for value in np.asarray(ahead)))


def build(network, width):
    from reslib import models, seeding
    from reslib.experiments.philox import drawn_as_on_tensorflow

    kind, depth, seed = parts(network)
    seeding.set_seed(seed)
    with drawn_as_on_tensorflow():
        return models.cifar_resnet(depth, shortcut=SHORTCUTS[kind], width=width)


def parts(network):
    """`"residual-20:0"` as `("residual", 20, 0)`."""
    kind, rest = network.split("-")
    depth, seed = rest.split(":")
    return kind, int(depth), int(seed)


def time_on_demand(progress):
    """Compile, then for each number of seconds that comes in say how long an epoch takes."""
    import jax

    for share, result in progress:
        jax.block_until_ready(result)
        if not share:
            break
    say("ready")
    for line in sys.stdin:
        started, done = time.perf_counter(), 0
        for share, result in progress:
            jax.block_until_ready(result)
            done += share
            seconds = time.perf_counter() - started
            if seconds > float(line) and share:
                break
        say("time", seconds / done)


def say(*words):
    print(*words, sep="\t", flush=True)


def train(model, weights, data, epochs, seed):
    """Train, and yield for each part of an epoch its share of the epoch and a result.

    The last part of an epoch, of share 0, are the measures. The device may still be at work on a
    result when it is yielded.
    """
    import jax
    from jax import numpy as jnp

    from reslib.seeding import seed_offset

    x_train, y_train, x_test, y_test = data
    batch_size = min(BATCH_SIZE, len(x_train))
    steps = len(x_train) // batch_size
    loop = max(size for size in range(1, LONGEST_LOOP + 1) if steps % size == 0)
    advance, measure = programs(model)
    state = (
        [jnp.array(weight) for weight in weights],
        [jnp.array(variable.value) for variable in model.non_trainable_variables],
        [jnp.zeros_like(weight) for weight in weights],
    )
    measured = jax.tree.map(in_parts, (x_train[: len(x_test)], y_train[: len(x_test)]))
    measured = (measured, jax.tree.map(in_parts, (x_test, y_test)))
    random = np.random.default_rng(seed + seed_offset())
    rates = learning_rates(epochs * steps).reshape(epochs, steps)
    for epoch in range(epochs):
        order = random.permutation(len(x_train))[: steps * batch_size]
        order = order.reshape(steps, batch_size, 1).astype("int32")
        draws = random.integers(0, (9, 9, 2), (*order.shape[:2], 3), "int32")
        order = np.concatenate([order, draws], axis=2)
        for first in range(0, steps, loop):
            part = slice(first, first + loop)
            state = advance(state, x_train, y_train, order[part], rates[epoch, part])
            yield loop / steps, state[0][0]
        yield 0, measure(state, measured)


def in_parts(array):
    size = max(size for size in range(1, IMAGES_PER_EVALUATION + 1) if len(array) % size == 0)
    return array.reshape(-1, size, *array.shape[1:])


def learning_rates(steps):
    step = np.arange(steps)
    tenths = (2 * step >= steps).astype(int) + (4 * step >= 3 * steps)
    return (0.1 / 10.0**tenths).astype("float32")


def programs(model):
    """The two compiled functions: many training steps, and all that is measured."""
    import jax
    from jax import numpy as jnp

    from reslib.experiments.network_jax import crop_and_flip

    decays = [1e-4 if variable.name == "kernel" else 0 for variable in model.trainable_variables]

    def losses(logits, labels):
        right = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
        return jax.nn.logsumexp(logits, axis=1) - right

    def loss(weights, statistics, images, labels):
        logits, statistics = model.stateless_call(weights, statistics, images, training=True)
        return losses(logits, labels).mean(), statistics

    def step(state, inputs, images, labels):
        weights, statistics, velocities = state
        order, rate = inputs
        chosen = order[:, 0]
        batch = crop_and_flip(images[chosen], order[:, 1:])
        gradients, statistics = jax.grad(loss, has_aux=True)(
            weights, statistics, batch, labels[chosen]
        )
        velocities = [
            0.9 * velocity - rate * (gradient + decay * weight if decay else gradient)
            for velocity, gradient, weight, decay in zip(
                velocities, gradients, weights, decays, strict=True
            )
        ]
        weights = [weight + velocity for weight, velocity in zip(weights, velocities, strict=True)]
        return (weights, statistics, velocities), None

    def advance(state, images, labels, order, rates):
        return jax.lax.scan(
            lambda state, inputs: step(state, inputs, images, labels), state, (order, rates)
        )[0]

    def measure(state, splits):
        def part(_, batch):
            logits, _ = model.stateless_call(*state[:2], batch[0], training=False)
            wrong = logits.argmax(axis=-1) != batch[1]
            return None, (losses(logits, batch[1]).mean(), wrong.mean())

        means = [mean for split in splits for mean in jax.lax.scan(part, None, split)[1]]
        return jnp.stack([mean.mean() for mean in means])

    return jax.jit(advance, donate_argnums=0), jax.jit(measure)


if __name__ == "__main__":
    main()
