"""How much faster is one batched pass for all input gradients than a loop over the inputs?

    python benchmarks/bench_input_gradients.py [inputs]

Prints the seconds of both, the ratio and the largest difference, for a plain net and a residual
one. The loop opens one tape for each input, as one would write it first.
"""

import sys
import time

import keras
import numpy as np
import tensorflow as tf

from reslib import models, probes


def loop(model, x):
    gradients = []
    for one in x:
        one = tf.constant(one[None])
        with tf.GradientTape() as tape:
            tape.watch(one)
            output = tf.reduce_sum(model(one))
        gradients.append(tape.gradient(output, one)[0])
    return np.stack(gradients)


def seconds(function, *arguments):
    """The shortest of three times, and the result."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        result = function(*arguments)
        times.append(time.perf_counter() - started)
    return min(times), result


def main(inputs=256):
    x = np.linspace(-2, 2, inputs, dtype="float32")[:, None]
    for residual in (False, True):
        keras.utils.set_random_seed(0)
        model = models.mlp(24, 200, (1,), 1, residual=residual)
        slow, expected = seconds(loop, model, x)
        fast, found = seconds(probes.input_gradients, model, x)
        difference = np.abs(found - expected).max() / np.abs(expected).max()
        print(
            f"{model.name}, {inputs} inputs: loop {slow:.2f} s, one pass {fast:.4f} s, "
            f"{slow / fast:.0f} times faster; largest relative difference {difference:.1e}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
