"""Random crops and flips, held against NumPy. That a training uses them so: test_training.py."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from reslib.experiments import network_jax, network_tensorflow
from reslib.experiments.augmentation import draw

EVERY = np.array(list(itertools.product(range(9), range(9), range(2))), "int32")


@pytest.fixture(scope="module")
def images():
    """One for each shift, with or without a flip; higher than wide."""
    shape = (len(EVERY), 7, 5, 3)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.fixture(params=[network_tensorflow, network_jax], ids=["tensorflow", "jax"])
def crop_and_flip(request):
    return lambda images, draws: np.asarray(request.param.crop_and_flip(images, draws))


def test_every_crop_is_a_slice_of_the_padded_image(crop_and_flip, images):
    results = crop_and_flip(images, EVERY)
    for image, (row, column, flipped), result in zip(images, EVERY, results, strict=True):
        expected = np.pad(image, [(4, 4), (4, 4), (0, 0)])[row : row + 7, column : column + 5]
        np.testing.assert_array_equal(result, expected[:, ::-1] if flipped else expected)


def test_middle_crop_is_the_image(crop_and_flip, images):
    draws = np.tile(np.int32([4, 4, 0]), (len(images), 1))
    np.testing.assert_array_equal(crop_and_flip(images, draws), images)


def test_flip_is_numpys(crop_and_flip, images):
    draws = np.tile(np.int32([4, 4, 1]), (len(images), 1))
    np.testing.assert_array_equal(crop_and_flip(images, draws), np.flip(images, axis=2))


def test_works_where_the_graph_does_not_know_the_size(images):
    specs = [tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None, None), "int32")]
    eager = network_tensorflow.crop_and_flip
    np.testing.assert_array_equal(tf.function(eager, specs)(images, EVERY), eager(images, EVERY))


def test_shifts_and_flips_are_equally_likely():
    """Each within five standard errors of its share."""
    count = 100_000
    draws = draw(np.random.default_rng(0), (count,))
    for values, choices in zip(draws.T, (9, 9, 2), strict=True):
        shares = np.bincount(values, minlength=choices) / count
        assert len(shares) == choices
        error = np.sqrt((1 / choices) * (1 - 1 / choices) / count)
        np.testing.assert_allclose(shares, 1 / choices, atol=5 * error)


def test_each_step_and_each_seed_has_draws_of_its_own():
    random = np.random.default_rng(0)
    first, second = draw(random, (4, 50)), draw(random, (4, 50))
    other = draw(np.random.default_rng(1), (4, 50))
    parts = [*first, *second, *other]
    assert first.shape == (4, 50, 3)
    assert len({part.tobytes() for part in parts}) == len(parts)
    np.testing.assert_array_equal(draw(np.random.default_rng(0), (4, 50)), first)
