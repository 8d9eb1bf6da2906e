"""The detector: one answer for each position, from one head, whatever the pyramid."""

import keras
import numpy as np
import pytest

from reslib.models import pyramid_detector, pyramid_segmenter, stage_outputs

VARIANTS = {
    "pyramid": {},
    "concat": {"fusion": "concat"},
    "coarsest": {"levels": "coarsest"},
    "finest": {"levels": "finest"},
    "finest-of-backbone": {"levels": "finest", "top_down": False},
    "no-top-down": {"top_down": False},
    "no-lateral": {"lateral": False},
}
SMALL = {"width": 2, "channels": 3, "input_shape": (32, 32, 1)}


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS.keys())
def variant(request):
    return request.param


def images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def number(weights):
    return sum(weight.shape.num_elements() for weight in weights)


@pytest.mark.parametrize("sides", [(63, 37), (1, 2)])
def test_one_answer_for_each_position(variant, sides):
    model = pyramid_detector(**variant, width=1, input_shape=(*sides, 2), classes=3)
    cells = [np.prod([-(-side // 2**i) for side in sides]) for i in range(1, 5)]
    kept = {"finest": cells[:1], "coarsest": cells[-1:]}.get(variant.get("levels"), cells)
    logits, distances = model(images(2, *sides, 2))
    assert logits.shape == (2, sum(kept), 3) and distances.shape == (2, sum(kept), 4)
    assert tuple(model.output_shape) == ((None, sum(kept), 3), (None, sum(kept), 4))
    assert (distances.numpy() > 0).all()


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
            ).numpy()
            for row, column in np.ndindex(expected.shape[1:3]):
                position = first + row * expected.shape[2] + column
                np.testing.assert_allclose(
                    answer[:, position], expected[:, row, column], rtol=1e-4, atol=1e-5
                )
        first += np.prod(level.shape[1:3])


def test_it_starts_in_doubt_that_there_is_anything():
    logits, _ = pyramid_detector(**SMALL)(0 * images(1, 32, 32, 1))
    np.testing.assert_allclose(keras.ops.sigmoid(logits), 0.01, rtol=1e-4)


def test_another_backbone_is_shared():
    backbone = keras.applications.ResNet50(weights=None, input_shape=(65, 64, 1))
    model = pyramid_detector(backbone=backbone, channels=2, classes=3)
    used = {id(w) for w in keras.Model(backbone.input, stage_outputs(backbone)).weights}
    assert used <= {id(weight) for weight in model.weights}
    assert model.output_shape[1] == (None, 17 * 16 + 9 * 8 + 5 * 4 + 3 * 2, 4)


@pytest.mark.parametrize("levels", ["all", "coarsest"])
def test_file_brings_the_model_back(levels, tmp_path):
    model = pyramid_detector(**SMALL, levels=levels)
    model.save(tmp_path / "model.keras")
    x = images(1, 32, 32, 1)
    for first, second in zip(
        keras.saving.load_model(tmp_path / "model.keras")(x), model(x), strict=True
    ):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("levels", ["all", "coarsest"])
def test_mixed_precision_gives_answers_in_many_digits(levels):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = pyramid_detector(**SMALL, levels=levels)
    finally:
        keras.config.set_dtype_policy("float32")
    assert [output.dtype for output in model.outputs] == ["float32"] * 2
    assert {model.get_layer(name).compute_dtype for name in ("pyramid", "head2")} == {"bfloat16"}


@pytest.mark.parametrize(
    "arguments, name",
    [
        ({"width": 0}, "width"),
        ({"channels": 2.5}, "channels"),
        ({"levels": "top"}, "levels"),
        ({"fusion": "mean"}, "fusion"),
        ({"blocks": ()}, "blocks"),
        ({"stem_strides": 3}, "stem_strides"),
        ({"input_shape": (None, None, 1)}, "input_shape"),
        ({"classes": 0}, "classes"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        pyramid_detector(**arguments)
