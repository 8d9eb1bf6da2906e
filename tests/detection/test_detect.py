"""Suppression, held against its definition; and against TensorFlow's kernel where there is one."""

import keras
import numpy as np
import pytest

from reslib.detection import Grid, detect, iou

GRID = Grid((32, 32), (4, 8))


def answers(seed, classes=3, images=4):
    random = np.random.default_rng(seed)
    logits = random.normal(-1, 3, (images, len(GRID.centres), classes)).astype("float32")
    return logits, random.uniform(0.2, 4, (*logits.shape[:2], 4)).astype("float32")


@pytest.mark.parametrize("overlap", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("most", [3, 500])
def test_what_is_kept_is_what_no_better_box_beats(overlap, most):
    """One box after the other, from the best: it stays if no kept one of its class is alike."""
    logits, distances = answers(0)
    found = detect(logits, distances, GRID, most=most, overlap=overlap)
    boxes = GRID.decode(distances)
    for i, scores in enumerate(1 / (1 + np.exp(-logits))):
        expected = []
        for place in np.argsort(-scores, axis=None):
            position, label = np.unravel_index(place, scores.shape)
            rivals = [boxes[i, p] for p, k in expected if k == label]
            beaten = any(iou(boxes[i, position], rival) > overlap for rival in rivals)
            if scores[position, label] > 0.05 and len(expected) < most and not beaten:
                expected.append((position, label))
        positions, labels = np.array(expected).T
        n = len(expected)
        assert found.labels[i, :n].tolist() == (labels + 1).tolist()
        assert not found.labels[i, n:].any() and not found.scores[i, n:].any()
        np.testing.assert_array_equal(found.boxes[i, :n], boxes[i, positions])
        np.testing.assert_allclose(found.scores[i, :n], scores[positions, labels], rtol=1e-5)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="holds it against TensorFlow's")
def test_equals_the_kernel_of_tensorflow(seed):
    """To the last bit, where no two scores are equal: among those TensorFlow has no order."""
    import tensorflow as tf

    logits, distances = answers(seed)
    random = np.random.default_rng(seed)
    most, least = int(random.integers(1, 40)), float(random.choice([0.0, 0.05, 0.5]))
    overlap = float(random.choice([0.0, 0.3, 0.5, 0.7, 1.0]))
    expected = tf.image.combined_non_max_suppression(
        GRID.decode(distances)[:, :, None], tf.sigmoid(logits), most, most, overlap, least,
        clip_boxes=False,
    )  # fmt: skip
    found = detect(logits, distances, GRID, most, least, overlap)
    np.testing.assert_array_equal(found.boxes, expected[0])
    np.testing.assert_array_equal(found.scores, expected[1])
    assert (found.labels > 0).sum(axis=1).tolist() == expected[3].numpy().tolist()
    there = found.labels > 0
    np.testing.assert_array_equal(found.labels[there] - 1, expected[2].numpy()[there])


def test_of_equal_scores_the_earlier_position_is_the_better():
    logits = np.zeros((1, len(GRID.centres), 2))
    found = detect(logits, np.full((1, len(GRID.centres), 4), 0.4), GRID, most=4)
    assert found.labels.tolist() == [[1, 2, 1, 2]]
    np.testing.assert_allclose(found.boxes[0, ::2, :2], GRID.centres[:2] - 0.4 * 4, rtol=1e-6)


def test_no_images_and_no_boxes_are_no_special_case():
    logits, distances = answers(0)
    nothing = detect(logits[:0], distances[:0], GRID)
    assert nothing.boxes.shape == (0, 20, 4) and nothing.labels.shape == (0, 20)
    for none in (logits - 100, np.full_like(logits, np.nan)):
        found = detect(none, distances, GRID)
        assert not found.labels.any() and not found.scores.any() and not found.boxes.any()


def test_boxes_that_are_none_beat_no_other():
    """NaN, without area or turned inside out: they stand for themselves and end in no error."""
    logits, distances = np.full((1, len(GRID.centres), 1), -9.0), np.ones((1, len(GRID.centres), 4))
    logits[0, :4] = 5
    distances[0, 0], distances[0, 1], distances[0, 2] = np.nan, 0, -1
    found = detect(logits, distances, GRID)
    assert (found.labels > 0).sum() == 4


LOGITS, DISTANCES = answers(0)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"logits": LOGITS[0], "distances": DISTANCES[0]}, "logits must have the shape"),
        ({"logits": LOGITS[:, :-1]}, "logits must have the shape"),
        ({"logits": LOGITS[..., 0]}, "logits must have the shape"),
        ({"distances": DISTANCES[:1]}, "distances must have the shape"),
        ({"distances": DISTANCES[..., :3]}, "distances must have the shape"),
        ({"grid": Grid((32, 32), (4,))}, "logits must have the shape"),
        ({"most": 0}, "most must be a positive integer"),
        ({"most": 2.5}, "most must be a positive integer"),
        ({"least_score": np.nan}, "least_score must be"),
        ({"overlap": "half"}, "overlap must be"),
    ],
)
def test_bad_argument_is_refused_by_name(changes, message):
    """A single image without its axis used to end the process."""
    with pytest.raises(ValueError, match=message):
        detect(**{"logits": LOGITS, "distances": DISTANCES, "grid": GRID, **changes})
