"""The full sets come through Keras; here its downloads are stood in for."""

import urllib.error

import numpy as np
import pytest

from reslib.datasets import fashion_mnist, load

ORIGIN = "https://somewhere.example/cifar-10-python.tar.gz"


def failing(error):
    def load_data():
        raise error

    return load_data


@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist_full"])
@pytest.mark.parametrize(
    "error",
    [
        Exception(f"URL fetch failure on {ORIGIN}: None -- [Errno -2] Name or service not known"),
        urllib.error.URLError(f"timed out: {ORIGIN}"),
        EOFError(f"Compressed file ended: {ORIGIN}"),
    ],
)
def test_offline_the_error_says_what_to_do(name, error, monkeypatch, tmp_path):
    module = name.removesuffix("_full")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(f"keras.datasets.{module}.load_data", failing(error))
    with pytest.raises(ConnectionError) as caught:
        load(name)
    for hint in (
        f"keras.datasets.{module} could not be loaded",
        ORIGIN,
        str(tmp_path / "datasets"),
        f'load("{name}", path="my_copy.npz")',
        'load("fashion_mnist")',
    ):
        assert hint in str(caught.value)
    assert caught.value.__cause__ is error


def test_offline_and_without_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(fashion_mnist, "DATA", tmp_path)
    monkeypatch.setattr("keras.datasets.fashion_mnist.load_data", failing(OSError("no route")))
    with pytest.raises(ConnectionError, match=r"no route[\s\S]*git checkout -- data"):
        load("fashion_mnist")


def test_a_download_that_failed_is_tried_again(monkeypatch):
    monkeypatch.setattr("keras.datasets.cifar10.load_data", failing(OSError("no route")))
    with pytest.raises(ConnectionError):
        load("cifar10")
    monkeypatch.setattr("keras.datasets.cifar10.load_data", lambda: cifar10())
    assert len(load("cifar10").x_train) == 20


def cifar10():
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype="uint8")
    labels = np.arange(20, dtype="uint8")[:, None] % 10
    return (images, labels), (images[:10], labels[:10])


def test_keras_set_to_channels_first_changes_nothing(monkeypatch):
    (x_train, y_train), (x_test, y_test) = cifar10()
    monkeypatch.setattr("keras.datasets.cifar10.load_data", cifar10)
    expected = load("cifar10")
    load_first = (x_train.transpose(0, 3, 1, 2), y_train), (x_test.transpose(0, 3, 1, 2), y_test)
    monkeypatch.setattr("keras.datasets.cifar10.load_data", lambda: load_first)
    from reslib.datasets.cifar10 import full

    full.cache_clear()
    data = load("cifar10")
    assert data.checksum == expected.checksum
    np.testing.assert_array_equal(data.x_train, expected.x_train)
