"""The segmenter: what its switches leave, and that it sees with what is left."""

import math

import keras
import numpy as np
import pytest
from pyramids import SMALL, VARIANTS, each_variant, images

from reslib.layers import UpSamplingTo
from reslib.models import pyramid_segmenter


def trained_parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def names(model):
    return {layer.name for layer in model.layers}


@each_variant
@pytest.mark.parametrize("sides", [(63, 37), (1, 2)])
def test_one_answer_for_each_pixel(variant, sides):
    model = pyramid_segmenter(**variant, width=1, input_shape=(*sides, 2), classes=5)
    assert model(images(2, *sides, 2)).shape == (2, *sides, 5)
    assert model.output_shape == (None, *sides, 5)


@each_variant
def test_a_training_step_moves_every_weight(variant):
    """No layer is left in the model that the loss does not feel."""
    keras.utils.set_random_seed(0)
    model = pyramid_segmenter(**variant, **SMALL)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=True)
    before = [np.array(weight) for weight in model.trainable_weights]
    y = np.random.default_rng(0).integers(0, 11, (4, 32, 32))
    model.train_on_batch(images(4, 32, 32, 1), y)
    for old, weight in zip(before, model.trainable_weights, strict=True):
        assert np.isfinite(weight).all() and not np.array_equal(old, weight), weight.path


def test_number_of_parameters():
    """Counted by hand for maps of 2, 4, 8 and 16 channels, 3 in the pyramid and in the head."""
    laterals, smoothing = (2 + 4 + 8 + 16 + 4) * 3, 4 * (9 * 3 + 1) * 3
    merges, head = 3 * (6 + 1) * 3, 9 * 3 * 3 + (3 + 1) * 11
    head_norm = 2 * 3  # for each level the head looks at
    stem = 9 * 2 + 4
    norm = [2 * n for n in (2, 4, 8, 16)]
    stages = [9 * 2 * 2 * 2 + 2 * norm[0]] + [
        9 * n // 2 * n + 9 * n * n + n // 2 * n + 3 * 2 * n for n in (4, 8, 16)
    ]
    backbone = stem + sum(stages)
    expected = {
        "pyramid": backbone + laterals + smoothing + head + 4 * head_norm,
        "concat": backbone + laterals + merges + smoothing + head + 4 * head_norm,
        "coarsest": backbone + (16 + 1) * 3 + smoothing // 4 + head + head_norm,
        "finest": backbone + laterals + smoothing // 4 + head + head_norm,
        "finest-of-backbone": stem + stages[0] + (2 + 1) * 3 + smoothing // 4 + head + head_norm,
        "no-top-down": backbone + laterals + smoothing + head + 4 * head_norm,
        "no-lateral": backbone + (16 + 1) * 3 + smoothing + head + 4 * head_norm,
    }
    for name, arguments in VARIANTS.items():
        assert trained_parameters(pyramid_segmenter(**arguments, **SMALL)) == expected[name], name


def test_logits_are_the_mean_of_the_levels():
    model = pyramid_segmenter(**SMALL)
    pyramid = model.get_layer("pyramid")
    x = images(2, 32, 32, 1)
    levels = keras.Model(model.input, pyramid.output)(x)
    finest = np.ones((2, 16, 16, 1))

    def logits(x, level):
        for name in ("head", f"head_norm{level}", f"head_relu{level}", "logits"):
            x = model.get_layer(name)(x)
        return x

    each = [
        UpSamplingTo(2**i, "bilinear")((logits(z, i + 1), finest)) for i, z in enumerate(levels)
    ]
    expected = UpSamplingTo(2, "bilinear")((sum(each) / 4, x))
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("levels, cell", [("finest", 2), ("coarsest", 16)])
def test_resolution_of_a_single_level(levels, cell):
    """A bare level has one value for each of its cells, and straight lines between them."""
    model = pyramid_segmenter(**SMALL, levels=levels, top_down=False)
    y = np.asarray(model(images(1, 32, 32, 1)))
    second = np.abs(np.diff(y, n=2, axis=1)).max(axis=(0, 2, 3))  # zero on straight lines
    between = np.arange(1, 31) % cell  # the kinks are half a cell from the cells' borders
    kinks = np.isin(between, [cell // 2 - 1, cell // 2])
    assert second[~kinks].max(initial=0) < 1e-5 < 1e-3 < second[kinks].max()


def test_the_finest_map_alone_needs_no_further_stage():
    bare = names(pyramid_segmenter(**SMALL, levels="finest", top_down=False))
    assert {name for name in bare if name.startswith("stage")} == {"stage1_block1"}
    full = names(pyramid_segmenter(**SMALL, blocks=(1, 2)))
    blocks = {"stage1_block1", "stage2_block1", "stage2_block2"}
    assert {name for name in full if name.startswith("stage")} == blocks


def test_it_learns_to_tell_sizes_apart():
    """Squares of 5 and of 13 pixels, as bright as each other: a class for each size."""
    random = np.random.default_rng(0)
    x = random.normal(scale=0.1, size=(16, 32, 32, 1)).astype("float32")
    y = np.zeros((16, 32, 32), "int32")
    for i in range(16):
        row, column = random.integers(0, 19, 2)
        small_row, small_column = random.integers(0, 4, 2) + np.where(row > 9, 2, 23)
        for top, left, side, label in [(row, column, 13, 2), (small_row, small_column, 5, 1)]:
            x[i, top : top + side, left : left + side] += 1
            y[i, top : top + side, left : left + side] = label
    keras.utils.set_random_seed(0)
    model = pyramid_segmenter(width=4, blocks=(1, 1), input_shape=(32, 32, 1), classes=3)
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,  # which would take longer than the training
    )
    for _ in range(200):
        model.train_on_batch(x, y)
    # As in training: the moving statistics lag behind.
    right = np.argmax(model(x, training=True), axis=-1) == y
    for label in (0, 1, 2):
        assert right[y == label].mean() > 0.6
