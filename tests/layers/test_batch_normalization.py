"""Batch normalization on the fused kernel, held against Keras's own."""

import keras
import numpy as np
import pytest
from check import tensorflow_only
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reslib.layers import BatchNormalization

tf = pytest.importorskip("tensorflow")
pytestmark = tensorflow_only(reason="about TensorFlow's fused kernel; elsewhere Keras's code runs")

STEPS = 3
POLICIES = ("float32", "mixed_float16", "mixed_bfloat16", "float64", "float16")


def pair(shape, **arguments):
    """Our layer and Keras's with the same random weights."""
    layers = BatchNormalization(**arguments), keras.layers.BatchNormalization(**arguments)
    for layer in layers:
        layer.build(shape)
    random = np.random.default_rng(1)
    weights = [random.uniform(0.5, 1.5, weight.shape) for weight in layers[1].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def steps(layer, shape, training, mean=0.0, **call):
    """All that a layer gives in a few steps: outputs, gradients and weights after each."""
    random = np.random.default_rng(2)
    seen = []
    for _ in range(STEPS):
        x = tf.cast(random.normal(mean, 2.0, shape), layer.compute_dtype)
        direction = tf.cast(random.normal(size=shape), layer.compute_dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=training, **call)
            loss = tf.reduce_sum(tf.cast(outputs * direction, "float32"))
        sources = [x, *(weight.value for weight in layer.trainable_weights)]
        seen += [outputs, *tape.gradient(loss, sources), *layer.get_weights()]
    return seen


def assert_same(ours, theirs):
    """Equal but for rounding, in the last digits of numbers of order one or more."""
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        digits = {"float16": 1e-3, "bfloat16": 8e-3}.get(tf.as_dtype(b.dtype).name, 1e-5)
        a, b = np.asarray(tf.cast(a, "float64")), np.asarray(tf.cast(b, "float64"))
        np.testing.assert_allclose(a, b, rtol=digits, atol=digits * np.abs(b).max(initial=1))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("shape", [(8, 3), (4, 5, 3), (4, 5, 6, 3), (2, 3, 2, 5, 3), (1, 4, 4, 3)])
def test_equals_keras(shape, training, policy):
    """Outputs, gradients of inputs, gamma and beta, and moving statistics, step by step."""
    ours, theirs = pair(shape, dtype=policy)
    assert_same(steps(ours, shape, training), steps(theirs, shape, training))


@pytest.mark.parametrize(
    "arguments",
    [
        {"scale": False},
        {"center": False},
        {"scale": False, "center": False},
        {"momentum": 0.9, "epsilon": 1e-5},
        {"axis": 1},
        {"axis": 2},
        {"axis": 3},
        {"trainable": False},
        {"synchronized": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
def test_equals_keras_whatever_the_arguments(training, arguments):
    shape = (4, 5, 6, 3)
    ours, theirs = pair(shape, **arguments)
    assert_same(steps(ours, shape, training), steps(theirs, shape, training))


@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple),
    training=st.booleans(),
    mean=st.floats(-3, 3),
)
@settings(max_examples=40, deadline=None)
def test_equals_keras_whatever_the_shape(shape, training, mean):
    # Two numbers, normalized, are 1 and -1 whatever they were: their gradient is all rounding.
    assume(not training or np.prod(shape[:-1]) > 2)
    ours, theirs = pair(shape)
    assert_same(steps(ours, shape, training, mean), steps(theirs, shape, training, mean))


def test_one_number_a_channel_is_its_own_mean():
    """Where there is no variance, a channel gives beta, and no NaN gets into the statistics."""
    ours, theirs = pair((1, 3))
    x = np.array([[1.0, -2.0, 3.0]], "float32")
    np.testing.assert_allclose(ours(x, training=True), [ours.beta.numpy()], atol=1e-5)
    theirs(x, training=True)
    assert_same(ours.get_weights(), theirs.get_weights())


@pytest.mark.parametrize("batch", [1, None])
def test_no_kernel_puts_nan_into_the_statistics(batch, monkeypatch):
    """The unbiased variance of one value is 0 / 0: this stands for a device that says NaN."""
    stock = tf.raw_ops.FusedBatchNormV3

    def nan_of_one_value(**arguments):
        outputs, mean, variance, *others = stock(**arguments)
        alone = tf.size(arguments["x"]) == tf.size(mean)
        return outputs, mean, tf.where(alone, np.nan, variance), *others

    monkeypatch.setattr(tf.raw_ops, "FusedBatchNormV3", nan_of_one_value)
    layer, keras_layer = pair((1, 3))
    traced = tf.function(lambda x: layer(x, training=True))
    traced = traced.get_concrete_function(tf.TensorSpec((batch, 3), "float32"))
    x = tf.constant([[1.0, -2.0, 3.0]])
    traced(x)
    keras_layer(x, training=True)
    assert_same(layer.get_weights(), keras_layer.get_weights())


def test_moving_variance_is_of_the_biased_variance():
    """Keras averages the sum of squares over n; the kernel's own answer is that over n - 1."""
    layer = BatchNormalization(momentum=0.5)
    layer(np.array([[0.0], [2.0]], "float32"), training=True)
    np.testing.assert_allclose(layer.moving_variance, [0.5 * 1 + 0.5 * 1])  # not 0.5 * 1 + 0.5 * 2
    np.testing.assert_allclose(layer.moving_mean, [0.5 * 0 + 0.5 * 1])


def test_mask_is_heeded():
    """What is masked takes no part in the statistics."""
    shape = (4, 5, 3)
    mask = tf.constant(np.random.default_rng(3).random(shape[:2]) < 0.5)
    ours, theirs = pair(shape)
    masked = steps(ours, shape, True, mask=mask)
    assert_same(masked, steps(theirs, shape, True, mask=mask))
    assert not np.allclose(masked[0], steps(pair(shape)[0], shape, True)[0])


def test_inference_moves_nothing():
    layer, _ = pair((4, 3))
    before = layer.get_weights()
    steps(layer, (4, 3), training=False)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_layer_uses_its_moving_statistics():
    """As in Keras: `trainable=False` means inference, even in training."""
    layer, _ = pair((4, 3))
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    inference = layer(x, training=False)
    layer.trainable = False
    np.testing.assert_array_equal(layer(x, training=True), inference)


@pytest.mark.parametrize("to_keras", [True, False], ids=["to-keras", "from-keras"])
def test_weights_are_exchanged_with_keras(to_keras, tmp_path):
    """By list and by file, in both directions."""
    shape = (4, 5, 6, 3)
    giver, _ = pair(shape)
    classes = [BatchNormalization, keras.layers.BatchNormalization]
    models = []
    for layer_class in classes if to_keras else reversed(classes):
        inputs = keras.Input(shape[1:])
        models.append(keras.Model(inputs, layer_class(name="norm")(inputs)))
    source, target = models
    source.set_weights(giver.get_weights())
    x = np.random.default_rng(0).normal(size=shape).astype("float32")

    path = tmp_path / "some.weights.h5"
    source.save_weights(path)
    target.load_weights(path)
    np.testing.assert_allclose(target(x), source(x), rtol=1e-5, atol=1e-5)

    source.set_weights([2 * weight for weight in giver.get_weights()])
    target.set_weights(source.get_weights())
    np.testing.assert_allclose(target(x), source(x), rtol=1e-5, atol=1e-5)


def test_fused_kernel_is_the_one_that_runs():
    """Otherwise all of this would only compare Keras with itself."""

    def operations(layer, shape):
        traced = tf.function(lambda x: layer(x, training=True))
        graph = traced.get_concrete_function(tf.TensorSpec(shape, "float32")).graph
        return {operation.type for operation in graph.get_operations()}

    for shape in ((8, 3), (None, 5, 3), (None, None, None, 3)):
        assert "FusedBatchNormV3" in operations(BatchNormalization(), shape)
    assert "FusedBatchNormV3" not in operations(BatchNormalization(axis=1), (8, 3, 5))
    assert "FusedBatchNormV3" not in operations(keras.layers.BatchNormalization(), (8, 3))
