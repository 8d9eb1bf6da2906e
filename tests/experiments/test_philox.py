"""Random numbers, held against TensorFlow's own."""

import numpy as np
import pytest
import tensorflow as tf

from reslib.experiments import philox

SEEDS = 0, 1, 999_999_999  # Keras draws them up to 10⁹
SHAPES = (3, 3, 16, 33), (7,), (1, 1), (0, 4)


@pytest.mark.parametrize("kind", ["uniform", "normal", "truncated_normal"])
@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_are_tensorflows(kind, seed):
    for shape in SHAPES:
        ours = getattr(philox, kind)(seed, shape)
        theirs = getattr(tf.random, f"stateless_{kind}")(shape, seed=[seed, 0]).numpy()
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=4e-6)


def test_truncated_numbers_never_run_out():
    """Of sixteen at least four are small enough, in a quarter of a million groups."""
    assert np.abs(philox.truncated_normal(5, (1_000_000,))).max() < 2
