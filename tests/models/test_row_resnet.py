"""The networks for rows: known counts, a known receptive field, and twins of equal weights."""

import keras
import numpy as np
import pytest

from reslib import probes
from reslib.models import row_resnet


def trained(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


@pytest.mark.parametrize("shortcut", ["A", None])
@pytest.mark.parametrize(
    "depth, width, channels, classes", [(4, 1, 1, 1), (8, 16, 2, 2), (20, 5, 3, 4), (56, 16, 2, 2)]
)
def test_number_of_parameters(depth, width, channels, classes, shortcut):
    model = row_resnet(depth, shortcut, width, (7, channels), classes)
    convolutions = depth - 1
    kernels = 3 * channels * width + (convolutions - 1) * 3 * width**2
    head = width * classes + classes
    assert trained(model) == kernels + convolutions * 2 * width + head
    assert model.count_params() == trained(model) + convolutions * 2 * width  # and statistics


def test_parameters_of_the_networks_of_the_course():
    assert [trained(row_resnet(depth)) for depth in (8, 20, 32, 56)] == [4962, 14562, 24162, 43362]


def test_plain_and_residual_have_the_same_weights_and_differ_in_the_sum():
    plain, residual = row_resnet(8, None), row_resnet(8)
    assert [v.shape for v in plain.variables] == [v.shape for v in residual.variables]
    residual.set_weights(plain.get_weights())
    rows = np.random.default_rng(0).normal(size=(2, 64, 2)).astype("float32")
    answers = [keras.ops.convert_to_numpy(model(rows)) for model in (plain, residual)]
    assert not np.allclose(*answers)
    for i in (1, 2, 3):  # with the sums taken out they are the same network
        residual.get_layer(f"block{i}").shortcut = None
    answers = [keras.ops.convert_to_numpy(model(rows)) for model in (plain, residual)]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("shortcut", ["A", None])
@pytest.mark.parametrize("depth", [4, 8, 20])
def test_sees_depth_minus_one_cells_to_each_side(depth, shortcut):
    model = row_resnet(depth, shortcut)
    for variable in model.trainable_variables:
        if variable.name == "kernel":  # all positive, so that nothing cancels or is cut off
            variable.assign(np.full(variable.shape, 1 / np.prod(variable.shape[:-1])))
    rows = np.ones((1, 64, 2), "float32")
    (slopes,) = probes.gradient(lambda x: keras.ops.sum(model(x)[0, 30]), [rows])
    seen = np.flatnonzero(np.any(slopes[0] != 0, axis=-1))
    assert seen.tolist() == list(range(30 - (depth - 1), 30 + (depth - 1) + 1))


def test_names():
    model = row_resnet(8)
    assert model.name == "resnet_8" and row_resnet(8, None).name == "plain_8"
    assert row_resnet(8, name="mine").name == "mine"
    assert [layer.name for layer in model.layers if "block" in layer.name] == [
        "block1",
        "block2",
        "block3",
    ]


def test_rows_of_any_length():
    model = row_resnet(4, input_shape=(None, 3), classes=5)
    assert model.output_shape == (None, None, 5)
    assert model(np.ones((2, 11, 3))).shape == (2, 11, 5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_logits_are_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = row_resnet(4)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("block1").compute_dtype == policy.removeprefix("mixed_")
    assert model.outputs[0].dtype == "float32"


@pytest.mark.parametrize(
    "arguments, name",
    [
        ({"depth": 7}, "depth"),
        ({"depth": 2}, "depth"),
        ({"depth": "20"}, "depth"),
        ({"shortcut": "B"}, "shortcut"),
        ({"width": 0}, "width"),
        ({"input_shape": (64,)}, "input_shape"),
        ({"input_shape": (64, None)}, "input_shape"),
        ({"classes": 0}, "classes"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        row_resnet(**{"depth": 4, **arguments})
