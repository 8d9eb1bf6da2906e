"""Gradient norms, held against finite differences and against what a step of SGD does."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reslib.layers import BatchNormalization
from reslib.models import cifar_resnet
from reslib.probes import gradient_norms

NETWORKS = {
    "plain": {"shortcut": None},
    "residual": {"shortcut": "A"},
    "projections": {"shortcut": "C"},
    "without-normalization": {"shortcut": None, "normalization": None},
}


def batch(count=6, shape=(8, 8, 1), seed=0):
    random = np.random.default_rng(seed)
    images = random.normal(size=(count, *shape)).astype("float32")
    return images, random.integers(0, 10, count)


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def network(request):
    keras.utils.set_random_seed(0)
    return cifar_resnet(8, width=3, input_shape=(8, 8, 1), **request.param)


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX has no double precision unless it is asked to"
)
def test_equals_finite_differences():
    """In double precision, kernel by kernel, number by number, on the loss as in training."""
    x, y = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 1, 2, 1, 0])
    keras.utils.set_random_seed(0)
    double = {"dtype": "float64"}
    model = keras.Sequential(
        [
            keras.Input((3,), dtype="float64"),
            keras.layers.Dense(4, use_bias=False, **double),
            BatchNormalization(**double),
            keras.layers.Activation("tanh", **double),
            keras.layers.Dense(3, **double),
        ]
    )
    loss = functools.partial(keras.losses.sparse_categorical_crossentropy, from_logits=True)

    def value():
        losses = loss(y, model(x, training=True))
        return float(np.mean(keras.ops.convert_to_numpy(losses)))

    expected, step = [], 1e-5
    for kernel in (weight for weight in model.trainable_weights if weight.name == "kernel"):
        start = keras.ops.convert_to_numpy(kernel.value).copy()
        slopes = np.empty(start.shape)
        for index in np.ndindex(start.shape):
            values = []
            for sign in (1, -1):
                moved = start.copy()
                moved[index] += sign * step
                kernel.assign(moved)
                values.append(value())
            slopes[index] = (values[0] - values[1]) / (2 * step)
        kernel.assign(start)
        expected.append(np.linalg.norm(slopes))
    np.testing.assert_allclose(gradient_norms(model, x, y, loss), expected, rtol=1e-6)


def test_equals_the_length_of_a_step(network):
    """Plain gradient descent at rate 1 moves each kernel by its gradient."""
    x, y = batch()
    norms = gradient_norms(network, x, y)
    kernels = [weight for weight in network.trainable_weights if weight.name == "kernel"]
    before = [keras.ops.convert_to_numpy(kernel.value).copy() for kernel in kernels]
    network.compile(
        keras.optimizers.SGD(1.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    network.train_on_batch(x, y)
    after = [keras.ops.convert_to_numpy(kernel.value) for kernel in kernels]
    steps = [np.linalg.norm(a - b) for a, b in zip(after, before, strict=True)]
    np.testing.assert_allclose(norms, steps, rtol=1e-3)


def test_model_is_left_as_it_was(network):
    """No weight moves, and no moving statistic."""
    before = network.get_weights()
    gradient_norms(network, *batch())
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_statistics_are_those_of_the_batch():
    """Other moving statistics change nothing, as in training."""
    model = cifar_resnet(8, width=3, input_shape=(8, 8, 1))
    norms = gradient_norms(model, *batch())
    for weight in model.non_trainable_weights:
        weight.assign(weight + 1)
    np.testing.assert_array_equal(gradient_norms(model, *batch()), norms)


def test_order_is_from_input_to_output():
    model = cifar_resnet(8, "B", width=3, input_shape=(8, 8, 1))
    blocks = [
        f"stage{stage}_block1/{part}/convolution"
        for stage in (1, 2, 3)
        for part in (("conv1", "conv2") if stage == 1 else ("conv1", "conv2", "shortcut"))
    ]
    norms = gradient_norms(model, *batch())
    assert list(norms.index) == ["stem/convolution", *blocks, "logits"]
    assert norms.index.name == "layer" and (norms > 0).all()


@given(factor=st.floats(0.1, 10), seed=st.integers(0, 100))
@settings(max_examples=5, deadline=None)
def test_norms_scale_with_the_loss(factor, seed):
    """A gradient is linear in the loss; the default one is the cross-entropy."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(10)])
    x, y = batch(5, (4,), seed)

    def scaled(y, logits):
        losses = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
        return factor * losses

    expected = factor * gradient_norms(model, x, y)
    np.testing.assert_allclose(gradient_norms(model, x, y, scaled), expected, rtol=1e-5)
    mean = gradient_norms(model, x, y, lambda y, logits: keras.ops.mean(scaled(y, logits)))
    np.testing.assert_allclose(mean, expected, rtol=1e-5)


def test_identity_start_gives_the_residual_branch_no_gradient():
    """Behind a gamma of zero nothing is felt, except by the gamma: the kernels wait a step."""
    model = cifar_resnet(8, width=3, input_shape=(8, 8, 1), identity_start=True)
    norms = gradient_norms(model, *batch())
    branch = norms.index.str.contains("conv1|conv2")
    assert (norms[branch] == 0).all() and (norms[~branch] > 0).all()


def test_model_without_kernels_is_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Rescaling(2.0)], name="bare")
    with pytest.raises(ValueError, match="model must have at least one layer with a kernel.*bare"):
        gradient_norms(model, np.ones((2, 3)), np.zeros(2))


@pytest.mark.parametrize(
    "y", [np.full(6, 10), np.full(6, -1), np.zeros((6, 1), int), np.zeros(5, int), np.full(6, 0.5)]
)
def test_labels_that_the_outputs_do_not_have_are_refused(y):
    """TensorFlow ends in an error of its kernel, JAX and PyTorch in numbers without meaning."""
    model = cifar_resnet(8, width=3, input_shape=(8, 8, 1))
    with pytest.raises(ValueError, match=r"y must hold labels from 0 to 9.*shape \(6,\)"):
        gradient_norms(model, batch()[0], y)
