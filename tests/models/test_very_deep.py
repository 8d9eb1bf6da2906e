"""The paper's deepest network, 1202 layers: it can be built, trained, saved and loaded.

A functional model of about a thousand chained layers ends in a RecursionError. A block counts as
one layer, so the chain of this network has 604."""

import keras
import numpy as np

from reslib.models import cifar_resnet
from reslib.probes import layer_table


def test_1202_layers(tmp_path):
    model = cifar_resnet(1202, identity_start=True, input_shape=(None, None, 3))
    table = layer_table(model, (32, 32, 3))
    assert table.parameters.sum() == 19_421_274
    assert table.multiply_adds.sum() == 2_829_238_912
    assert table.receptive_field.max() == 5597

    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    before = model.get_layer("stage2_block200").conv2.norm.gamma.numpy()
    model.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,  # to trace a step takes longer than to run it once
    )
    assert np.isfinite(model.train_on_batch(images, np.array([3, 7])))
    assert not np.array_equal(model.get_layer("stage2_block200").conv2.norm.gamma, before)

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
