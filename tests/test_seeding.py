"""One variable moves all random numbers of the course together."""

import keras
import numpy as np
import pytest

from reslib.seeding import generator, seed_offset, set_seed


@pytest.fixture(params=[generator, set_seed])
def draw(request):
    """Draws a number after seeding, in each of the two ways."""

    def from_keras(seed):
        set_seed(seed)
        return np.asarray(keras.random.normal((3,))).tolist() + [np.random.random()]

    return from_keras if request.param is set_seed else lambda seed: generator(seed).random()


@pytest.mark.parametrize("text, offset", [(None, 0), ("", 0), ("5", 5), ("-2", -2)])
def test_offset_is_the_variable(monkeypatch, text, offset):
    monkeypatch.delenv("RESLIB_SEED_OFFSET", raising=False)
    if text is not None:
        monkeypatch.setenv("RESLIB_SEED_OFFSET", text)
    assert seed_offset() == offset


@pytest.mark.parametrize("text", ["1.5", "many", "0x10"])
def test_offset_must_be_an_integer(monkeypatch, text):
    monkeypatch.setenv("RESLIB_SEED_OFFSET", text)
    with pytest.raises(
        ValueError, match=f"RESLIB_SEED_OFFSET must be an integer, received '{text}'"
    ):
        seed_offset()


def test_seed_decides_and_offset_is_added(monkeypatch, draw):
    """Seed 3 under an offset of 1000 is seed 1003 without."""
    monkeypatch.delenv("RESLIB_SEED_OFFSET", raising=False)
    at_3, at_1003 = draw(3), draw(1003)
    assert draw(3) == at_3 != at_1003
    monkeypatch.setenv("RESLIB_SEED_OFFSET", "1000")
    assert draw(3) == at_1003
