"""Autocorrelation of signals, and two kinds of noise to hold it against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reslib.seeding import generator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def autocorrelation(signal: ArrayLike, lags: ArrayLike) -> np.ndarray:
    """Measure how alike a signal is to itself, some steps further.

    The signal's mean is taken away first; at lag 0 the autocorrelation is one. The sum over the
    pairs that exist at a lag is divided by the sum of all squares, so that the values at large
    lags shrink with the number of pairs. This is the usual estimate. It gives white noise of n
    values -(n - lag) / (n (n - 1)) on average, which is not quite zero.

    Args:
        signal: Array `(…, n)`: one signal, or many, with n > 1 values each.
        lags: Integers from 0 to n - 1, such as `range(20)`; or one integer.

    Returns:
        Array `(…, number of lags)`, or `(…)` for one lag. A signal without variance gives NaN.

    Raises:
        ValueError: for other signals or lags.

    Example:

    >>> autocorrelation([1.0, -1.0, 1.0, -1.0], [0, 1, 2]).tolist()
    [1.0, -0.75, 0.5]
    """
    signal = np.asarray(signal, "float64")
    if signal.ndim < 1 or signal.shape[-1] < 2:
        raise ValueError(
            f"signal must have at least two values along its last axis, received shape "
            f"{signal.shape}"
        )
    length = signal.shape[-1]
    wanted = np.atleast_1d(np.asarray(lags))
    if (
        wanted.ndim != 1
        or wanted.dtype.kind not in "iu"
        or not np.isin(wanted, range(length)).all()
    ):
        raise ValueError(f"lags must be integers from 0 to {length - 1}, received {lags!r}")
    centred = signal - signal.mean(axis=-1, keepdims=True)
    products = [
        np.sum(centred[..., : length - lag] * centred[..., lag:], axis=-1) for lag in wanted
    ]
    squares = np.sum(centred**2, axis=-1)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.stack(products, axis=-1) / np.where(squares > 0, squares, np.nan)
    return values if np.ndim(lags) else values[..., 0]


def white_noise(shape: int | tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Draw independent standard normal values: none tells anything about its neighbour.

    Args:
        shape: Integer or tuple of integers; the last axis is that of the signal.
        seed: Integer, to which `RESLIB_SEED_OFFSET` is added.

    Example:

    >>> white_noise((20, 256)).shape
    (20, 256)
    """
    return generator(seed).normal(size=shape)


def brown_noise(shape: int | tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Draw a random walk along the last axis: the running sum of `white_noise(shape, seed)`.

    Args:
        shape: Integer or tuple of integers; the last axis is that of the signal.
        seed: Integer, to which `RESLIB_SEED_OFFSET` is added.

    Example:

    >>> brown_noise((20, 256)).shape
    (20, 256)
    """
    return np.cumsum(white_noise(shape, seed), axis=-1)
