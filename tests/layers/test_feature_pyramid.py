"""The feature pyramid, held against one written here from NumPy, and on the backbones."""

import functools

import keras
import numpy as np
import pytest
from check import (
    BACKEND,
    check_config,
    compiled_outputs,
    gradients,
    random_inputs,
    with_random_weights,
)

from reslib.framework import parts_of
from reslib.layers import FeaturePyramid, UpSamplingTo
from reslib.models import cifar_resnet, resnet, stage_outputs

EVEN = ((2, 12, 8, 3), (2, 6, 4, 4), (2, 3, 2, 5))
ODD = ((2, 13, 9, 3), (2, 7, 5, 4), (2, 4, 3, 5))  # 2n - 1 and 2n, in both directions
VARIANTS = {
    "pyramid": {},
    "concat": {"fusion": "concat"},
    "no-top-down": {"top_down": False},
    "no-lateral": {"lateral": False},
    "finest": {"outputs": "finest"},
    "finest-no-lateral": {"outputs": "finest", "lateral": False},
    "extra": {"extra_levels": 2},
    "extra-from-backbone": {"extra_levels": 2, "extra_from": "backbone"},
}


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS.keys())
def variant(request):
    return request.param


def maps(shapes=ODD):
    return tuple(random_inputs(shape) for shape in shapes)


def built(shapes=ODD, **arguments):
    layer = FeaturePyramid(4, **arguments)
    layer.build(shapes)
    return with_random_weights(layer)


def model_of(layer, shapes=ODD):
    """The layer for maps of any size, in a model."""
    inputs = tuple(keras.Input((None, None, shape[-1])) for shape in shapes)
    return keras.Model(inputs, layer(inputs))


def convolution(x, kernel, bias, strides=1):
    """Cross-correlation with zeros around, position by position."""
    pad = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows, columns = range(0, x.shape[1], strides), range(0, x.shape[2], strides)
    y = np.empty((len(x), len(rows), len(columns), len(bias)))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            window = padded[:, row : row + len(kernel), column : column + len(kernel)]
            y[:, i, j] = np.tensordot(window, kernel, 3) + bias
    return y


def enlarged(x, like):
    """Position (i, j) shows (i // 2, j // 2)."""
    rows, columns = np.arange(like.shape[1]) // 2, np.arange(like.shape[2]) // 2
    return x[:, rows][:, :, columns]


def reference(inputs, weights, **switches):
    """Section 3 of the paper, and P6 and P7 of its successors."""
    lateral, top_down = switches.get("lateral", True), switches.get("top_down", True)
    finest_only = switches.get("outputs") == "finest"

    def conv(name, x, strides=1):
        return convolution(x, weights[f"{name}/kernel"], weights[f"{name}/bias"], strides)

    number = len(inputs)
    inner = {number: conv(f"lateral{number}", inputs[-1])}
    for level in range(number - 1, 0, -1):
        x = conv(f"lateral{level}", inputs[level - 1]) if lateral else 0
        above = enlarged(inner[level + 1], inputs[level - 1]) if top_down else 0
        if switches.get("fusion") == "concat":
            inner[level] = conv(f"merge{level}", np.concatenate([x, above], axis=-1))
        else:
            inner[level] = x + above
    wanted = [1] if finest_only else range(1, number + 1)
    outputs = [conv(f"output{level}", inner[level]) for level in wanted]
    x = inputs[-1] if switches.get("extra_from") == "backbone" else outputs[-1]
    for extra in range(switches.get("extra_levels", 0)):
        x = conv(f"output{number + extra + 1}", np.maximum(x, 0) if extra else x, strides=2)
        outputs.append(x)
    return outputs


def named_weights(layer):
    names = (weight.path.replace("/convolution", "").split("/")[-2:] for weight in layer.weights)
    return dict(zip(map("/".join, names), layer.get_weights(), strict=True))


def assert_same(ours, theirs, rtol=1e-4):
    assert isinstance(ours, tuple) and len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max())


@pytest.mark.parametrize("shapes", [EVEN, ODD], ids=["even", "odd"])
def test_equals_an_independent_pyramid(variant, shapes):
    layer = built(shapes, **variant)
    assert_same(layer(maps(shapes)), reference(maps(shapes), named_weights(layer), **variant))


@pytest.mark.parametrize(
    "channels, arguments, known",
    [
        ((256, 512, 1024, 2048), {}, 3_344_384),
        # RetinaNet: a 3×3 convolution from 2048 channels, and one from 256.
        (
            (256, 512, 1024, 2048),
            {"extra_levels": 2, "extra_from": "backbone"},
            3_344_384 + (9 * 2048 + 1) * 256 + (9 * 256 + 1) * 256,
        ),
        # Without lateral connections those of the three finer maps are gone.
        ((256, 512, 1024, 2048), {"lateral": False}, 3_344_384 - (256 + 512 + 1024 + 3) * 256),
    ],
)
def test_known_number_of_parameters(channels, arguments, known):
    layer = FeaturePyramid(256, **arguments)
    layer.build([(None, None, None, number) for number in channels])
    assert layer.count_params() == known


def test_the_paper_s_number_of_channels_is_the_default():
    layer = FeaturePyramid()
    assert layer.channels == 256
    assert layer.compute_output_shape(ODD) == tuple((*shape[:3], 256) for shape in ODD)


def test_a_sum_is_a_special_concatenation():
    """The 1×1 convolution may add the two halves, channel by channel."""
    add, concat = built(), built(fusion="concat")
    both_halves = np.concatenate([np.eye(4), np.eye(4)])[None, None]
    values = {**named_weights(add), "merge1/kernel": both_halves, "merge2/kernel": both_halves}
    values |= {"merge1/bias": np.zeros(4), "merge2/bias": np.zeros(4)}
    concat.set_weights([values[name] for name in named_weights(concat)])
    assert_same(concat(maps()), add(maps()))


def test_a_single_map_has_no_pyramid():
    """The paper's rows (a) and (b); the switches then change nothing."""
    layers = [built(ODD[:1], **switch) for switch in ({}, {"lateral": False}, {"top_down": False})]
    outputs = [layer(maps(ODD[:1])) for layer in layers]
    assert_same(outputs[0], outputs[1], rtol=0)
    assert_same(outputs[0], outputs[2], rtol=0)


@pytest.mark.parametrize(
    "arguments, reached",
    [({}, "all above"), ({"lateral": False}, "none but the top"), ({"top_down": False}, "itself")],
)
def test_which_maps_reach_which_level(arguments, reached):
    """The switches cut the paths they are named after: seen from the outputs alone."""
    layer, x = built(**arguments), maps()
    before = layer(x)
    for changed in range(3):
        after = layer(tuple(m + 1 if i == changed else m for i, m in enumerate(x)))
        for level in range(3):
            expected = {
                "all above": changed >= level,
                "none but the top": changed == 2,
                "itself": changed == level,
            }[reached]
            assert np.any(after[level] != before[level]) == expected


def test_shape_is_the_one_announced(variant):
    for batch, size in [(2, lambda side: side), (None, lambda side: None)]:
        shapes = tuple((batch, size(h), size(w), c) for _, h, w, c in ODD)
        layer = FeaturePyramid(4, **variant)
        symbolic = layer(tuple(keras.KerasTensor(shape) for shape in shapes))
        announced = layer.compute_output_shape(shapes)
        assert tuple(tuple(x.shape) for x in symbolic) == announced
        outputs = compiled_outputs(layer, maps(), False, shapes)
        for x, expected in zip(outputs, announced, strict=True):
            known = [e is None or e == side for e, side in zip(expected, x.shape, strict=True)]
            assert all(known)


def test_channels_first_is_channels_last_transposed(variant):
    last = built(**variant)
    first = FeaturePyramid(4, data_format="channels_first", **variant)
    x = tuple(m.transpose(0, 3, 1, 2) for m in maps())
    first.build(tuple(m.shape for m in x))
    first.set_weights(last.get_weights())
    assert first.compute_output_shape(tuple(m.shape for m in x)) == tuple(
        (n, c, h, w) for n, h, w, c in last.compute_output_shape(ODD)
    )
    try:
        outputs = first(x)
    except Exception as error:
        # TensorFlow has these convolutions on GPUs alone.
        if BACKEND != "tensorflow" or "NHWC" not in str(error):
            raise
        pytest.skip(f"this device has no such kernel: {error}")
    assert_same(tuple(np.transpose(y, (0, 2, 3, 1)) for y in outputs), last(maps()))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_reaches_every_part(variant, policy):
    layer = FeaturePyramid(4, dtype=policy, **variant)
    outputs = layer(maps())
    for part in parts_of(layer):
        assert part.dtype_policy.name == policy, part.path
        assert {weight.dtype for weight in part.weights} <= {"float32"}
    for x in outputs:
        assert keras.backend.standardize_dtype(x.dtype) == policy.removeprefix("mixed_")
        assert np.isfinite(np.asarray(x, "float32")).all()


def test_config_and_file_bring_the_layer_back(variant, tmp_path):
    check_config(functools.partial(FeaturePyramid, channels=4, **variant))
    model = model_of(FeaturePyramid(4, **variant))
    with_random_weights(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(_tuple(loaded(maps())), _tuple(model(maps())), rtol=0)


def _tuple(outputs):
    """A functional model gives a list, or the tensor itself where it is the only one."""
    return tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,)


def test_gradients_reach_all_weights(variant):
    layer = built(**variant)
    found = gradients(layer, maps(), lambda levels: sum(keras.ops.sum(y**3) for y in levels))
    assert len(found) == 1 + len(layer.trainable_weights)
    for weight in layer.trainable_weights:
        assert np.abs(found[weight.path]).max() > 0, weight.path


def test_variance_stays_near_one_at_the_start():
    """No level starts much louder than the maps it is made from, nor much quieter."""
    keras.utils.set_random_seed(0)
    x = tuple(random_inputs((4, side, side, 64)) for side in (32, 16, 8, 4))
    for level, outputs in zip((4, 3, 2, 1), FeaturePyramid(64)(x), strict=True):
        # `level` maps of variance 1 are added; at the edges the kernels meet zeros.
        assert 0.5 * level < np.var(outputs) < 1.2 * level


REFUSED = [
    ({"channels": 0}, "channels"),
    ({"channels": 4.0}, "channels"),
    ({"fusion": "sum"}, "fusion"),
    ({"fusion": "concat", "lateral": False}, "fusion"),
    ({"fusion": "concat", "top_down": False}, "fusion"),
    ({"lateral": "yes"}, "lateral"),
    ({"top_down": None}, "top_down"),
    ({"outputs": "coarsest"}, "outputs"),
    ({"extra_levels": -1}, "extra_levels"),
    ({"extra_levels": True}, "extra_levels"),
    ({"extra_levels": 1, "outputs": "finest"}, "extra_levels"),
    ({"extra_from": "C5"}, "extra_from"),
    ({"data_format": "NHWC"}, "data_format"),
]


@pytest.mark.parametrize("arguments, name", REFUSED, ids=lambda value: str(value))
def test_bad_argument_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        FeaturePyramid(**arguments)


@pytest.mark.parametrize(
    "shapes, message",
    [
        ((2, 12, 8, 3), "needs a tuple of maps, received one tensor"),
        ((), "needs a tuple of maps, received 0"),
        (
            {"P3": EVEN[0], "P4": EVEN[1]},
            "a tuple of maps, received a dict with the keys 'P3', 'P4'",
        ),
        ((EVEN[0], (2, 6, 4)), "four dimensions"),
        ((EVEN[0], (2, 6, 4, None)), "known number of channels"),
        ((EVEN[0], (2, 7, 4, 4)), r"rounded up, received sizes \(12, 8\) and \(7, 4\)"),
        ((ODD[0], (2, 6, 4, 4)), r"rounded up, received sizes \(13, 9\) and \(6, 4\)"),
        (EVEN[::-1], "finer"),
    ],
)
def test_bad_maps_are_refused(shapes, message):
    with pytest.raises(ValueError, match=f"FeaturePyramid.*{message}"):
        FeaturePyramid(4).build(shapes)


@pytest.mark.parametrize("layer", [FeaturePyramid(4), built(), UpSamplingTo()])
def test_a_dict_of_maps_is_refused(layer):
    """Before and after it is built; Keras itself would take the keys for names of arguments."""
    with pytest.raises(ValueError, match="tuple of .*received a dict with the keys 'P3', 'P4'"):
        layer(dict(zip(("P3", "P4"), maps(), strict=False)))


def test_other_maps_than_it_was_built_for_are_refused():
    layer = built()
    with pytest.raises(ValueError, match="built for 3 maps, received 2"):
        layer(maps()[:2])
    with pytest.raises(ValueError, match="rounded up"):
        layer((maps(ODD)[0], *maps(EVEN)[1:]))


def test_switches_that_leave_nothing_are_refused():
    with pytest.raises(ValueError, match="lateral and top_down"):
        FeaturePyramid(4, lateral=False, top_down=False).build(ODD)
    with pytest.raises(ValueError, match="top_down=True"):
        FeaturePyramid(4, top_down=False, outputs="finest").build(ODD)
    with pytest.raises(ValueError, match="top_down=True.*received 2"):
        FeaturePyramid(4, top_down=False, outputs="finest").build(ODD[:2])


# Enlarging alone.


@pytest.mark.parametrize("factor, rows", [(1, 5), (2, 9), (2, 10), (3, 13), (3, 14), (4, 20)])
def test_nearest_shows_the_position_that_covers_it(factor, rows):
    columns = 2 * factor
    x = random_inputs((2, 5, 2, 3))
    y = UpSamplingTo(factor)((x, np.ones((2, rows, columns, 1))))
    expected = x[:, np.arange(rows) // factor][:, :, np.arange(columns) // factor]
    np.testing.assert_array_equal(y, expected)


def test_bilinear_keeps_a_slope():
    """A linear ramp stays one: in the middle exactly, with steps `factor` times smaller."""
    ramp = np.arange(6, dtype="float32")[None, :, None, None] * np.ones((1, 6, 4, 1), "float32")
    y = UpSamplingTo(4, "bilinear")((ramp, np.ones((1, 23, 15, 1))))
    assert y.shape == (1, 23, 15, 1)
    np.testing.assert_allclose(np.diff(y[0, 2:20, :, 0], axis=0), 0.25, rtol=1e-5)
    np.testing.assert_allclose(y[0, 2, :, 0], 0.125, rtol=1e-5)


@pytest.mark.parametrize("arguments", [{}, {"factor": 3, "interpolation": "bilinear"}])
def test_upsampling_is_remade_from_its_config(arguments):
    check_config(functools.partial(UpSamplingTo, **arguments))


@pytest.mark.parametrize(
    "arguments, name",
    [({"factor": 0}, "factor"), ({"interpolation": "cubic"}, "interpolation")],
)
def test_upsampling_refuses_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        UpSamplingTo(**arguments)


# On backbones.


@pytest.mark.parametrize(
    "make, size, sizes",
    [
        (lambda: cifar_resnet(8, width=2, input_shape=(63, 65, 3)), (63, 65), (1, 2, 4)),
        (
            lambda: cifar_resnet(8, width=2, input_shape=(None, None, 3), block="pre_activation"),
            (63, 65),
            (1, 2, 4),
        ),
        (lambda: resnet(18, width=2, input_shape=(63, 65, 3)), (63, 65), (4, 8, 16, 32)),
        (lambda: resnet(50, width=1, input_shape=(None, None, 3)), (63, 65), (4, 8, 16, 32)),
        (
            lambda: keras.applications.ResNet50(
                weights=None, include_top=False, input_shape=(63, 65, 3)
            ),
            (63, 65),
            (4, 8, 16, 32),
        ),
    ],
    ids=["cifar", "cifar-pre-activation", "resnet-18", "resnet-50", "keras-applications"],
)
def test_composes_with_a_backbone(make, size, sizes):
    """Of an odd size: each stage's map is the image, divided by its stride and rounded up."""
    backbone = make()
    model = keras.Model(backbone.input, FeaturePyramid(4)(stage_outputs(backbone)))
    outputs = model(random_inputs((1, *size, 3)))
    assert [x.shape for x in outputs] == [
        (1, *(-(-side // stride) for side in size), 4) for stride in sizes
    ]


def test_stage_outputs_are_those_of_the_last_blocks():
    backbone = resnet(34, width=1, input_shape=(32, 32, 3))
    last = ["stage1_block3", "stage2_block4", "stage3_block6", "stage4_block3"]
    for output, name in zip(stage_outputs(backbone), last, strict=True):
        assert output is backbone.get_layer(name).output


def test_a_model_without_blocks_has_no_stages():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="bare")
    with pytest.raises(ValueError, match="model must have blocks.*bare has none"):
        stage_outputs(model)
