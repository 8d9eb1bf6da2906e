"""The gradient of any function, held against calculus; the same on every backend."""

import keras
import numpy as np
import pytest

from reslib.probes import gradient
from reslib.probes.gradients import state_of

ops = keras.ops


def test_known_slopes():
    x, y = np.array([1.0, 2.0], "float32"), np.array([3.0, 4.0], "float32")
    slopes = gradient(lambda x, y: ops.sum(ops.sin(x) * y), [x, y])
    np.testing.assert_allclose(slopes[0], np.cos(x) * y, rtol=1e-6)
    np.testing.assert_allclose(slopes[1], np.sin(x), rtol=1e-6)
    assert all(type(slope) is np.ndarray and slope.dtype == "float32" for slope in slopes)


def test_zero_where_nothing_depends():
    """Also where the function is a constant; and what is stopped counts as one."""
    one = np.ones(3, "float32")
    slopes = gradient(lambda x, y: ops.sum(x * ops.stop_gradient(y)), [one, one])
    assert slopes[0].tolist() == [1, 1, 1] and slopes[1].tolist() == [0, 0, 0]
    assert gradient(lambda x: ops.sum(ops.ones(2)), [one])[0].tolist() == [0, 0, 0]


def test_values_of_variables_can_be_moved_and_stay():
    """A stateless call with other weights, in training: nothing of the model changes."""
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    )
    before = model.get_weights()
    weights, state = state_of(model)
    x = np.array([[1.0, 2.0], [3.0, 6.0]], "float32")

    def total(*weights):
        return ops.sum(model.stateless_call(list(weights), state, x, training=True)[0])

    slopes = gradient(total, weights)
    assert slopes[-1].tolist() == [2]  # of the bias of the dense layer: one for each input
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_other_arrays_and_results_are_refused():
    with pytest.raises(ValueError, match="arrays must hold floating-point numbers, received int"):
        gradient(ops.sum, [np.array([1, 2])])
    with pytest.raises(ValueError, match=r"function must return a scalar, received shape \(2,\)"):
        gradient(lambda x: 2 * x, [np.ones(2)])
