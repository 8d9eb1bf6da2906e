"""What is no batch of a model's inputs is refused by every probe that takes one."""

import numpy as np
import pytest

from reslib import probes
from reslib.models import cifar_resnet, mlp

SHAPE = (8, 8, 1)
PROBES = {
    "gradient_norms": lambda net, x, y: probes.gradient_norms(net, x, y),
    "input_gradients": lambda net, x, y: probes.input_gradients(net, x),
    "path_gradients": lambda net, x, y: probes.path_gradients(net, x, y, [[True] * 3]),
    "lesion": lambda net, x, y: probes.lesion(net, x, y),
    "branch_ratio": lambda net, x, y: probes.branch_ratio(net, x),
    "saturation": lambda net, x, y: probes.saturation(mlp(2, 4, SHAPE), x),
}
BATCHES = {
    "empty": np.zeros((0, *SHAPE)),
    "one image without its axis": np.zeros(SHAPE),
    "a batch of batches": np.zeros((1, 4, *SHAPE)),
    "other size": np.zeros((4, 7, 7, 1)),
    "other channels": np.zeros((4, 8, 8, 3)),
    "number": 0.5,
    "texts": np.full((4, *SHAPE), "a"),
    "objects": np.full((4, *SHAPE), None),
    "complex": np.zeros((4, *SHAPE), complex),
}


@pytest.fixture(scope="module")
def net():
    return cifar_resnet(8, "A", 4, SHAPE)


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("batch", BATCHES)
def test_no_batch_of_inputs_is_refused(net, probe, batch):
    """One image without its axis Keras takes for eight strange ones."""
    x = BATCHES[batch]
    with pytest.raises(ValueError, match="^x must "):
        PROBES[probe](net, x, np.zeros(np.shape(x)[:1], int))


@pytest.mark.parametrize("probe", PROBES)
def test_batches_of_any_real_numbers_are_taken(net, probe):
    for dtype in ("float32", "float64", "uint8", "int64", "bool"):
        PROBES[probe](net, np.ones((2, *SHAPE), dtype), np.zeros(2, int))
