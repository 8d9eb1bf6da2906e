"""TensorFlow's random numbers in NumPy: a seed gives the same initial weights on all backends.

Reference:
    Salmon et al., 2011, "Parallel Random Numbers: As Easy as 1, 2, 3": Philox4x32-10.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Sequence

import numpy as np

ROUNDS = 10
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = np.array([0x9E3779B9, 0xBB67AE85], "uint32")  # what the key grows by from round to round
SEED_KEY = np.array([0x3EC8F720, 0x02461E29], "uint32")  # under which TensorFlow mixes a seed
LARGEST = 2.0  # absolute value of a truncated normal number
# Of so many numbers at least four are no larger: that they are not happens once in 10¹⁵ times.
TRIES = 16
BLOCKS_PER_GROUP = 256  # TensorFlow reserves so many for four truncated numbers


@contextlib.contextmanager
def drawn_as_on_tensorflow() -> Generator[None]:
    """Let Keras's initializers draw the numbers of this file; on TensorFlow they do so anyway."""
    from reslib import framework  # isort: skip  (keeps the import of Keras quiet)
    import keras

    if keras.backend.backend() == "tensorflow":
        yield
    else:
        with framework.initializers_draw(
            uniform=uniform, normal=normal, truncated_normal=truncated_normal
        ):
            yield


def uniform(seed: int, shape: Sequence[int]) -> np.ndarray:
    """Draw what `tf.random.stateless_uniform` draws from [0, 1) for the seed `[seed, 0]`."""
    size = math.prod(shape)
    return _in_unit_interval(_bits(seed, np.arange(-(-size // 4)))).ravel()[:size].reshape(shape)


def normal(seed: int, shape: Sequence[int]) -> np.ndarray:
    """Draw what `tf.random.stateless_normal` draws for the seed `[seed, 0]`."""
    size = math.prod(shape)
    return _normal(_bits(seed, np.arange(-(-size // 4)))).ravel()[:size].reshape(shape)


def truncated_normal(seed: int, shape: Sequence[int]) -> np.ndarray:
    """Draw what `tf.random.stateless_truncated_normal` draws for the seed `[seed, 0]`."""
    size = math.prod(shape)
    groups = np.arange(-(-size // 4))[:, None]
    blocks = BLOCKS_PER_GROUP * groups + np.arange(TRIES // 4)
    tries = _normal(_bits(seed, blocks.ravel())).reshape(-1, TRIES)
    first = np.argsort(np.abs(tries) >= LARGEST, axis=1, kind="stable")[:, :4]
    return np.take_along_axis(tries, first, axis=1).ravel()[:size].reshape(shape)


def _bits(seed, blocks):
    """Return four random `uint32` for each block, by its number."""
    # TensorFlow takes the seed apart into a key and the upper half of the counter.
    mixed = _philox(SEED_KEY, np.array([[seed & 0xFFFFFFFF, seed >> 32, 0, 0]], "uint32"))[0]
    counter = np.empty((len(blocks), 4), "uint32")
    counter[:, 0] = blocks
    counter[:, 1] = blocks >> 32
    counter[:, 2:] = mixed[2:]
    return _philox(mixed[:2], counter)


def _philox(key, counter):
    a, b, c, d = counter.T
    for _ in range(ROUNDS):
        (first, low_a), (second, low_c) = map(_halves, MULTIPLIERS, (a, c))
        a, b, c, d = second ^ b ^ key[0], low_c, first ^ d ^ key[1], low_a
        key = key + WEYL
    return np.stack([a, b, c, d], axis=1)


def _halves(factor, values):
    """Return the upper and the lower half of a product of 64 bits."""
    product = np.multiply(factor, values, dtype="uint64")
    return (product >> np.uint64(32)).astype("uint32"), product.astype("uint32")


def _in_unit_interval(bits):
    """Take the lower 23 bits as the digits of a `float32` in [1, 2), and subtract 1."""
    return ((bits & np.uint32(0x7FFFFF)) | np.uint32(0x3F800000)).view("float32") - np.float32(1)


def _normal(bits):
    """Transform each pair as Box and Muller do."""
    numbers = _in_unit_interval(bits)
    radius = np.sqrt(-2 * np.log(np.maximum(numbers[:, 0::2], np.float32(1e-7))))
    angle = np.float32(2 * np.pi) * numbers[:, 1::2]
    return np.stack([np.sin(angle) * radius, np.cos(angle) * radius], axis=2).reshape(len(bits), 4)
