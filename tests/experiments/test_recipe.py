"""From the names in a run to data and networks."""

import dataclasses
import os

import keras
import numpy as np
import pytest

from reslib.experiments import recipe
from reslib.experiments.recipe import Recipe, build, checksum, load_data


def test_network_fits_the_data(tiny):
    """Size and number of classes come from the dataset where the run does not give them."""
    run = tiny()
    model = build(run.model, run.dataset)
    assert model.input_shape == (None, 7, 7, 1) and model.output_shape == (None, 10)
    own = dataclasses.replace(run, model=("cifar_resnet", {"depth": 8, "classes": 12, "width": 2}))
    assert build(own.model, own.dataset).output_shape == (None, 12)


def test_a_pixel_is_background_or_one_of_ten_classes(tiny_scenes):
    run = tiny_scenes()
    assert build(run.model, run.dataset).output_shape == (None, 17, 17, 11)


def test_scenes_are_those_of_the_offset(tiny_scenes, monkeypatch):
    """Though they are remembered."""
    scenes = tiny_scenes().dataset
    before = load_data(scenes)
    assert load_data(scenes) is before
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1")
    assert not np.array_equal(load_data(scenes).x_train, before.x_train)
    monkeypatch.delenv("RESLIB_SEED_OFFSET")
    np.testing.assert_array_equal(load_data(scenes).x_train, before.x_train)


@pytest.mark.parametrize(
    "model, message",
    [
        (("mlp", {"depth": 1, "width": 2, "input_shape": (784,)}), "input_shape .* must fit .*784"),
        (("cifar_resnet", {"depth": 8, "input_shape": (28, 28, 1)}), "input_shape .*28, 28, 1"),
        (("cifar_resnet", {"depth": 8, "input_shape": (None, None, 3)}), "input_shape .*None, 3"),
        (("cifar_resnet", {"depth": 8, "classes": 9}), "classes .* at least 10.*received 9"),
    ],
)
def test_network_that_does_not_fit_the_data_is_refused(tiny, model, message):
    """Before TensorFlow says so in words of its own."""
    run = tiny(model=model)
    with pytest.raises(ValueError, match=message):
        build(run.model, run.dataset)


def test_any_size_fits(tiny):
    run = tiny(model=("cifar_resnet", {"depth": 8, "input_shape": (None, None, 1)}))
    assert build(run.model, run.dataset).input_shape == (None, None, None, 1)


def save(path, label=0):
    """Three images of each split, all of one class."""
    images, labels = np.zeros((3, 28, 28), "uint8"), np.full(3, label, "uint8")
    np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)


def test_data_are_those_that_are_in_the_file_now(tmp_path):
    """Remembered while nothing happens to the file, and no longer."""
    save(tmp_path / "my.npz")
    data = Recipe("fashion_mnist_full", {"path": tmp_path / "my.npz"})
    before, name = load_data(data), checksum(data)
    assert load_data(data) is before and before.checksum == name
    save(tmp_path / "my.npz", label=1)
    assert load_data(data).y_train.tolist() == [1, 1, 1]
    assert checksum(data) == load_data(data).checksum != name
    os.unlink(tmp_path / "my.npz")
    with pytest.raises(FileNotFoundError):
        load_data(data)


def test_naming_the_data_prepares_no_images(tmp_path, monkeypatch):
    """And reads the file once."""
    save(tmp_path / "my.npz")
    loads, function = [], recipe._function
    monkeypatch.setattr(
        recipe,
        "_function",
        lambda name: lambda **arguments: loads.append(arguments) or function(name)(**arguments),
    )
    data = Recipe("fashion_mnist_full", {"path": tmp_path / "my.npz"})
    assert checksum(data) == checksum(data)
    assert [(load["size"], load["train_size"]) for load in loads] == [(1, 1)]


@pytest.fixture
def other_settings():
    """Keras, set as `keras.json` can set it."""
    config = keras.config
    before = config.floatx(), config.image_data_format(), config.epsilon()
    config.set_floatx("float16")
    config.set_image_data_format("channels_first")
    config.set_epsilon(0.1)
    config.set_dtype_policy("float16")
    yield
    config.set_floatx(before[0])
    config.set_image_data_format(before[1])
    config.set_epsilon(before[2])
    config.set_dtype_policy(before[0])


def test_network_is_the_same_under_other_settings(other_settings):
    """The order in which an mlp flattens an image too; and the settings stay as they were."""
    mlp = Recipe("mlp", {"depth": 1, "width": 2})
    model = recipe.build_for(mlp, (2, 2, 3), 10)
    assert {weight.dtype for weight in model.weights} == {"float32"}
    image = np.arange(12, dtype="float32").reshape(1, 2, 2, 3)
    assert np.ravel(model.get_layer("flatten")(image)).tolist() == list(range(12))
    assert keras.config.floatx() == "float16" == keras.config.dtype_policy().name
    assert keras.config.image_data_format() == "channels_first" and keras.config.epsilon() == 0.1


def test_the_checksum_of_a_draw_is_that_of_its_images(monkeypatch):
    """Under each offset: else a record could be taken for that of other images."""
    images = {"size": 2, "train_size": 20, "test_size": 10}
    drawn = Recipe("fashion_mnist", images | {"draw": 3})
    before = checksum(drawn)
    assert before == load_data(drawn).checksum != checksum(Recipe("fashion_mnist", images))
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "7")
    assert checksum(drawn) == load_data(drawn).checksum != before
