"""ResNet-20 held against PyTorch's own layers, with the same weights.

The stored answers come from `tools/build_torch_reference.py`, which says how the weights are drawn.
Where PyTorch is installed its answers are computed anew as well.
"""

import functools
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from reslib.framework import parts_of
from reslib.layers import NormalizedConv2D
from reslib.models import cifar_resnet
from reslib.probes import gradient_norms

TOOL = Path(__file__).parents[2] / "tools" / "build_torch_reference.py"
KINDS = ("plain", "A", "B")
SIZES = ("even", "odd")

WHAT = ("inference", "training", "moving_mean", "gradient_norms")

# Sums over thousands of numbers come in another order in PyTorch, and twenty layers multiply
# float32's rounding of 6e-8: differences of 3e-6 of the largest number were seen. A gradient is
# less exact. Among half a million numbers before a ReLU some lie so near zero that rounding decides
# on which side, and the gradient jumps by the share of one position: PyTorch's own norms in float32
# and in float64 are up to 6e-4 apart.
OF_THE_LARGEST = 2e-5
OF_A_GRADIENT_NORM = 3e-3


def load_tool():
    spec = importlib.util.spec_from_file_location("build_torch_reference", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load_tool()


@functools.cache
def stored():
    with np.load(tool.FILE, allow_pickle=False) as file:
        return dict(file)


def units(model):
    """All parts that have weights of their own, with the names by which these are drawn."""
    for part in parts_of(model):
        if isinstance(part, NormalizedConv2D):
            yield part.path, part
    yield "logits", model.get_layer("logits")


@functools.cache
def answers(kind, size):
    """What our network gives."""
    model = cifar_resnet(20, tool.SHORTCUTS[kind], input_shape=(*tool.SIZES[size], 3))
    for name, part in units(model):
        part.set_weights(tool.draw_weights(name, part.get_weights()[0].shape))
    images, labels = tool.draw_images(tool.SIZES[size])
    return {
        "inference": np.asarray(model(images, training=False)),
        "gradient_norms": gradient_norms(model, images, labels).to_numpy(),
        "training": np.asarray(model(images, training=True)),  # moves the statistics
        "moving_mean": np.asarray(model.get_layer("stage3_block3").conv2.norm.moving_mean),
    }


def assert_equal(what, ours, theirs):
    if what == "gradient_norms":
        np.testing.assert_allclose(ours, theirs, rtol=OF_A_GRADIENT_NORM)
    else:
        atol = OF_THE_LARGEST * np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol)


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_gives_what_torch_gave(kind, size, what):
    assert_equal(what, answers(kind, size)[what], stored()[f"{kind}/{size}/{what}"])


def test_all_weights_were_drawn():
    """No weight of the network is left as Keras made it."""
    model = cifar_resnet(20, "B")
    drawn = sum(len(part.weights) for _, part in units(model))
    assert drawn == len(model.weights)


def test_stored_answers_are_small_and_complete():
    assert set(stored()) == {f"{k}/{s}/{n}" for k in KINDS for s in SIZES for n in WHAT}
    assert tool.FILE.stat().st_size <= 100_000


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_gives_what_torch_gives(kind, size):
    pytest.importorskip("torch")
    theirs = tool.reference(tool.SHORTCUTS[kind], tool.SIZES[size])
    for what, answer in theirs.items():
        assert_equal(what, answers(kind, size)[what], answer)
        assert_equal(what, stored()[f"{kind}/{size}/{what}"], answer)
