"""Lesions, held against networks that were built without the block."""

import keras
import numpy as np
import pytest

from reslib.layers import IdentityShortcut, NormalizedConv2D, ResidualBlock
from reslib.models import cifar_resnet, pyramid_segmenter, resnet
from reslib.probes import lesion

SHAPE = (9, 8, 1)
DEPTHS = {"basic": 14, "bottleneck": 20, "one_layer": 8, "pre_activation": 14}  # two per stage
BLOCKS = [f"stage{stage}_block{block}" for stage in (1, 2, 3) for block in (1, 2)]


def batch(count=60, shape=SHAPE):
    random = np.random.default_rng(0)
    return random.normal(size=(count, *shape)).astype("float32"), random.integers(0, 10, count)


def with_random_weights(model):
    """No branch at zero, no statistic as it was at the start, and every answer given."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        if weight.name == "kernel":
            fan_in = np.prod(weight.shape[:-1])
            weight.assign(random.normal(size=weight.shape) * np.sqrt(2 / fan_in))
        else:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    # Else one class would stand out so far that no lesion could change an answer.
    logits = keras.ops.convert_to_numpy(model(batch(60, model.input_shape[1:])[0]))
    bias = model.get_layer("logits").bias
    bias.assign(bias - np.mean(logits, axis=tuple(range(logits.ndim - 1))))
    return model


def network(block="basic", shortcut="A", **options):
    return with_random_weights(
        cifar_resnet(DEPTHS[block], shortcut, 4, SHAPE, block=block, **options)
    )


def without(model, removed):
    """The same layers, chained anew by hand; only what remains stands for a removed block."""
    x = model.input
    for layer in model.layers[1:]:
        if layer.name not in removed:
            x = layer(x)
        elif removed[layer.name] is not None:
            x = removed[layer.name](x)
    return keras.Model(model.input, x)


def error(model, x, y):
    return np.mean(answers(model, x) != y)


def answers(model, x):
    return np.argmax(keras.ops.convert_to_numpy(model(x, training=False)), axis=-1)


def relu(layer):
    return lambda x: keras.ops.relu(layer(x))


def remainder(model, name):
    """What the documentation says remains of a block, made anew from its parts."""
    block = model.get_layer(name)
    kind = type(block).__name__
    activate = (lambda layer: layer) if kind == "PreActivationBlock" else relu
    if isinstance(block.shortcut_layer, NormalizedConv2D):
        if kind == "PreActivationBlock":
            # The same under another name, as the model has a layer of the same one.
            norm = type(block.norm).from_config({**block.norm.get_config(), "name": "own"})
            norm.build(block.input.shape)
            norm.set_weights(block.norm.get_weights())
            return lambda x: block.shortcut_layer(keras.ops.relu(norm(x)))
        return activate(block.shortcut_layer)
    same_size = block.strides == 1 and block.input.shape[-1] == block.filters
    return None if same_size else IdentityShortcut(block.filters, block.strides)


@pytest.mark.parametrize(
    "block, shortcut",
    # What is plain, or projected, is the business of each kind of block; the rest they share.
    [("basic", "A"), ("basic", "C")] + [(block, kind) for block in DEPTHS for kind in ("B", None)],
)
def test_equals_a_network_built_without_the_block(block, shortcut):
    """Against its own answers as labels, so that a lesion shows in every answer it changes."""
    model = network(block, shortcut)
    x, _ = batch()
    y = answers(model, x)
    table = lesion(model, x, y)
    assert list(table.index) == BLOCKS
    expected = [error(without(model, {name: remainder(model, name)}), x, y) for name in BLOCKS]
    np.testing.assert_allclose(table.error, expected, atol=1e-9)
    np.testing.assert_allclose(table.increase, expected, atol=1e-9)
    assert (table.error > 0).all()


@pytest.mark.parametrize(
    "shortcut, first, strided",
    [
        ("A", "identity", "option A"),
        ("B", "identity", "projection"),
        ("C", "projection", "projection"),
        (None, "identity", "option A"),
    ],
)
def test_what_remains_is_named(shortcut, first, strided):
    remains = lesion(network(shortcut=shortcut), *batch(2)).remains
    assert remains.tolist() == [first, first, *[strided, first] * 2]


def test_removed_together():
    model = network()
    x, y = batch()
    removals = [BLOCKS[1], (BLOCKS[0], BLOCKS[2]), (BLOCKS[5],), ()]
    table = lesion(model, x, y, remove=removals)
    assert list(table.index) == removals
    assert table.remains.tolist() == ["identity", ("identity", "option A"), ("identity",), ()]
    both = {name: remainder(model, name) for name in removals[1]}
    assert table.error.iloc[1] == pytest.approx(error(without(model, both), x, y))
    assert table.increase.iloc[3] == 0 and table.error.iloc[3] == pytest.approx(error(model, x, y))
    assert table.error.iloc[2] == lesion(model, x, y).error[BLOCKS[5]]


@pytest.mark.parametrize("block", DEPTHS)
def test_blocks_that_are_the_identity_are_not_missed(block):
    """F = 0 from the start; with option A no block has anything else to lose."""
    model = cifar_resnet(DEPTHS[block], "A", 4, SHAPE, block=block, identity_start=True)
    x, _ = batch()
    assert (lesion(model, x, answers(model, x)).error == 0).all()


def test_a_plain_block_that_passes_its_input_is_not_missed():
    """Kernels that hand on each channel, and normalizations that do nothing."""
    model = network(shortcut=None)
    block = model.get_layer(BLOCKS[3])
    for convolution in block.branch():
        kernel = np.zeros(convolution.convolution.kernel.shape)
        kernel[1, 1] = np.eye(8)
        convolution.convolution.kernel.assign(kernel)
        gamma, zeros, ones = np.full(8, np.sqrt(1 + 1e-5)), np.zeros(8), np.ones(8)
        convolution.norm.set_weights([gamma, zeros, zeros, ones])
    x, _ = batch()
    table = lesion(model, x, answers(model, x))
    assert table.error[BLOCKS[3]] == 0 < table.error[BLOCKS[1]]


def test_model_is_left_as_it_was():
    model = network(survival_probability=0.5)
    x, y = batch()
    before, outputs = model.get_weights(), keras.ops.convert_to_numpy(model(x))
    attributes = [set(vars(model.get_layer(name))) for name in BLOCKS]
    lesion(model, x, y)
    with pytest.raises(ValueError, match="y must have the shape"):
        lesion(model, x, np.ones((60, 2)))
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(x)), outputs)
    assert [set(vars(model.get_layer(name))) for name in BLOCKS] == attributes


def test_size_of_the_batches_does_not_matter():
    model, (x, y) = network("one_layer"), batch()
    np.testing.assert_allclose(
        lesion(model, x, y, batch_size=25).error, lesion(model, x, y).error, atol=1e-9
    )


def test_blocks_before_a_removed_one_are_computed_once(monkeypatch):
    model, (x, y), calls = network(), batch(2), []
    whole = ResidualBlock.call

    def counted(block, *args, **kwargs):
        calls.append(block.name)
        return whole(block, *args, **kwargs)

    monkeypatch.setattr(ResidualBlock, "call", counted)
    lesion(model, x, y)
    # Those of the whole network, then without the first block all, and without the last only that.
    assert [calls.count(name) for name in BLOCKS] == [2, 3, 4, 5, 6, 7]


def test_other_networks_with_blocks():
    """ImageNet networks; and pictures with an answer for each pixel."""
    model = with_random_weights(resnet(18, width=2, input_shape=(32, 32, 1), classes=10))
    table = lesion(model, *batch(4, (32, 32, 1)))
    assert len(table) == 8 and table.remains.tolist().count("projection") == 3
    segmenter = with_random_weights(pyramid_segmenter(width=2, input_shape=(16, 16, 1)))
    x, _ = batch(4, (16, 16, 1))
    table = lesion(segmenter, x, answers(segmenter, x))
    assert list(table.index) == [f"stage{stage}_block1" for stage in (1, 2, 3, 4)]
    assert (table.error > 0).all() and (table.error <= 1).all()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"remove": ["stage9_block1"]}, "remove must .*received 'stage9_block1'"),
        ({"remove": [("stage1_block1", "stem")]}, "remove must .*received 'stem'"),
        ({"batch_size": 0}, "batch_size"),
        ({"y": np.zeros(3, int)}, "x and y must be as many"),
        ({"y": np.zeros((4, 1), int)}, r"y must have the shape \(4,\)"),
    ],
)
def test_bad_argument_is_refused_by_name(arguments, message):
    x, y = batch(4)
    with pytest.raises(ValueError, match=message):
        lesion(**{"model": network("one_layer"), "x": x, "y": y, **arguments})


def test_model_without_blocks_is_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="bare")
    with pytest.raises(ValueError, match="model must have residual or plain blocks, bare has none"):
        lesion(model, np.ones((2, 3)), np.zeros(2, int))
