"""The share of saturated units, held against what is known of normal inputs."""

import math

import keras
import numpy as np
import pytest

from reslib.models import mlp
from reslib.probes import saturation


def one_activation(activation):
    inputs = keras.Input((1,))
    return keras.Model(inputs, keras.layers.Activation(activation, name="a")(inputs))


# Where the slope is 5 % of the largest: tanh' = 1 − tanh², sigmoid' = σ(1 − σ) ≤ ¼, relu' = 0 or 1.
LIMITS = {"tanh": math.atanh(0.95**0.5), "sigmoid": 2 * math.atanh(0.95**0.5)}


@pytest.mark.parametrize("activation", LIMITS)
def test_share_of_normal_inputs_beyond_the_limit(activation):
    x = 3 * np.random.default_rng(0).normal(size=(20_000, 1))
    expected = math.erfc(LIMITS[activation] / 3 / 2**0.5)
    assert saturation(one_activation(activation), x)["a"] == pytest.approx(expected, abs=0.01)


def test_relu_is_off_below_zero():
    x = np.array([[-2.0], [-1.0], [-0.5], [3.0]])
    assert saturation(one_activation("relu"), x)["a"] == 0.75


def test_line_is_never_saturated():
    assert saturation(one_activation("linear"), np.ones((3, 1)))["a"] == 0


def test_share_is_the_callers():
    """tanh' falls from 1 at 0 to 1 − tanh²(1) = 0.42 at 1."""
    model, x = one_activation("tanh"), np.array([[1.0]])
    assert saturation(model, x, share=0.41)["a"] == 0
    assert saturation(model, x, share=0.43)["a"] == 1


def test_statistics_are_those_of_the_batch_and_stay_as_they_were():
    keras.utils.set_random_seed(0)
    model = mlp(3, 20, input_shape=(5,), activation="tanh", normalization="batch")
    x = np.random.default_rng(0).normal(size=(200, 5)).astype("float32")
    before = model.get_weights()
    shares = saturation(model, 1000 * x)  # normalized, whatever the scale
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert list(shares.index) == [f"hidden{layer}_activation" for layer in (1, 2, 3)]
    assert (shares < 0.1).all()
    plain = mlp(3, 20, input_shape=(5,), activation="tanh")
    assert saturation(plain, 1000 * x)["hidden1_activation"] > 0.9


def test_model_without_activations_is_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name="bare")
    with pytest.raises(ValueError, match="model must have at least one Activation layer.*bare"):
        saturation(model, np.ones((2, 3)))


def test_model_that_is_not_functional_is_refused():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__(name="subclassed")
            self.activation = keras.layers.Activation("tanh")

        def call(self, inputs):
            return self.activation(inputs)

    with pytest.raises(ValueError, match="model must be functional, received subclassed"):
        saturation(Subclassed(), np.ones((2, 3)))


@pytest.mark.parametrize("share", [0, 1, np.nan, "half"])
def test_other_shares_are_refused(share):
    with pytest.raises(ValueError, match="share must be a number between 0 and 1"):
        saturation(one_activation("tanh"), np.ones((2, 1)), share)
