"""What `load` promises of any data set."""

import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reslib.datasets import area_average, fashion_mnist, load
from reslib.datasets.splits import KEYS

sides = st.integers(1, 28)
counts = st.integers(1, 200)


def test_types():
    data = load("fashion_mnist", size=14, train_size=30, test_size=20)
    assert data.x_train.shape == (30, 14, 14, 1) and data.x_test.shape == (20, 14, 14, 1)
    assert data.x_train.dtype == data.x_test.dtype == "float32"
    assert data.y_train.shape == (30,) and data.y_test.shape == (20,)
    assert data.y_train.dtype == data.y_test.dtype == "int32"
    assert data.class_names == fashion_mnist.CLASS_NAMES
    assert data.name == "fashion_mnist"
    assert data.checksum == fashion_mnist.subset().checksum
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.name = "mnist"
    assert repr(data).startswith("<fashion_mnist: 30 training and 20 test images of 14×14×1")


@given(sides, counts)
def test_pixels_from_zero_to_one(size, train_size):
    data = load("fashion_mnist", size, train_size, test_size=10, standardize=False)
    raw = fashion_mnist.subset().x_train[:train_size]
    np.testing.assert_allclose(data.x_train, area_average(raw, size) / 255, rtol=1e-6, atol=0)
    assert data.x_train.min() >= 0 and data.x_train.max() <= 1


@given(sides, counts, counts)
def test_standardized_by_the_training_images_alone(size, train_size, test_size):
    plain = load("fashion_mnist", size, train_size, test_size, standardize=False)
    data = load("fashion_mnist", size, train_size, test_size)
    pixels = plain.x_train.astype("float64")
    mean, spread = pixels.mean(), pixels.std()
    for key in ("x_train", "x_test"):
        expected = (getattr(plain, key) - mean) / (spread or 1)
        np.testing.assert_allclose(getattr(data, key), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("size", [28, 14, 5])
def test_zero_mean_and_unit_variance(size):
    x = load("fashion_mnist", size).x_train.astype("float64")
    assert abs(x.mean()) < 1e-6 and abs(x.var() - 1) < 1e-6


def test_colours_are_standardized_one_by_one(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, [40, 120, 250], (50, 32, 32, 3)).astype("uint8")
    labels = np.arange(50) % 10
    path = tmp_path / "colours.npz"
    np.savez(path, x_train=pixels, y_train=labels, x_test=pixels, y_test=labels[:, None])
    data = load("cifar10", path=path)
    x = data.x_train.astype("float64")
    np.testing.assert_allclose(x.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(x.var(axis=(0, 1, 2)), 1, atol=1e-6)
    np.testing.assert_array_equal(data.x_train, data.x_test)


def test_no_contrast_is_no_division_by_zero(tmp_path):
    path = tmp_path / "grey.npz"
    grey, labels = np.full((10, 28, 28), 77, "uint8"), np.arange(10)
    np.savez(path, x_train=grey, y_train=labels, x_test=grey // 2, y_test=labels)
    data = load("fashion_mnist_full", path=path)
    assert (data.x_train == 0).all() and np.isfinite(data.x_test).all()


@given(counts, counts)
def test_sizes_take_the_first(train_size, test_size):
    some = load("fashion_mnist", 2, train_size, test_size, standardize=False)
    every = load("fashion_mnist", 2, standardize=False)
    for key in KEYS:
        part = getattr(some, key)
        np.testing.assert_array_equal(part, getattr(every, key)[: len(part)])
    assert (len(some.y_train), len(some.y_test)) == (train_size, test_size)


def test_a_draw_takes_others_in_equal_shares():
    first, again, other = (load("fashion_mnist", 7, 50, 20, draw=draw) for draw in (1, 1, 2))
    plain = load("fashion_mnist", 7, 50, 20)
    np.testing.assert_array_equal(first.x_train, again.x_train)
    assert first.y_train.tolist() == list(range(10)) * 5
    for data in (other, plain):
        assert not np.array_equal(first.x_train, data.x_train)
        assert first.checksum != data.checksum
        np.testing.assert_array_equal(first.y_test, data.y_test)


def test_a_draw_of_all_changes_only_the_order():
    drawn, plain = (load("fashion_mnist", 7, draw=draw, standardize=False) for draw in (3, None))
    sums = [np.sort(data.x_train.sum(axis=(1, 2, 3))) for data in (drawn, plain)]
    np.testing.assert_array_equal(*sums)
    np.testing.assert_array_equal(drawn.x_test, plain.x_test)


def test_the_offset_moves_a_draw(monkeypatch):
    """And its checksum, so that no record is taken for that of other images."""
    before = load("fashion_mnist", 7, 50, draw=1)
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "5")
    moved = load("fashion_mnist", 7, 50, draw=1)
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "0")
    same = load("fashion_mnist", 7, 50, draw=6)
    assert before.checksum != moved.checksum == same.checksum
    np.testing.assert_array_equal(moved.x_train, same.x_train)


def test_a_bad_draw():
    for value in (-1, 1.0, "1", True):
        with pytest.raises(ValueError, match="^draw must be an integer from 0 to 4294967295, or"):
            load("fashion_mnist", draw=value)


def test_every_machine_computes_the_same_pixels():
    """All sums are of whole numbers that `float32` holds."""
    data = load("fashion_mnist", size=14, train_size=1000, test_size=200, standardize=False)
    digest = hashlib.sha256()
    for key in KEYS:
        digest.update(getattr(data, key).tobytes())
    assert digest.hexdigest() == "178e81ec86aac5fc442bbb54b420491ad0a6323c4bacfe2bbcbbb8576a1f1931"


def test_a_file_sorted_by_class_is_not_cut_after_the_first_classes(tmp_path):
    path = tmp_path / "sorted.npz"
    labels = np.repeat(np.arange(10), 20)
    images = np.broadcast_to(labels.astype("uint8")[:, None, None], (200, 28, 28))
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
    data = load("fashion_mnist_full", train_size=50, standardize=False, path=path)
    assert np.bincount(data.y_train).tolist() == [5] * 10
    np.testing.assert_allclose(data.x_train[:, 0, 0, 0] * 255, data.y_train, rtol=1e-6)


def test_arrays_are_the_callers_own():
    first = load("fashion_mnist", train_size=10)
    kept = {key: getattr(first, key).copy() for key in KEYS}
    for key in KEYS:
        getattr(first, key)[:] = 7
    again = load("fashion_mnist", train_size=10)
    for key in KEYS:
        np.testing.assert_array_equal(getattr(again, key), kept[key])
        with pytest.raises(ValueError, match="read-only"):
            getattr(fashion_mnist.subset(), key)[:] = 7


@pytest.mark.parametrize("name, shown", [("mnist", "'mnist'"), (None, "None"), (["cifar10"], "[")])
def test_bad_name(name, shown):
    with pytest.raises(ValueError) as error:
        load(name)
    known = "name must be one of 'fashion_mnist', 'fashion_mnist_full', 'cifar10', received "
    assert str(error.value).startswith(known + shown)


@pytest.mark.parametrize(
    "argument, most", [("size", 28), ("train_size", 12_000), ("test_size", 2_000)]
)
def test_bad_numbers(argument, most):
    for value in (0, -1, most + 1, 1.0, "1", True, float("nan")):
        with pytest.raises(ValueError, match=f"^{argument} must be an integer from 1 to {most}, "):
            load("fashion_mnist", **{argument: value})


def test_numbers_of_numpy_are_numbers():
    data = load("fashion_mnist", np.uint8(5), np.int64(3), np.int32(2))
    assert data.x_train.shape == (3, 5, 5, 1) and len(data.x_test) == 2


def test_no_path_for_the_embedded_subset():
    with pytest.raises(ValueError, match="path must be None for .* received 'mine.npz'"):
        load("fashion_mnist", path="mine.npz")


GROUPS = ((1, 5, 7, 8, 9), (0, 2, 3, 4, 6))


def test_groups_become_classes_and_the_images_stay():
    whole, merged = (load("fashion_mnist", 7, 50, 20, groups=g) for g in (None, GROUPS))
    for new, old in ((merged.y_train, whole.y_train), (merged.y_test, whole.y_test)):
        assert new.tolist() == [int(label in GROUPS[1]) for label in old]
        assert new.dtype == "int32"
    np.testing.assert_array_equal(merged.x_train, whole.x_train)
    assert merged.class_names == (
        "Trouser, Sandal, Sneaker, Bag, Ankle boot",
        "T-shirt/top, Pullover, Dress, Coat, Shirt",
    )


@pytest.mark.parametrize("groups", [((0, 1), (2, 3)), (range(10), (0,)), (range(10), ()), 3])
def test_groups_must_hold_each_class_once(groups):
    with pytest.raises(ValueError, match="groups must be .* each from 0 to 9 once, received"):
        load("fashion_mnist", groups=groups)
