"""The signals of exercise 05.4: gradients of five networks, without their names.

Do not read on before you have solved it.
"""

from __future__ import annotations

import functools

import numpy as np

from reslib.seeding import generator

DEPTH, WIDTH, SEEDS = 50, 100, 6
NETWORKS = {  # gain of the kernels, deviation of the biases, normalization, skips
    "everything: skips and batch norm": (2, 0, "batch", True),
    "no skips": (2, 0, "batch", False),
    "no skips, and centering in place of batch norm": (2, 0, "center", False),
    "no skips, no normalization": (2, 0, None, False),
    "no skips, no normalization, variance 1/width": (1, WIDTH**-0.5, None, False),
}


def riddle() -> dict[str, np.ndarray]:
    """Return gradients at 256 inputs between −2 and 2 by letter, a row for each seed."""
    return hidden()[0]


@functools.lru_cache(maxsize=1)
def hidden() -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the signals, and the name that belongs to each letter."""
    names = np.random.default_rng(54).permutation(list(NETWORKS))  # the same at any offset
    truth = dict(zip("ABCDE", map(str, names), strict=True))
    curves = {
        letter: np.stack([_gradients(seed, *NETWORKS[name]) for seed in range(SEEDS)])
        for letter, name in truth.items()
    }
    return curves, truth


def _gradients(seed, gain, deviation, normalize, skips):
    """Compute the gradient at each input by the chain rule; statistics count as fixed."""
    random = generator(1000 * seed + 54)
    x = np.linspace(-2, 2, 256)[:, None]
    first = random.normal(size=(1, WIDTH)) * np.sqrt(gain)
    total, backward = x @ first, []
    for _ in range(DEPTH):
        h = total + deviation * random.normal(size=WIDTH)
        scale = np.ones(WIDTH)
        if normalize:
            h = h - h.mean(axis=0)
        if normalize == "batch":
            scale = 1 / np.sqrt(h.var(axis=0) + 1e-5)
        kernel = random.normal(size=(WIDTH, WIDTH)) * np.sqrt(gain / WIDTH)
        backward.append((kernel, (h > 0) * scale))
        h = np.maximum(h * scale, 0) @ kernel
        total = total + h if skips else h
    gradient = np.broadcast_to(random.normal(size=WIDTH) / np.sqrt(WIDTH), (256, WIDTH))
    for kernel, slope in reversed(backward):
        inner = (gradient @ kernel.T) * slope
        gradient = gradient + inner if skips else inner
    return (gradient @ first.T)[:, 0]


def properties(curves: np.ndarray) -> dict[str, str]:
    """Tell size, correlation and number of values of a signal, in words."""
    from reslib.probes import autocorrelation

    size = np.log10(np.sqrt((curves**2).mean()))
    rounded = np.round(curves / np.abs(curves).max(axis=1, keepdims=True), 4)
    values = max(len(np.unique(row)) for row in rounded)
    return {
        "size": "vanished" if size < -3 else "exploded" if size > 3 else "healthy",
        "correlation": "alike" if np.median(autocorrelation(curves, 1)) > 0.4 else "unrelated",
        "values": "two" if values <= 2 else "many",
    }


def contradiction(letter: str, said: str, curves: np.ndarray) -> str:
    """Say what speaks against an explanation: the first property that it would not have."""
    measured = properties(curves)
    # The named network is among the signals too, under another letter.
    all_curves, names = hidden()
    (own,) = (all_curves[other] for other, name in names.items() if name == said)
    claimed = properties(own)
    size = np.log10(np.sqrt((curves**2).mean()))
    if measured["size"] != claimed["size"]:
        return (
            f"{letter} is not “{said}”: gradients there would be {claimed['size']}, and those of "
            f"{letter} have a size of 10^{size:.1f}."
        )
    if measured["correlation"] != claimed["correlation"]:
        return (
            f"{letter} is not “{said}”: the size would fit, but neighbouring gradients there would "
            f"be {claimed['correlation']}, and those of {letter} are {measured['correlation']}."
        )
    return (
        f"{letter} is not “{said}”: size and autocorrelation would fit, but the gradients there "
        f"take {claimed['values']} values, and those of {letter} {measured['values']}. Plot them."
    )
