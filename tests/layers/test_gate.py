"""The gate: a number that multiplies, has a price, and makes a block the identity where it is 0."""

import keras
import numpy as np
import pytest

from reslib.layers import Gate, ResidualBlock1D
from reslib.models import row_resnet
from reslib.probes import gradient


def rows(count=5):
    return np.random.default_rng(0).uniform(size=(count, 9, 4)).astype("float32")


def test_multiplies_and_costs_its_size():
    gate = Gate(price=0.25)
    gate.build((None, 3))
    gate.value.assign(-2.0)
    np.testing.assert_allclose(gate(np.ones((1, 3))), [[-2.0] * 3])
    assert float(sum(gate.losses)) == pytest.approx(0.5)


def test_without_a_price_it_costs_nothing():
    gate = Gate()
    gate.build((None, 3))
    assert gate.losses == []


def test_its_gradient_is_that_of_a_factor():
    gate = Gate()
    gate.build((None, 3))
    gate.value.assign(3.0)
    (slope,) = gradient(lambda x: keras.ops.sum(gate(x)), [np.ones((1, 3), "float32")])
    np.testing.assert_allclose(slope, [[3.0] * 3])


def test_gated_block_begins_as_the_identity_and_adds_what_the_gate_lets_through():
    block = ResidualBlock1D(4, gate_price=0.0)
    block.build((None, 9, 4))
    x = rows()
    np.testing.assert_array_equal(block(x, training=True), x)
    block.gate.value.assign(0.5)
    y = keras.ops.relu(block.norm1(block.conv1(x), training=True))
    branch = keras.ops.convert_to_numpy(block.norm2(block.conv2(y), training=True))
    assert np.sqrt(np.mean(branch**2)) == pytest.approx(1, abs=1e-3)  # so |gate| is the size
    np.testing.assert_allclose(block(x, training=True), np.maximum(x + 0.5 * branch, 0), atol=1e-5)


def test_gates_start_where_they_are_told():
    model = row_resnet(8, gate_price=0.0, gate_start=0.75)
    assert [float(model.get_layer(f"block{i}").gate.value) for i in (1, 2, 3)] == [0.75] * 3


def test_network_pays_for_all_its_gates():
    model = row_resnet(8, gate_price=0.1)
    for number in (1, 2, 3):
        model.get_layer(f"block{number}").gate.value.assign(-number)
    assert float(sum(model.losses)) == pytest.approx(0.1 * (1 + 2 + 3))
    assert row_resnet(8, gate_price=0.0).losses == row_resnet(8).losses == []


def test_price_shuts_a_gate_in_training():
    """Labels that are drawn by lot: no block can pay for itself."""
    if keras.backend.backend() == "torch":
        pytest.skip("networks are trained on TensorFlow and JAX")
    from reslib.experiments.tracing import trace

    keras.utils.set_random_seed(0)
    model = row_resnet(4, input_shape=(8, 2), gate_price=1.0)
    model.get_layer("block1").gate.value.assign(0.5)
    network = trace(model, batch_size=4, momentum=0.0, weight_decay=0.0)
    random = np.random.default_rng(0)
    x = random.normal(size=(40, 8, 2)).astype("float32")
    y = random.integers(0, 2, (40, 8)).astype("int32")
    network.train_epoch(x, y, random, np.full(10, 0.04, "float32"))
    assert abs(float(model.get_layer("block1").gate.value)) < 0.25
