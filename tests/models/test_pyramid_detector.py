"""The detector: one answer for each position, from one head, whatever the pyramid."""

import math

import keras
import numpy as np
import pytest
from pyramids import SMALL, each_variant, images

from reslib.models import pyramid_detector, pyramid_segmenter


def number(weights):
    return sum(math.prod(weight.shape) for weight in weights)


@each_variant
@pytest.mark.parametrize("sides", [(63, 37), (1, 2)])
def test_one_answer_for_each_position(variant, sides):
    model = pyramid_detector(**variant, width=1, input_shape=(*sides, 2), classes=3)
    cells = [np.prod([-(-side // 2**i) for side in sides]) for i in range(1, 5)]
    kept = {"finest": cells[:1], "coarsest": cells[-1:]}.get(variant.get("levels"), cells)
    logits, distances = model(images(2, *sides, 2))
    assert logits.shape == (2, sum(kept), 3) and distances.shape == (2, sum(kept), 4)
    assert tuple(model.output_shape) == ((None, sum(kept), 3), (None, sum(kept), 4))
    assert (np.asarray(distances) > 0).all()


@each_variant
def test_only_the_head_differs_from_the_segmenter(variant):
    head = 2 * (9 * 3 + 1) * 3 + (9 * 3 + 1) * (10 + 4)
    levels = 1 if "levels" in variant else 4
    its_head = 9 * 3 * 3 + levels * 4 * 3 + (3 + 1) * 11  # it has normalizations, one per level
    detector, segmenter = (
        pyramid_detector(**variant, **SMALL),
        pyramid_segmenter(**variant, **SMALL),
    )
    assert number(detector.weights) - head == number(segmenter.weights) - its_head


def test_the_levels_stand_behind_one_another_row_by_row():
    model = pyramid_detector(**SMALL)
    x = images(2, 32, 32, 1)
    answers = model(x)
    first = 0
    for level in keras.Model(model.input, model.get_layer("pyramid").output)(x):
        for name, answer in zip(("logits", "distances"), answers, strict=True):
            expected = model.get_layer(name)(
                model.get_layer("head2")(model.get_layer("head1")(level))
            )
            answer, expected = np.asarray(answer), np.asarray(expected)
            for row, column in np.ndindex(expected.shape[1:3]):
                position = first + row * expected.shape[2] + column
                np.testing.assert_allclose(
                    answer[:, position], expected[:, row, column], rtol=1e-4, atol=1e-5
                )
        first += np.prod(level.shape[1:3])


def test_it_starts_in_doubt_that_there_is_anything():
    logits, _ = pyramid_detector(**SMALL)(0 * images(1, 32, 32, 1))
    np.testing.assert_allclose(keras.ops.sigmoid(logits), 0.01, rtol=1e-4)
