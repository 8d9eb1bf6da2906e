"""The block for rows, held against the block for images."""

import keras
import numpy as np
import pytest

from reslib.layers import ResidualBlock, ResidualBlock1D


def on_images_of_height_1(block, channels):
    """A 2-D block that does the same: its kernels are those of the row, with zeros around them."""
    twin = ResidualBlock(block.filters, shortcut=block.shortcut)
    twin.build((None, 1, None, channels))
    for variable, value in zip(twin.weights, block.get_weights(), strict=True):
        if len(variable.shape) == 4:
            value = np.stack([np.zeros_like(value), value, np.zeros_like(value)])
        variable.assign(value)
    return twin


@pytest.mark.parametrize("shortcut, channels", [("A", 4), (None, 4), (None, 3)])
def test_equals_the_2d_block_on_images_of_height_1(shortcut, channels):
    random = np.random.default_rng(0)
    block = ResidualBlock1D(4, shortcut)
    block.build((None, 9, channels))
    block.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in block.get_weights()])
    twin = on_images_of_height_1(block, channels)
    rows = random.normal(size=(5, 9, channels)).astype("float32")
    for training in (False, True):
        images = np.asarray(twin(rows[:, None], training=training))
        np.testing.assert_allclose(block(rows, training=training), images[:, 0], rtol=1e-4)
    for one, other in zip(block.get_weights()[3:], twin.get_weights()[3:], strict=True):
        if one.ndim == 1:  # the statistics have moved alike
            np.testing.assert_allclose(one, other, rtol=1e-4)


def test_is_the_identity_where_the_branch_gives_nothing():
    block = ResidualBlock1D(4)
    block.build((None, 9, 4))
    block.norm2.gamma.assign(np.zeros(4))
    rows = np.random.default_rng(0).uniform(size=(5, 9, 4)).astype("float32")
    np.testing.assert_array_equal(block(rows), rows)
    np.testing.assert_array_equal(block(-rows), np.zeros_like(rows))


def test_frozen_block_stays_frozen_in_a_file_and_in_a_clone(tmp_path):
    inputs = keras.Input((9, 4))
    model = keras.Model(inputs, ResidualBlock1D(4, name="block")(inputs))
    model.get_layer("block").trainable = False
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for copy in (loaded, keras.models.clone_model(model)):
        assert not copy.trainable_variables
        copy.get_layer("block").trainable = True
        assert len(copy.trainable_variables) == 6


def test_only_rows_with_known_channels_are_accepted():
    for shape in [(None, 4), (None, 8, None), (None, 8, 8, 4)]:
        with pytest.raises(ValueError, match="ResidualBlock1D needs a batch of rows"):
            ResidualBlock1D(4).build(shape)


def test_identity_needs_as_many_channels_as_come_in():
    with pytest.raises(ValueError, match="filters must be .* 3, .*received 4"):
        ResidualBlock1D(4)(np.ones((1, 8, 3)))
