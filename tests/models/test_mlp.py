"""The fully connected nets: their size, what they compute, and how they start."""

import math

import keras
import numpy as np
import pytest

from reslib.experiments import Run, train
from reslib.models import mlp


def inputs(count=16, *shape):
    return np.random.default_rng(0).normal(size=(count, *(shape or (7,)))).astype("float32")


def small(depth=3, **arguments):
    keras.utils.set_random_seed(0)
    return mlp(depth, 5, **{"input_shape": (7,), "classes": 4, **arguments})


KINDS = {
    "plain": {},
    "batch": {"normalization": "batch"},
    "residual": {"residual": True},
    "residual-batch": {"residual": True, "normalization": "batch", "residual_scale": 0.1},
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def kind(request):
    return request.param


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_number_of_trained_parameters(depth, kind):
    """7·5 into the hidden layers, 5·5 between them, 5·4 + 4 out of them; biases, or BN's pairs."""
    expected = 7 * 5 + (depth - 1) * 5 * 5 + 5 * 4 + 4
    expected += depth * 5 * (2 if kind.get("normalization") else 1)
    weights = small(depth, **kind).trainable_weights
    assert sum(math.prod(weight.shape) for weight in weights) == expected


def test_depth_is_the_number_of_hidden_kernels(kind):
    model = small(6, **kind)
    kernels = [weight.path for weight in model.trainable_weights if weight.name == "kernel"]
    hidden = [f"hidden{layer}/kernel" for layer in range(1, 7)]
    assert kernels == [*hidden, "logits/kernel"]


def by_hand(model, x, kind, activation):
    """The network in a few lines of NumPy, with the statistics of the batch."""
    kernels = [w.numpy() for w in model.weights if w.name == "kernel"]
    sums = x @ kernels[0]
    for kernel in kernels[1:]:
        h = sums
        if kind.get("normalization"):
            h = (h - h.mean(0)) / np.sqrt(h.var(0) + 1e-5)
        h = activation(h) @ kernel
        last = kernel is kernels[-1]
        sums = sums + kind.get("residual_scale", 1) * h if kind.get("residual") and not last else h
    return sums


def crelu(x):
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=-1)


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "crelu": crelu,
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_the_same_by_hand(activation, kind):
    model, x = small(4, activation=activation, **kind), inputs()
    expected = by_hand(model, x, kind, ACTIVATIONS[activation])
    np.testing.assert_allclose(model(x, training=True), expected, rtol=1e-3, atol=1e-4)


def test_plain_net_has_the_weights_of_the_residual_one():
    for normalization in ("batch", None):
        plain, residual = (
            small(normalization=normalization, residual=residual) for residual in (False, True)
        )
        assert [(w.path, w.shape) for w in plain.weights] == [
            (w.path, w.shape) for w in residual.weights
        ]


def test_residual_net_without_residuals_is_shallow():
    """β = 0 leaves the first and the last weight layer, whatever the depth."""
    deep, shallow = small(9, residual=True, residual_scale=0.0), small(1)
    for name in ("hidden1", "logits"):
        shallow.get_layer(name).set_weights(deep.get_layer(name).get_weights())
    np.testing.assert_array_equal(deep(inputs()), shallow(inputs()))


def test_images_are_flattened():
    model = mlp(2, 5, input_shape=(4, 3, 2), classes=4)
    flat = mlp(2, 5, input_shape=(24,), classes=4)
    flat.set_weights(model.get_weights())
    x = inputs(16, 4, 3, 2)
    np.testing.assert_array_equal(model(x), flat(x.reshape(16, 24)))


@pytest.mark.parametrize("setting", ["channels_last", "channels_first"])
def test_flattening_does_not_hang_on_a_setting(setting):
    """`keras.json` may say how images are laid out; an input's numbers keep their order."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(setting)
    try:
        flatten = mlp(1, 5, input_shape=(4, 3, 2), classes=4).get_layer("flatten")
    finally:
        keras.config.set_image_data_format(before)
    x = inputs(2, 4, 3, 2)
    np.testing.assert_array_equal(flatten(x), x.reshape(2, 24))


def test_default_inputs_are_the_pictures_of_fashion_mnist():
    assert mlp(1, 2).input_shape == (None, 28 * 28)


def test_layers_start_with_different_kernels():
    """Also from one initializer handed in, which by itself returns the same values twice."""
    for given in ("he_normal", keras.initializers.RandomNormal(stddev=0.5)):
        model = small(3, kernel_initializer=given, bias_initializer=given)
        for name in ("kernel", "bias"):
            second, third = (
                w.numpy() for w in model.weights if w.path in (f"hidden2/{name}", f"hidden3/{name}")
            )
            assert not np.allclose(second, third)


def test_initializers_reach_the_layers():
    """He's standard deviation, and the biases asked for (none behind the output layer)."""
    keras.utils.set_random_seed(0)
    model = mlp(2, 300, bias_initializer=keras.initializers.RandomNormal(stddev=0.5))
    second = model.get_layer("hidden2")
    np.testing.assert_allclose(second.kernel.numpy().std(), np.sqrt(2 / 300), rtol=0.02)
    np.testing.assert_allclose(second.bias.numpy().std(), 0.5, rtol=0.2)
    assert not model.get_layer("logits").bias.numpy().any()


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_looks_linear_net_starts_as_an_orthogonal_map(depth):
    """The outputs at the unit vectors are the rows of a matrix, which gives all other outputs."""
    keras.utils.set_random_seed(0)
    model = mlp(depth, 7, (7,), 7, activation="crelu", kernel_initializer="looks_linear")
    matrix, x = np.asarray(model(np.eye(7, dtype="float32"))), inputs()
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(7), atol=1e-4)
    np.testing.assert_allclose(model(x), x @ matrix, atol=1e-4)


def test_crelu_alone_does_not_look_linear():
    x, model = inputs(), small(activation="crelu")
    assert not np.allclose(model(-x), -np.asarray(model(x)), atol=0.1)


def test_file_brings_a_hundred_layers_back(tmp_path):
    model = small(100, **KINDS["residual-batch"])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(inputs()), model(inputs()))


def test_dropout_sets_its_share_to_zero_in_training_only(kind):
    """What survives is scaled up, so that the mean stays; by default nothing is dropped."""
    model, x = small(3, dropout=0.25, **kind), inputs(4000)
    without = small(3, **kind)
    without.set_weights(model.get_weights())
    np.testing.assert_array_equal(model(x), without(x))
    dropped = np.asarray(model.get_layer("hidden2_dropout")(np.ones((4000, 5)), training=True))
    np.testing.assert_allclose(np.unique(dropped), [0, 1 / 0.75], rtol=1e-6)
    np.testing.assert_allclose((dropped == 0).mean(), 0.25, atol=0.02)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the course trains on TensorFlow"
)
def test_trains_as_a_run():
    """The engine hands in the images' shape and the classes; the arguments are plain data."""
    model = {
        "depth": 2,
        "width": 8,
        "activation": "crelu",
        "kernel_initializer": "looks_linear",
        "normalization": "batch",
        "residual": True,
    }
    data = ("fashion_mnist", {"size": 14, "train_size": 200, "test_size": 50})
    result = train(Run(("mlp", model), data, epochs=3), keep_weights=True)
    assert result.history["train_loss"][-1] < result.history["train_loss"][0]
    assert result.model().input_shape == (None, 14, 14, 1)


def test_mixed_precision_ends_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small(activation="crelu", **KINDS["residual-batch"])
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("hidden2_norm").compute_dtype == "bfloat16"
    assert model(inputs()).dtype == "float32"
    assert {weight.dtype for weight in model.weights} == {"float32"}


def test_names_say_what_the_network_is():
    assert small().name == "plain_mlp_3" and small(residual=True).name == "residual_mlp_3"
    assert small(name="mine").name == "mine"


@pytest.mark.parametrize(
    "arguments",
    [
        {"depth": 0},
        {"depth": 2.0},
        {"width": True},
        {"input_shape": ()},
        {"input_shape": (None, 3)},
        {"classes": 0},
        {"activation": "no such"},
        {"activation": None},
        {"residual": "A"},
        {"normalization": "layer"},
        {"kernel_initializer": "looks_linear"},
        {"kernel_initializer": keras.initializers.HeNormal(seed=1)},
        {"bias_initializer": keras.initializers.RandomNormal(seed=1)},
        {"residual_scale": 0.5},
        {"dropout": 1.0},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_bad_argument_is_refused_by_name(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        mlp(**{"depth": 2, "width": 5, **arguments})
