"""What holds for the detector as for the segmenter."""

import keras
import pytest
from pyramids import SMALL

from reslib.models import pyramid_detector, pyramid_segmenter


@pytest.fixture(params=[pyramid_detector, pyramid_segmenter])
def make(request):
    return request.param


@pytest.mark.parametrize("levels", ["all", "coarsest"])
def test_mixed_precision_gives_answers_in_many_digits(make, levels):
    """From the logits on all is float32: also the mean over the levels."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = make(**SMALL, levels=levels)
    finally:
        keras.config.set_dtype_policy("float32")
    dtypes = [layer.compute_dtype for layer in model.layers]
    behind = dtypes[[layer.name for layer in model.layers].index("logits") :]
    assert {output.dtype for output in model.outputs} == set(behind) == {"float32"}
    assert {model.get_layer(name).compute_dtype for name in ("pyramid", "stem")} == {"bfloat16"}


@pytest.mark.parametrize(
    "arguments, name",
    [
        ({"width": 0}, "width"),
        ({"channels": 2.5}, "channels"),
        ({"levels": "top"}, "levels"),
        ({"fusion": "mean"}, "fusion"),
        ({"lateral": False, "top_down": False}, "lateral and top_down"),
        ({"lateral": False, "fusion": "concat"}, "fusion"),
        ({"blocks": 4}, "blocks"),
        ({"blocks": ()}, "blocks"),
        ({"blocks": (1, 0)}, "blocks"),
        ({"shortcut": "D"}, "shortcut"),
        ({"block": "wide"}, "block"),
        ({"stem_strides": 3}, "stem_strides"),
        ({"input_shape": (64, 64)}, "input_shape"),
        ({"input_shape": (None, None, 1)}, "input_shape"),
        ({"classes": True}, "classes"),
    ],
)
def test_bad_argument_is_refused_by_name(make, arguments, name):
    with pytest.raises(ValueError, match=name):
        make(**arguments)
