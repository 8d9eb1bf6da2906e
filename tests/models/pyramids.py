"""What the tests of the networks on a feature pyramid share."""

import numpy as np
import pytest

VARIANTS = {
    "pyramid": {},
    "concat": {"fusion": "concat"},
    "coarsest": {"levels": "coarsest"},
    "finest": {"levels": "finest"},
    "finest-of-backbone": {"levels": "finest", "top_down": False},
    "no-top-down": {"top_down": False},
    "no-lateral": {"lateral": False},
}
SMALL = {"width": 2, "channels": 3, "input_shape": (32, 32, 1)}


each_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())


def images(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")
