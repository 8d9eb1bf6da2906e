"""The learning rate of every step."""

import numpy as np
import pytest

from reslib.experiments.schedules import SCHEDULES, learning_rates


def test_learning_rate_falls_along_half_a_cosine():
    """It begins at the rate of the run, is half of it midway, and would next be zero."""
    rates = learning_rates("cosine", 0.2, 100)
    np.testing.assert_allclose(rates[[0, 50]], [0.2, 0.1], rtol=1e-6)
    assert (np.diff(rates) < 0).all()
    assert 0 < rates[-1] < 1e-3 * 0.2
    np.testing.assert_allclose(rates[1:] + rates[:0:-1], 0.2, rtol=1e-5)


def test_constant_learning_rate_is_constant():
    rates = learning_rates("constant", 0.2, 100)
    np.testing.assert_array_equal(rates, np.full(100, 0.2, "float32"))


def test_warmup_rises_to_the_rate_and_then_falls_to_zero():
    """A tenth of the steps up in equal parts, the others along half a cosine."""
    rates = learning_rates("warmup", 0.2, 100)
    np.testing.assert_allclose(rates[:10], np.linspace(0.02, 0.2, 10), rtol=1e-6)
    falling = learning_rates("cosine", 0.2, 90)
    np.testing.assert_array_equal(rates[10:], falling)


def test_rate_falls_in_the_papers_steps():
    """By ten at 32,000 and at 48,000 of its 64,000 steps."""
    rates = learning_rates("steps", 0.1, 64_000)
    for first, end, rate in ((0, 32_000, 0.1), (32_000, 48_000, 0.01), (48_000, 64_000, 0.001)):
        np.testing.assert_array_equal(rates[first:end], np.float32(rate))


def test_papers_warmup_is_a_tenth_of_the_rate():
    """For its first 400 steps; all others are those without it."""
    rates = learning_rates("steps_after_warmup", 0.1, 64_000)
    np.testing.assert_array_equal(rates[:400], np.float32(0.01))
    without = learning_rates("steps", 0.1, 64_000)
    np.testing.assert_array_equal(rates[400:], without[400:])


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_every_step_has_a_rate(schedule, steps):
    rates = learning_rates(schedule, 0.1, steps)
    assert rates.shape == (steps,) and rates.dtype == "float32"
    assert (rates > 0).all() and rates.max() == np.float32(0.1)
