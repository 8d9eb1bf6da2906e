"""Input gradients, held against finite differences, a loop over the inputs, and known values."""

import keras
import numpy as np
import pytest

from reslib.layers import BatchNormalization
from reslib.models import cifar_resnet, mlp
from reslib.probes import gradient, input_gradients

in_double = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX has no double precision unless it is asked to"
)


def double_net(normalization):
    """A small smooth net in double precision, in which finite differences have digits left."""
    keras.utils.set_random_seed(0)
    double = {"dtype": "float64"}
    layers = [keras.Input((3,), dtype="float64"), keras.layers.Dense(4, **double)]
    if normalization:
        layers.append(BatchNormalization(**double))
    layers += [keras.layers.Activation("tanh", **double), keras.layers.Dense(2, **double)]
    return keras.Sequential(layers)


def slopes(function, x, step=1e-6):
    """The change of a scalar function with each number in x, from central differences."""
    found = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        values = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            values.append(float(keras.ops.convert_to_numpy(function(moved))))
        found[index] = (values[0] - values[1]) / (2 * step)
    return found


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(5, 3))


@in_double
def test_equals_finite_differences_without_normalization(x):
    model = double_net(False)
    expected = slopes(lambda moved: keras.ops.sum(model(moved)), x)
    np.testing.assert_allclose(input_gradients(model, x), expected, rtol=1e-6)
    np.testing.assert_allclose(input_gradients(model, x, True), expected, rtol=1e-6)


@in_double
def test_through_statistics_equals_finite_differences_of_the_batch(x):
    """All outputs in training mode, each number of the batch moved alone."""
    model = double_net(True)
    expected = slopes(lambda moved: keras.ops.sum(model(moved, training=True)), x)
    np.testing.assert_allclose(input_gradients(model, x, True), expected, rtol=1e-5, atol=1e-9)


@in_double
def test_fixed_statistics_equal_finite_differences_of_the_frozen_net(x):
    """The moments of the batch written into the layer by hand, which then infers with them."""
    model = double_net(True)
    norm = model.layers[1]
    hidden = keras.ops.convert_to_numpy(model.layers[0](x))
    found = input_gradients(model, x)
    norm.moving_mean.assign(hidden.mean(0))
    norm.moving_variance.assign(hidden.var(0))
    expected = slopes(lambda moved: keras.ops.sum(model(moved, training=False)), x)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert not np.allclose(found, input_gradients(model, x, True), rtol=0.1)


def test_equals_a_loop_over_the_inputs():
    keras.utils.set_random_seed(0)
    model, x = mlp(5, 20, (3,), 4), np.random.default_rng(0).normal(size=(9, 3)).astype("float32")
    for one, found in zip(x, input_gradients(model, x), strict=True):
        alone = gradient(lambda one: keras.ops.sum(model(one)), [one[None]])[0][0]
        np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("through_statistics", [False, True])
@pytest.mark.parametrize("make", [mlp, cifar_resnet], ids=lambda make: make.__name__)
def test_model_is_left_as_it_was(make, through_statistics):
    """No weight and no statistic moves, and the moving ones, whatever they are, do not matter."""
    keras.utils.set_random_seed(0)
    model = make(8, width=8, input_shape=(8, 8, 1), normalization="batch")
    x = np.random.default_rng(0).normal(size=(6, 8, 8, 1)).astype("float32")
    before, config = model.get_weights(), model.get_config()
    gradients = input_gradients(model, x, through_statistics)
    assert gradients.shape == x.shape and np.isfinite(gradients).all() and gradients.any()
    assert model.get_config() == config
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for weight in model.non_trainable_weights:
        weight.assign(weight + 1)
    np.testing.assert_array_equal(input_gradients(model, x, through_statistics), gradients)


def test_gradient_through_statistics_is_centred():
    """The first normalization takes a shift of all inputs away, so the sum of all rows is zero."""
    keras.utils.set_random_seed(0)
    model = mlp(3, 20, (4,), 1, normalization="batch")
    x = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
    for through_statistics, centred in ((True, True), (False, False)):
        gradients = input_gradients(model, x, through_statistics)
        ratio = np.abs(gradients.sum(0)).max() / np.abs(gradients).sum(0).max()
        assert (ratio < 1e-4) == centred


ARC_COSINE = {1: 0.500, 2: 0.302, 4: 0.142, 10: 0.034}


@pytest.mark.parametrize("depth", ARC_COSINE)
def test_arc_cosine_values_at_orthogonal_inputs(depth):
    """Without centring, inputs at a right angle have gradients of these known cosines.

    The co-activation of a layer follows from the angle between its inputs (Cho & Saul, 2009). The
    second moment of the gradients is averaged over nets; each has 200 orthogonal inputs.
    """
    model = mlp(depth, 300, (200,), 1)
    kernels = [weight for weight in model.trainable_weights if weight.name == "kernel"]
    random = np.random.default_rng(0)
    products = np.zeros((200, 200))
    for _ in range(20):
        for kernel in kernels:
            deviation = np.sqrt(2 / kernel.shape[0])
            kernel.assign(random.normal(0, deviation, kernel.shape))
        gradients = input_gradients(model, np.eye(200, dtype="float32"))
        products += gradients @ gradients.T
    own = np.trace(products) / 200
    other = (products.sum() - np.trace(products)) / (200 * 199)
    np.testing.assert_allclose(other / own, ARC_COSINE[depth], atol=0.01)


def test_other_models_and_inputs_are_refused():
    first, second = keras.Input((3,)), keras.Input((3,))
    for model, number in (
        (keras.Model([first, second], first + second), "2"),
        (keras.Sequential([keras.layers.Dense(2)]), "none yet"),
    ):
        with pytest.raises(ValueError, match=f"model must be built and have one input.*{number}"):
            input_gradients(model, np.ones((2, 3)))
    with pytest.raises(ValueError, match="x must hold at least one input"):
        input_gradients(mlp(2, 4, (3,), 1, normalization="batch"), np.ones((0, 3)))
