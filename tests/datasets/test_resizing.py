import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reslib.datasets import area_average

sizes = st.integers(1, 33).flatmap(lambda side: st.tuples(st.just(side), st.integers(1, side)))
seeds = st.integers(0, 2**32 - 1)


def draw(side, seed, channels=2, count=3):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, side, side, channels), dtype="uint8")


def block_mean(images, block):
    count, side, _, channels = images.shape
    parts = images.reshape(count, side // block, block, side // block, block, channels)
    return parts.mean(axis=(2, 4), dtype="float64")


@given(sizes, seeds)
def test_equals_enlarging_to_a_common_multiple_and_taking_blocks(sizes, seed):
    side, size = sizes
    images = draw(side, seed)
    enlarged = images.repeat(size, axis=1).repeat(size, axis=2)
    expected = block_mean(enlarged, side)
    np.testing.assert_allclose(area_average(images, size), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("side, size", [(28, 14), (28, 7), (32, 16), (32, 8), (32, 1)])
def test_is_the_mean_of_blocks_where_sides_divide(side, size):
    images = draw(side, seed=0)
    expected = block_mean(images, side // size).astype("float32")
    np.testing.assert_array_equal(area_average(images, size), expected)


@given(sizes, seeds)
def test_brightness_stays(sizes, seed):
    side, size = sizes
    images = draw(side, seed)
    before = images.mean(axis=(1, 2), dtype="float64")
    after = area_average(images, size).mean(axis=(1, 2), dtype="float64")
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=0)


@given(sizes, seeds)
def test_mirroring_and_turning_commute(sizes, seed):
    side, size = sizes
    images = draw(side, seed)
    small = area_average(images, size)
    np.testing.assert_array_equal(area_average(images[:, ::-1], size), small[:, ::-1])
    np.testing.assert_array_equal(area_average(images.swapaxes(1, 2), size), small.swapaxes(1, 2))


@given(sizes, seeds)
def test_channels_do_not_mix(sizes, seed):
    side, size = sizes
    images = draw(side, seed, channels=3)
    alone = [area_average(images[..., c : c + 1], size) for c in range(3)]
    np.testing.assert_array_equal(area_average(images, size), np.concatenate(alone, axis=-1))


@given(st.integers(1, 33), seeds)
def test_the_same_size_changes_nothing(side, seed):
    images = draw(side, seed)
    np.testing.assert_array_equal(area_average(images, side), images)


def test_many_images_are_resized_like_few():
    images = draw(5, seed=0, count=2500)
    few = [area_average(images[i : i + 1], 3) for i in (0, 999, 1000, 2499)]
    np.testing.assert_array_equal(
        area_average(images, 3)[[0, 999, 1000, 2499]], np.concatenate(few)
    )


def test_images_stay_as_they_were():
    images = draw(8, seed=0)
    for size in (8, 3):
        before = images.copy()
        area_average(images, size)[:] = 0
        np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("size", [0, -1, 9, 2.0, "4", None, True])
def test_bad_size(size):
    with pytest.raises(ValueError, match="size must be an integer from 1 to 8, received "):
        area_average(draw(8, seed=0), size)


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 8, 7, 1), (8,)])
def test_bad_shape(shape):
    with pytest.raises(ValueError, match=r"images must have the shape \(N, side, side, C\)"):
        area_average(np.zeros(shape), 4)
