"""What holds for the detector as for the segmenter."""

import keras
import pytest
from pyramids import SMALL

from reslib.models import (
    cifar_resnet,
    pyramid_detector,
    pyramid_segmenter,
    resnet,
    stage_outputs,
)


@pytest.fixture(params=[pyramid_detector, pyramid_segmenter])
def make(request):
    return request.param


@pytest.mark.parametrize(
    "make_backbone",
    [
        lambda: cifar_resnet(8, width=2, input_shape=(33, 32, 1)),
        lambda: resnet(18, width=2, input_shape=(65, 64, 1)),
        lambda: keras.applications.ResNet50(weights=None, input_shape=(65, 64, 1)),
    ],
    ids=["cifar", "resnet", "keras-applications"],
)
def test_any_backbone_can_be_used_and_is_shared(make, make_backbone):
    backbone = make_backbone()
    model = make(backbone=backbone, channels=2, classes=3)
    maps = stage_outputs(backbone)
    positions = sum(x.shape[1] * x.shape[2] for x in maps)
    expected = {
        pyramid_segmenter: [(None, *backbone.input_shape[1:3], 3)],
        pyramid_detector: [(None, positions, 3), (None, positions, 4)],
    }
    assert [tuple(output.shape) for output in model.outputs] == expected[make]
    used = {id(weight) for weight in keras.Model(backbone.input, maps).weights}
    assert used <= {id(weight) for weight in model.weights}


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
