"""Every model of the library comes back whole from every kind of file."""

import json

import keras
import numpy as np
import pytest

from reslib.models import cifar_resnet, mlp, pyramid_detector, pyramid_segmenter, resnet

MODELS = {
    "cifar": lambda: cifar_resnet(8, "B", 2, (9, 8, 3)),
    "cifar-bottleneck": lambda: cifar_resnet(11, "A", 2, (9, 8, 3), block="bottleneck"),
    "cifar-one-layer": lambda: cifar_resnet(8, None, 2, (9, 8, 3), block="one_layer"),
    "cifar-pre-activation": lambda: cifar_resnet(
        8, "C", 2, (9, 8, 3), block="pre_activation", survival_probability=0.5
    ),
    "resnet-18": lambda: resnet(18, width=1, input_shape=(32, 33, 3), classes=3),
    "resnet-50": lambda: resnet(50, width=1, input_shape=(32, 33, 3), classes=3, version="v1"),
    "mlp": lambda: mlp(2, 3, (4, 2), residual=True, normalization="batch", residual_scale=0.5),
    "mlp-crelu": lambda: mlp(2, 4, activation="crelu", kernel_initializer="looks_linear"),
    "detector": lambda: pyramid_detector(1, input_shape=(16, 17, 1)),
    "detector-finest": lambda: pyramid_detector(1, levels="finest", input_shape=(16, 17, 1)),
    "segmenter": lambda: pyramid_segmenter(1, input_shape=(16, 17, 1)),
    "segmenter-concat": lambda: pyramid_segmenter(1, input_shape=(16, 17, 1), fusion="concat"),
    "segmenter-coarsest": lambda: pyramid_segmenter(1, levels="coarsest", input_shape=(16, 17, 1)),
}


N = np.int64
MADE_WITH_NUMPY = {
    "cifar": lambda: cifar_resnet(N(8), width=N(1), input_shape=(N(4), None, N(1)), classes=N(2)),
    "resnet": lambda: resnet(N(18), width=N(1), input_shape=(N(4), N(4), N(1)), classes=N(2)),
    "mlp": lambda: mlp(N(2), N(3), (N(4), N(2)), N(3), residual=True, residual_scale=N(2)),
    "detector": lambda: pyramid_detector(
        N(1), N(2), blocks=(N(1), N(2)), stem_strides=N(2), input_shape=(N(4), N(4), N(1))
    ),
    "segmenter": lambda: pyramid_segmenter(N(1), blocks=(N(1),), classes=N(3)),
}


@pytest.mark.parametrize("make", MADE_WITH_NUMPY.values(), ids=MADE_WITH_NUMPY)
def test_numpy_integers_are_integers(make):
    """As they come out of a table; the config holds Python's, so that it can be written down."""
    json.dumps(make().get_config())


def answers(model):
    x = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype("float32")
    return keras.tree.flatten(model(x))


def assert_same(one, other):
    assert [w.path for w in one.trainable_weights] == [w.path for w in other.trainable_weights]
    for first, second in zip(answers(one), answers(other), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_file_brings_the_model_back(make, tmp_path):
    """With random weights, in inference; its blocks of the second stage frozen, if it has any."""
    model = make()
    random = np.random.default_rng(1)
    model.set_weights([random.uniform(0.5, 1.5, w.shape) / 4 for w in model.get_weights()])
    for layer in model.layers:
        if layer.name.startswith("stage2"):
            layer.trainable = False
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"model{ending}")
        assert_same(keras.saving.load_model(tmp_path / f"model{ending}"), model)
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(other, model)
