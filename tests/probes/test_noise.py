"""Autocorrelation, held against signals whose own is known."""

import numpy as np
import pytest

from reslib.probes import autocorrelation, brown_noise, white_noise


def filtered(noise, response):
    """Noise with the spectrum |response|², periodic."""
    return np.fft.irfft(np.fft.rfft(noise) * response, noise.shape[-1])


def test_is_the_fourier_transform_of_the_power_spectrum():
    """Wiener and Khinchin: exact for one signal, padded so that it does not meet its own end."""
    signal = brown_noise(100) + white_noise(100, seed=1)
    power = np.abs(np.fft.fft(signal - signal.mean(), 200)) ** 2
    expected = np.fft.ifft(power).real[:100]
    np.testing.assert_allclose(autocorrelation(signal, range(100)), expected / expected[0])


@pytest.mark.parametrize("width", [0.03, 0.1])
def test_noise_of_known_spectrum(width):
    """A Gaussian spectrum has a Gaussian autocorrelation, as wide as the spectrum is narrow."""
    frequencies = np.fft.rfftfreq(20_000)
    response = np.exp(-((frequencies / width) ** 2) / 4)  # squared: of standard deviation `width`
    signals = filtered(white_noise((20, 20_000)), response)
    lags = np.arange(8)
    expected = np.exp(-2 * (np.pi * width * lags) ** 2)
    np.testing.assert_allclose(autocorrelation(signals, lags).mean(0), expected, atol=0.01)


@pytest.mark.parametrize("lag", [1, 5, 20])
def test_white_noise_has_the_expected_bias(lag):
    """Taking the mean away leaves -(n - k) / (n (n - 1)) at lag k, exactly, on average."""
    values = autocorrelation(white_noise((100_000, 32)), lag)
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() + (32 - lag) / (32 * 31)) < 4 * error


def test_brown_noise_is_the_running_sum_of_white_noise():
    """Its steps are white noise, and its variance grows by one with each."""
    brown = brown_noise((10_000, 64), seed=3)
    np.testing.assert_allclose(np.diff(brown), white_noise((10_000, 64), seed=3)[:, 1:])
    np.testing.assert_allclose(brown.var(axis=0), np.arange(1, 65), rtol=0.1)


def test_shift_and_scale_change_nothing():
    signal = white_noise((3, 2, 50))
    expected = autocorrelation(signal, [0, 1, 4])
    assert expected.shape == (3, 2, 3)
    np.testing.assert_allclose(expected[..., 0], 1)
    np.testing.assert_allclose(autocorrelation(5 - 3 * signal, [0, 1, 4]), expected)
    np.testing.assert_array_equal(autocorrelation(signal, 1), expected[..., 1])
    np.testing.assert_allclose(autocorrelation(signal[1, 1], [0, 1, 4]), expected[1, 1])


def test_seed_and_offset_decide_the_noise(monkeypatch):
    for noise in (white_noise, brown_noise):
        first = noise((2, 5), seed=7)
        np.testing.assert_array_equal(noise((2, 5), seed=7), first)
        assert not np.allclose(noise((2, 5), seed=8), first)
        monkeypatch.setenv("RESLIB_SEED_OFFSET", "1000")
        assert not np.allclose(noise((2, 5), seed=7), first)
        monkeypatch.delenv("RESLIB_SEED_OFFSET")


def test_constant_signal_has_no_autocorrelation():
    assert np.isnan(autocorrelation(np.ones(5), [0, 1])).all()


@pytest.mark.parametrize("lags", [5, -1, [0, 1.5], [[1]], "1", [True]])
def test_bad_lags_are_refused(lags):
    with pytest.raises(ValueError, match="lags must be integers from 0 to 4"):
        autocorrelation(np.arange(5.0), lags)


@pytest.mark.parametrize("signal", [1.0, [1.0], np.ones((3, 1))])
def test_bad_signals_are_refused(signal):
    with pytest.raises(ValueError, match="signal"):
        autocorrelation(signal, [0])
