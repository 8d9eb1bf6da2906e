"""Which position answers for what: identities between boxes and what stands for them."""

import keras
import numpy as np
import pytest

from reslib.datasets import scenes
from reslib.detection import Grid, iou
from reslib.models import pyramid_detector

GRIDS = {"pyramid": (2, 4, 8, 16), "finest": (2,), "middle": (4,)}
IMAGE = (64, 64)


@pytest.fixture(scope="module")
def objects():
    return scenes(train_size=50, test_size=1).train_objects


@pytest.fixture(params=GRIDS.values(), ids=GRIDS.keys())
def grid(request):
    return Grid(IMAGE, request.param)


def test_centres_are_the_means_of_the_pixels_of_a_cell():
    grid = Grid((4, 6), (2, 4))
    assert grid.centres.tolist() == [
        *([1, 1], [1, 3], [1, 5], [3, 1], [3, 3], [3, 5]),
        *([2, 2], [2, 6]),
    ]
    assert grid.levels.tolist() == [0] * 6 + [1] * 2


@pytest.mark.parametrize("levels, strides", [("all", (2, 4, 8)), ("coarsest", (8,))])
@pytest.mark.parametrize("sides", [(64, 64), (63, 37), (1, 2)])
def test_there_is_one_position_for_each_answer_of_the_model(levels, strides, sides):
    model = pyramid_detector(2, levels=levels, blocks=(1, 1, 1), input_shape=(*sides, 1))
    assert [shape[1] for shape in model.output_shape] == [len(Grid(sides, strides).centres)] * 2


def test_decoding_undoes_encoding(grid, objects):
    owners = grid.owners(objects.boxes)
    decoded = grid.decode(grid.encode(objects.boxes, objects.labels)[1])
    scene, place = np.nonzero(owners >= 0)
    expected = objects.boxes[scene, owners[scene, place]]
    np.testing.assert_allclose(decoded[scene, place], expected, atol=1e-4)


def test_every_object_is_on_exactly_one_level(grid, objects):
    """And there each position inside it answers for it, and no other position of any level."""
    levels = grid.level_of(objects.boxes)
    classes, distances = grid.encode(objects.boxes, objects.labels)
    row, column = grid.centres.T
    expected = np.zeros_like(classes)
    for i, j in np.ndindex(objects.labels.shape):
        top, left, bottom, right = objects.boxes[i, j]
        inside = (top <= row) & (row < bottom) & (left <= column) & (column < right)
        expected[i, inside & (grid.levels == levels[i, j])] += objects.labels[i, j]
    np.testing.assert_array_equal(classes, expected)
    np.testing.assert_array_equal(distances.any(axis=-1), expected > 0)
    assert (distances >= 0).all()


def test_the_pyramid_leaves_no_object_out():
    boxes = scenes(train_size=2000, test_size=1).train_objects.boxes
    owners = Grid(IMAGE, GRIDS["pyramid"]).owners(boxes)
    for j in range(boxes.shape[1]):
        assert (owners == j).any(axis=1).all()


def test_sizes_of_the_scenes_have_levels_of_their_own(objects):
    np.testing.assert_array_equal(Grid(IMAGE, (2, 4, 8, 16)).level_of(objects.boxes), objects.sizes)


@pytest.mark.parametrize("side, level", [(1, 0), (15, 0), (16, 1), (31, 1), (32, 2), (64, 3)])
def test_the_longer_side_decides(side, level):
    boxes = np.array([[0, 0, side, 1], [2, 3, 3, 3 + side]])
    assert Grid(IMAGE, (2, 4, 8, 16)).level_of(boxes).tolist() == [level] * 2


def test_of_two_boxes_around_a_position_the_smaller_has_it():
    grid = Grid((8, 8), (2,))
    boxes = np.array([[[2, 2, 4, 4], [0, 0, 8, 8]], [[0, 0, 8, 8], [2, 2, 4, 4]]])
    classes = grid.encode(boxes, np.array([[1, 2], [2, 1]]))[0].reshape(2, 4, 4)
    expected = np.full((4, 4), 2)
    expected[1, 1] = 1
    np.testing.assert_array_equal(classes, [expected, expected])


def test_small_objects_between_the_positions_of_a_coarse_level_are_lost():
    """Of all places of a box, the share at which it is seen is its area over that of a cell."""
    grid = Grid(IMAGE, (16,))
    row, column = (part.ravel() for part in np.mgrid[0:48, 0:48])
    boxes = np.stack([row, column, row + 10, column + 10], axis=-1)[:, None]
    found = (grid.owners(boxes) >= 0).any(axis=1)
    assert found.mean() == pytest.approx((10 / 16) ** 2)


def test_known_ious():
    box = np.array([0.0, 0.0, 4.0, 2.0])
    others = [[0, 0, 4, 2], [0, 0, 2, 2], [2, 1, 6, 3], [4, 0, 8, 2], [5, 5, 6, 6]]
    expected = [1, 1 / 2, 2 / 14, 0, 0]
    np.testing.assert_allclose(iou(box, np.array(others, "float64")), expected)


def test_iou_knows_no_order_and_no_scale():
    random = np.random.default_rng(0)
    first, second = random.random((2, 100, 4)) + [0, 0, 1, 1]
    np.testing.assert_allclose(iou(first, second), iou(second, first), rtol=1e-6)
    np.testing.assert_allclose(iou(3 * first + 1, 3 * second + 1), iou(first, second))
    assert iou(first[:, None], second).shape == (100, 100)


def test_iou_of_tensors_is_that_of_arrays():
    random = np.random.default_rng(0)
    first, second = (random.random((2, 100, 4)) + [0, 0, 1, 1]).astype("float32")
    tensors = (keras.ops.convert_to_tensor(boxes) for boxes in (first, second))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(iou(*tensors)), iou(first, second), 1e-6)


def test_boxes_without_area_meet_none():
    """Nor do those that are turned inside out, which have an area."""
    whole, empty = np.array([0.0, 0.0, 4.0, 4.0]), np.array([2.0, 2.0, 2.0, 4.0])
    inside_out, rows_only = np.array([4.0, 4.0, 0.0, 0.0]), np.array([4.0, 0.0, 0.0, 4.0])
    for box in (empty, inside_out, rows_only):
        assert iou(box, box) == iou(box, whole) == iou(whole, box) == 0


@pytest.mark.parametrize("images", [0, 3])
def test_images_without_objects_are_no_special_case(images, grid):
    classes, distances = grid.encode(np.zeros((images, 0, 4)), np.zeros((images, 0), int))
    assert classes.shape == (images, len(grid.centres)) and classes.dtype == "int32"
    assert distances.shape == (*classes.shape, 4) and distances.dtype == "float32"
    assert not classes.any() and not distances.any()
    assert (grid.owners(np.zeros((images, 0, 4))) == -1).all()


def test_boxes_that_are_no_numbers_are_nowhere(grid):
    boxes = np.array([[[np.nan] * 4, [8, 8, 40, 40]]])
    with_nan = grid.encode(boxes, np.array([[1, 2]]))
    without = grid.encode(boxes[:, 1:], np.array([[2]]))
    for one, other in zip(with_nan, without, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda grid: grid.encode(np.zeros((2, 4)), np.zeros(2)), "boxes"),
        (lambda grid: grid.encode(np.zeros((2, 3, 5)), np.zeros((2, 3))), "boxes"),
        (lambda grid: grid.encode(np.zeros((2, 3, 4)), np.zeros((2, 1))), "labels"),
        (lambda grid: grid.encode(np.zeros((2, 3, 4)), np.zeros(6)), "labels"),
        (lambda grid: grid.owners(np.zeros((3, 4))), "boxes"),
        (lambda grid: grid.level_of(np.zeros(3)), "boxes"),
        (lambda grid: grid.decode(np.zeros((7, 4))), "distances"),
        (lambda grid: iou(np.zeros(3), np.zeros(4)), "boxes"),
        (lambda grid: iou(np.zeros(4), np.zeros((2, 2))), "others"),
    ],
)
def test_other_shapes_are_refused(call, name, grid):
    with pytest.raises(ValueError, match=f"{name} must have the shape .*received"):
        call(grid)


@pytest.mark.parametrize(
    "arguments, name",
    [
        (((64, 64, 1), (2,)), "image_shape"),
        (((64, 0), (2,)), "image_shape"),
        ((64, (2,)), "image_shape"),
        (((64, 64), ()), "strides"),
        (((64, 64), 2), "strides"),
        (((64, 64), (4, 2)), "strides"),
        (((64, 64), (2, 2)), "strides"),
        (((64, 64), (2.0,)), "strides"),
        (((64, 64), (2,), 0), "cells"),
        (((64, 64), (2,), np.nan), "cells"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        Grid(*arguments)
