"""Average precision where it is known: by hand, and from the truth itself."""

from types import SimpleNamespace

import numpy as np
import pytest

from reslib.datasets import scenes
from reslib.detection import Detections, Grid, detect
from reslib.probes import average_precision


@pytest.fixture(scope="module")
def objects():
    return scenes(train_size=1, test_size=30).test_objects


def truth(objects, scores=0.9):
    return Detections(
        objects.boxes.astype("float32"),
        objects.labels,
        np.broadcast_to(scores, objects.labels.shape),
    )


def one_image(boxes, labels, sizes):
    """Objects of a single image, each box from its corner and side."""
    boxes = np.array([[y, x, y + side, x + side] for y, x, side in boxes])
    return SimpleNamespace(boxes=boxes[None], labels=np.array([labels]), sizes=np.array([sizes]))


def found(boxes, labels, scores):
    made = one_image(boxes, labels, labels)
    return Detections(made.boxes.astype("float32"), made.labels, np.array([scores], "float32"))


def test_the_truth_is_perfect(objects):
    assert (average_precision(truth(objects), objects) == 1).all(axis=None)


@pytest.mark.parametrize("strides", [(2, 4, 8, 16), (2,)])
def test_perfect_answers_of_a_detector_are_perfect(objects, strides):
    grid = Grid((64, 64), strides)
    classes, distances = grid.encode(objects.boxes, objects.labels)
    logits = np.where(np.eye(11)[classes][..., 1:], 9, -9)
    detections = detect(logits, np.maximum(distances, 1e-3), grid)
    assert (np.sort(detections.labels)[:, -4:] == np.sort(objects.labels)).all()
    assert (average_precision(detections, objects) == 1).all(axis=None)


def test_nothing_found_is_zero(objects):
    boxes = objects.boxes.astype("float32")
    nothing = Detections(boxes, np.zeros_like(objects.labels), np.zeros(objects.labels.shape))
    assert (average_precision(nothing, objects) == 0).all(axis=None)


def test_a_false_alarm_before_the_hit_halves_the_precision():
    objects = one_image([(0, 0, 10)], [1], [0])
    detections = found([(30, 30, 10), (0, 0, 10)], [1, 1], [0.9, 0.8])
    table = average_precision(detections, objects)
    assert table.loc["small"].tolist() == pytest.approx([0.5, 0.5, 1])
    # Behind the hit it does no harm.
    detections = found([(30, 30, 10), (0, 0, 10)], [1, 1], [0.7, 0.8])
    assert average_precision(detections, objects).loc["all"].tolist() == pytest.approx([1, 1, 1])


def test_a_box_that_is_a_little_off_counts_at_the_lower_thresholds_only():
    """An IoU of 72 / 128 = .5625 clears two of the ten thresholds."""
    objects = one_image([(0, 0, 10)], [1], [0])
    table = average_precision(found([(0, 0, 7.5)], [1], [0.9]), objects)
    assert table.loc["all"].tolist() == pytest.approx([0.2, 1, 0.2])


def test_two_of_four_found():
    """Precision is 1 up to a recall of a half: at 51 of the 101 recalls the evaluator looks at."""
    objects = one_image([(0, 0, 10), (20, 0, 10), (40, 0, 10), (0, 20, 10)], [1] * 4, [0] * 4)
    table = average_precision(found([(0, 0, 10), (40, 0, 10)], [1, 1], [0.9, 0.8]), objects)
    assert table.loc["all"].tolist() == pytest.approx([51 / 101, 51 / 101, 0.5])


def test_another_class_is_not_found():
    objects = one_image([(0, 0, 10)], [1], [0])
    assert (average_precision(found([(0, 0, 10)], [2], [0.9]), objects).loc["all"] == 0).all()


def test_each_size_is_judged_by_itself():
    """The small one is found, the large one is not, and a false alarm is held against its size."""
    objects = one_image([(0, 0, 10), (20, 20, 40)], [1, 1], [0, 2])
    detections = found([(0, 50, 20), (0, 0, 10)], [1, 1], [0.9, 0.8])
    table = average_precision(detections, objects)
    assert table.loc["small"].tolist() == pytest.approx([1, 1, 1])
    assert table.loc["large"].tolist() == [0, 0, 0]
    assert table.loc["medium"].isna().all()
    assert table["AR"]["all"] == 0.5 and table["AP"]["all"] == pytest.approx(51 / 101 / 2)


SPOILT = {
    "nan": [0, 0, np.nan, 10],
    "all nan": [np.nan] * 4,
    "infinite": [0, 0, np.inf, np.inf],
    "infinite on all sides": [-np.inf, -np.inf, np.inf, np.inf],
    "inverted": [10, 10, 0, 0],
    "inverted rows": [10, 0, 0, 10],
}


@pytest.mark.parametrize("box", SPOILT.values(), ids=SPOILT.keys())
def test_a_box_that_is_none_scores_nothing_and_is_a_false_alarm(box):
    """Alone it finds nothing; before a hit it halves the precision, as any false alarm."""
    objects = one_image([(0, 0, 10)], [1], [0])
    alone = Detections(np.array([[box]]), np.array([[1]]), np.array([[0.9]]))
    assert (average_precision(alone, objects).loc["all"] == 0).all()
    boxes = np.array([[box, [0, 0, 10, 10]]])
    before = Detections(boxes, np.array([[1, 1]]), np.array([[0.9, 0.8]]))
    assert average_precision(before, objects).loc["all"].tolist() == pytest.approx([0.5, 0.5, 1])


def test_a_score_that_is_no_number_scores_nothing():
    objects = one_image([(0, 0, 10)], [1], [0])
    assert (average_precision(found([(0, 0, 10)], [1], [np.nan]), objects).loc["all"] == 0).all()


@pytest.mark.parametrize(
    "side, size", [(14.9, "small"), (15, "medium"), (29.9, "medium"), (30, "large")]
)
def test_a_false_alarm_is_of_the_size_that_its_longer_side_claims(side, size):
    """Medium from 15 pixels on, large from 30."""
    objects = one_image([(0, 0, 10), (50, 0, 10), (100, 0, 10)], [1] * 3, [0, 1, 2])
    boxes = [*objects.boxes[0].tolist(), [200, 0, 200 + side, 1]]  # far off, and thin
    detections = Detections(
        np.array([boxes]), np.array([[1] * 4]), np.array([[0.5, 0.6, 0.7, 0.9]])
    )
    table = average_precision(detections, objects)
    halved = [name for name in ("small", "medium", "large") if table.AP[name] < 0.9]
    assert halved == [size]


def test_the_evaluator_keeps_quiet(objects, capsys):
    average_precision(truth(objects), objects)
    assert capsys.readouterr() == ("", "")


def test_other_images_are_refused(objects):
    other = truth(objects)
    other = Detections(other.boxes[1:], other.labels[1:], other.scores[1:])
    with pytest.raises(ValueError, match="detections must be of the images"):
        average_precision(other, objects)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"found": {"labels": np.ones((1, 2), int)}}, "detections.labels must have the shape"),
        ({"found": {"scores": np.ones(1)}}, "detections.scores must have the shape"),
        ({"found": {"boxes": np.ones((1, 4))}}, "detections.boxes must have the shape"),
        ({"truth": {"sizes": np.ones((2, 1), int)}}, "objects.sizes must have the shape"),
        ({"truth": {"sizes": np.array([[3]])}}, r"objects.sizes must be from 0 to 2"),
        ({"truth": {"boxes": np.full((1, 1, 4), np.nan)}}, "objects.boxes must be finite"),
        ({"limits": (15,)}, "limits must be 2 growing numbers"),
        ({"limits": (30, 15)}, "limits must be 2 growing numbers"),
    ],
)
def test_bad_argument_is_refused_by_name(changes, message):
    objects = one_image([(0, 0, 10)], [1], [0])
    detections = vars(found([(0, 0, 10)], [1], [0.9])) | changes.pop("found", {})
    objects = vars(objects) | changes.pop("truth", {})
    with pytest.raises(ValueError, match=message):
        average_precision(SimpleNamespace(**detections), SimpleNamespace(**objects), **changes)
