"""Scenes with odd ones, held against their own objects and the images they came from."""

import dataclasses

import numpy as np
import pytest
from pasted import least_gap

from reslib.datasets import Dataset, Scenes, fashion_mnist, odd_ones
from reslib.datasets.odd_ones import KINDS


@pytest.fixture(scope="module")
def data():
    return odd_ones(60, 40)


def splits(data):
    return (
        (data.x_train, data.y_train, data.train_objects),
        (data.x_test, data.y_test, data.test_objects),
    )


def test_form(data):
    assert isinstance(data, Dataset) and isinstance(data, Scenes)
    assert data.x_train.shape == (60, 48, 48, 1) and data.x_train.dtype == "float32"
    assert data.y_test.shape == (40, 48, 48) and data.y_test.dtype == "int32"
    assert data.class_names == ("background", "trousers", "shoe", "bag", "odd")
    assert data.test_objects.sizes.tolist() == [[0] * 6 + [2]] * 40
    assert data.test_objects.labels.dtype == "int32"
    assert repr(data) == "<odd_ones: 60 training and 40 test images of 48×48×1, 5 classes>"
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.train_weights = None


def test_asked_for_the_kind_each_pixel_has_that_of_its_object():
    data = odd_ones(60, 40, question="kind")
    assert data.class_names == ("background", "trousers", "shoe", "bag")
    for _, y, objects in splits(data):
        for kinds, pixels, dense in zip(objects.labels, objects.pixels, y, strict=True):
            expected = np.zeros_like(dense)
            for i, kind in enumerate(kinds):
                expected[pixels == i] = kind
            np.testing.assert_array_equal(dense, expected)


def test_odd_is_what_has_another_kind_than_the_large_object(data):
    for _, y, objects in splits(data):
        for kinds, pixels, dense in zip(objects.labels, objects.pixels, y, strict=True):
            for i, kind in enumerate(kinds):
                assert set(dense[pixels == i]) == {kind if kind == kinds[-1] else 4}
            assert (dense[pixels < 0] == 0).all()


def test_both_questions_are_asked_about_the_same_pictures(data):
    kind = odd_ones(60, 40, question="kind")
    np.testing.assert_array_equal(kind.x_train, data.x_train)
    np.testing.assert_array_equal(kind.x_test, data.x_test)
    np.testing.assert_array_equal(kind.test_objects.labels, data.test_objects.labels)
    assert not np.array_equal(kind.y_test, data.y_test) and kind.checksum != data.checksum


def test_pixels_of_small_objects_count_as_asked(data):
    for weight, scenes in ((5, data), (2.5, odd_ones(60, 1, small_weight=2.5))):
        pixels = scenes.train_objects.pixels
        expected = np.where((pixels >= 0) & (pixels < 6), weight, 1)
        np.testing.assert_array_equal(scenes.train_weights, expected)
        assert scenes.train_weights.dtype == "float32"
    assert odd_ones(60, 40, small_weight=2.5).checksum != data.checksum  # another training


def test_half_of_the_small_objects_are_odd_and_all_kinds_as_likely():
    objects = odd_ones(3000, 1).train_objects
    small, large = objects.labels[:, :-1], objects.labels[:, -1:]
    odd = small != large
    assert abs(odd.mean() - 0.5) < 4 * 0.5 / odd.size**0.5
    for kinds in (large, small, small[odd]):
        counts = np.bincount(kinds.ravel(), minlength=4)[1:]
        assert np.abs(counts / counts.sum() - 1 / 3).max() < 0.04
    # Given the large one's kind, the two others are as likely.
    for kind in (1, 2, 3):
        counts = np.bincount(small[odd & (large == kind)], minlength=4)[1:]
        counts = np.delete(counts, kind - 1)
        assert abs(counts[0] / counts.sum() - 0.5) < 0.04 and not odd[(small == large)].any()


@pytest.mark.parametrize("split", ["train", "test"])
def test_objects_are_images_of_their_kind_and_their_split(split):
    """A large object of full size is the photograph itself, if nothing is resized."""
    data = odd_ones(12, 12, size=60, small_objects=1, object_sizes=(4, 28), noise=0)
    source = fashion_mnist.subset()
    images = getattr(source, f"x_{split}")[..., 0] / np.float32(255)
    labels = getattr(source, f"y_{split}")
    objects, x = getattr(data, f"{split}_objects"), getattr(data, f"x_{split}")
    for scene in range(12):
        kind = list(KINDS.values())[objects.labels[scene, 1] - 1]
        of_kind = images[np.isin(labels, kind)]
        shown, box = objects.pixels[scene] == 1, objects.boxes[scene, 1]
        assert least_gap(x[scene, ..., 0], shown, box, of_kind) < 1e-5


def test_objects_have_their_sizes_and_do_not_overlap(data):
    for _, _, objects in splits(data):
        extent = (objects.boxes[..., 2:] - objects.boxes[..., :2]).max(axis=-1)
        assert extent[:, :-1].max() <= 10 and 20 <= np.median(extent[:, -1]) <= 24
        for i in range(7):
            assert (objects.pixels == i).any(axis=(1, 2)).all()


def test_same_seed_same_scenes(data, monkeypatch):
    again, other = odd_ones(60, 40), odd_ones(60, 40, seed=1)
    np.testing.assert_array_equal(again.x_train, data.x_train)
    assert again.checksum == data.checksum != other.checksum
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    assert odd_ones(60, 40).checksum == other.checksum


def test_first_scenes_do_not_hang_on_their_number(data):
    more = odd_ones(501, 7)
    np.testing.assert_array_equal(more.x_train[:60], data.x_train)
    np.testing.assert_array_equal(more.y_train[:60], data.y_train)
    np.testing.assert_array_equal(more.x_test, data.x_test[:7])


@pytest.mark.parametrize(
    "arguments, name",
    [
        ({"train_size": 0}, "train_size"),
        ({"test_size": 2.5}, "test_size"),
        ({"size": "48"}, "size"),
        ({"small_objects": 0}, "small_objects"),
        ({"small_objects": 101}, "small_objects"),
        ({"object_sizes": 10}, "object_sizes"),
        ({"object_sizes": (10, 20, 30)}, "object_sizes"),
        ({"object_sizes": (10, 0)}, "object_sizes"),
        ({"question": "same"}, "question"),
        ({"small_weight": 0}, "small_weight"),
        ({"small_weight": float("inf")}, "small_weight"),
        ({"noise": -0.1}, "noise"),
        ({"seed": -1}, "seed"),
        ({"size": 30}, "do not fit into size=30"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        odd_ones(**{"train_size": 2, "test_size": 2, **arguments})
