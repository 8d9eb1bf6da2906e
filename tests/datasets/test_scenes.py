"""The scenes, held against what their pictures and the images they came from must agree on."""

import dataclasses

import numpy as np
import pytest
from pasted import least_gap

from reslib.datasets import Dataset, SceneObjects, area_average, fashion_mnist, scenes


@pytest.fixture(scope="module")
def data():
    """Without white noise, so that objects can be found again in the pictures."""
    return scenes(60, 40, noise=0)


@pytest.fixture(params=["train", "test"])
def split(request, data):
    """Pictures, dense labels, objects, and the images that the objects were taken from."""
    source = fashion_mnist.subset()
    return tuple(
        getattr(of, name.format(request.param))
        for of, name in [
            (data, "x_{}"),
            (data, "y_{}"),
            (data, "{}_objects"),
            (source, "x_{}"),
            (source, "y_{}"),
        ]
    )


def fields(objects):
    return [getattr(objects, field.name) for field in dataclasses.fields(objects)]


def everything(data):
    return [
        data.x_train,
        data.y_train,
        data.x_test,
        data.y_test,
        *fields(data.train_objects),
        *fields(data.test_objects),
    ]


def same(one, other):
    return [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]


def test_form(data):
    assert isinstance(data, Dataset) and isinstance(data.train_objects, SceneObjects)
    assert data.x_train.shape == (60, 64, 64, 1) and data.x_train.dtype == "float32"
    assert data.y_test.shape == (40, 64, 64) and data.y_test.dtype == "int32"
    assert data.class_names == ("background", *fashion_mnist.CLASS_NAMES)
    assert data.test_objects.boxes.shape == (40, 4, 4)
    assert data.test_objects.sizes.tolist() == [[0, 0, 1, 2]] * 40
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.x_train = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.train_objects.boxes = None


def test_defaults_are_the_scenes_of_the_course():
    data = scenes()
    assert data.x_train.shape == (2000, 64, 64, 1) and data.x_test.shape == (500, 64, 64, 1)
    same_data = scenes(2000, 500, 64, (2, 1, 1), (10, 20, 40), noise=0.1, seed=0)
    assert all(same(everything(data), everything(same_data)))


def test_the_objects_of_a_seed_are_the_same_on_every_machine(data):
    """Classes and places are drawn from NumPy's generators."""
    assert data.train_objects.labels[:3].tolist() == [[7, 2, 4, 6], [8, 9, 7, 1], [8, 6, 4, 3]]
    boxes = [[42, 2, 50, 12], [6, 43, 16, 51], [23, 1, 38, 21], [18, 31, 58, 53]]
    assert np.abs(data.test_objects.boxes[0] - boxes).max() <= 1  # an edge is a sum of floats
    assert abs(scenes(60, 40).x_train.mean() - 0.26628) < 1e-4


def test_the_background_is_dark_and_smooth(data):
    """From 0 to .3, each value drawn on a grid of 8 pixels, with straight lines between."""
    background = np.where(data.y_train > 0, np.nan, data.x_train[..., 0])
    assert np.nanmin(background) >= 0 and 0.28 < np.nanmax(background) <= 0.3
    assert abs(np.nanmean(background) - 0.15) < 0.01
    steps = np.diff(background, axis=2)
    assert np.nanmax(np.abs(steps)) <= 0.3 / 8 + 1e-6
    bends = np.abs(np.diff(steps, axis=2))
    inner = np.arange(1, 63) % 8 != 0  # between two values of the grid
    assert np.nanmax(bends[..., inner]) < 1e-6 < np.nanmax(bends[..., ~inner])


def test_brightness_is_from_zero_to_one():
    x = scenes(20, 1, noise=1.0).x_train
    assert x.min() == 0 and x.max() == 1


def test_dense_labels_are_those_of_the_objects(split):
    _, y, objects, _, _ = split
    for labels, pixels, dense in zip(objects.labels, objects.pixels, y, strict=True):
        expected = np.zeros_like(dense)
        for i, label in enumerate(labels):
            expected[pixels == i] = label
        np.testing.assert_array_equal(dense, expected)
    assert set(np.unique(objects.labels)) == set(range(1, 11))


def test_boxes_enclose_the_pixels_as_tightly_as_can_be(split):
    _, _, objects, _, _ = split
    for scene, boxes in enumerate(objects.boxes):
        for i, box in enumerate(boxes):
            rows, columns = np.nonzero(objects.pixels[scene] == i)
            tight = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
            assert box.tolist() == tight


def test_objects_do_not_overlap(split):
    """A border between two boxes is a row or a column that separates them."""
    boxes = split[2].boxes
    for i in range(boxes.shape[1]):
        for j in range(i):
            (top, left, bottom, right), other = boxes[:, i].T, boxes[:, j].T
            apart = (bottom <= other[0]) | (other[2] <= top)
            apart |= (right <= other[1]) | (other[3] <= left)
            assert apart.all()


def test_small_medium_and_large_are_what_they_are_called(split):
    """The longer side fills the image of the object, but for a margin that the photographs have."""
    objects = split[2]
    extent = objects.boxes[..., 2:] - objects.boxes[..., :2]
    longer = extent.max(axis=-1)
    for kind, side in enumerate((10, 20, 40)):
        of_kind = longer[objects.sizes == kind]
        assert of_kind.max() <= side and np.median(of_kind) >= 0.9 * side


def test_objects_are_images_of_their_own_split(split):
    """Each one is found among the images of its class, at its place, pixel by pixel."""
    x, _, objects, images, labels = split
    images = area_average(images, 20)[..., 0] / 255
    for scene in range(10):
        (i,) = np.flatnonzero(objects.sizes[scene] == 1)
        of_class = images[labels == objects.labels[scene, i] - 1]
        shown, box = objects.pixels[scene] == i, objects.boxes[scene, i]
        assert least_gap(x[scene, ..., 0], shown, box, of_class) < 1e-5


def test_white_noise_has_the_spread_asked_for():
    """Where it is not cut off: the same seed gives the same scenes under other noise."""
    without, with_noise = scenes(40, 1, noise=0).x_train, scenes(40, 1, noise=0.02).x_train
    inside = (without > 0.1) & (without < 0.9)
    difference = (with_noise - without)[inside]
    assert abs(difference.std() / 0.02 - 1) < 0.03 and abs(difference.mean()) < 0.001


def test_all_places_are_as_likely():
    """Of an object alone, seen on those that fill their image from top to bottom."""
    objects = scenes(2000, 1, counts=(0, 0, 1)).train_objects
    whole = np.ptp(objects.boxes[:, 0, [0, 2]], axis=1) == 40
    top = objects.boxes[whole, 0, 0]
    counts = np.bincount(top, minlength=25)
    expected = len(top) / 25
    assert np.sum((counts - expected) ** 2 / expected) < 51.2  # chi-square, 24 degrees, p = .001


def test_same_seed_same_scenes(data, monkeypatch):
    again = scenes(60, 40, noise=0)
    assert all(same(everything(again), everything(data))) and again.checksum == data.checksum
    other = scenes(60, 40, noise=0, seed=1)
    assert other.checksum != data.checksum
    changed = same(everything(other), everything(data))
    assert changed == [False] * 4 + [False, False, True, False] * 2  # but for the counts
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    assert all(same(everything(scenes(60, 40, noise=0)), everything(other)))


def test_first_scenes_do_not_hang_on_their_number(data):
    more = scenes(501, 7, noise=0)
    np.testing.assert_array_equal(more.x_train[:60], data.x_train)
    np.testing.assert_array_equal(more.train_objects.boxes[:60], data.train_objects.boxes)
    np.testing.assert_array_equal(more.x_test, data.x_test[:7])


def test_numbers_of_numpy_are_numbers():
    plain = scenes(2, 1, 12, (1, 0, 0), (5, 6, 7), 0.5, 3)
    arguments = map(np.int64, (2, 1, 12)), (np.uint8(1), 0, 0), [np.int32(5), 6, 7]
    numbers = scenes(*arguments[0], *arguments[1:], np.float64(0.5), np.uint32(3))
    assert all(same(everything(plain), everything(numbers)))


def test_other_sizes_and_counts():
    data = scenes(30, 2, size=48, counts=(3, 0, 1), object_sizes=(7, 14, 28))
    assert data.x_train.shape == (30, 48, 48, 1)
    assert data.train_objects.sizes[0].tolist() == [0, 0, 0, 2]
    extent = data.train_objects.boxes[..., 2:] - data.train_objects.boxes[..., :2]
    assert extent[:, :3].max() == 7 and extent[:, 3].max() == 28


def test_no_object_is_without_a_pixel():
    """Not even a sandal of five pixels."""
    data = scenes(400, 1, size=24, counts=(4, 0, 0), object_sizes=(5, 6, 7))
    for i in range(4):
        assert (data.train_objects.pixels == i).any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    "arguments, name",
    [
        ({"train_size": 0}, "train_size"),
        ({"test_size": 2.5}, "test_size"),
        ({"size": "64"}, "size"),
        ({"counts": (1, 1)}, "counts"),
        ({"counts": (0, 0, 0)}, "counts"),
        ({"counts": (1, 1, -1)}, "counts"),
        ({"counts": 4}, "counts"),
        ({"object_sizes": (10, 20, 0)}, "object_sizes"),
        ({"noise": -0.1}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"size": 48}, "do not fit into size=48"),
        ({"size": 30}, "do not fit into size=30"),
        ({"counts": (0, 0, 3)}, "do not fit"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        scenes(**{"train_size": 2, "test_size": 2, **arguments})
