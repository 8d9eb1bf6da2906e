"""Computes what PyTorch's own layers make of ResNet-20, for our Keras network to be held against.

    pip install torch numpy
    python tools/build_torch_reference.py

writes `tests/models/torch_resnet20.npz`. The file holds no weights: both sides draw the same ones
from `draw_weights`, which needs NumPy only. PyTorch is imported where a network is built.
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[1] / "tests" / "models" / "torch_resnet20.npz"

SHORTCUTS = {"plain": None, "A": "A", "B": "B"}
SIZES = {"even": (32, 32), "odd": (31, 33)}
IMAGES = 4
CLASSES = 10


def draw_images(size):
    """A batch of images and their labels, channels last."""
    random = np.random.default_rng(list(size))
    images = random.normal(size=(IMAGES, *size, 3)).astype("float32")
    return images, random.integers(0, CLASSES, IMAGES)


def draw_weights(unit, shape):
    """The weights of one unit of the network, in Keras's order.

    A unit is a convolution with its normalization, or the dense layer at the end. Its own name
    seeds its generator, so it does not matter in which order the units are drawn. Kernels keep the
    variance of what they are given; nothing is left at zero or one, where an error could hide.

    Args:
        unit: String, such as `"stem"`, `"stage1_block1/conv1"`, `"stage2_block1/shortcut"` or
            `"logits"`.
        shape: Tuple, the kernel's shape: `(height, width, inputs, outputs)` or `(inputs, outputs)`.

    Returns:
        A list of `float32` arrays: kernel, gamma, beta, moving mean and moving variance; or kernel
        and bias for the dense layer.
    """
    random = np.random.default_rng(list(unit.encode()))
    outputs = shape[-1]
    kernel = random.normal(size=shape) * np.sqrt(2 / np.prod(shape[:-1]))
    if len(shape) == 2:
        arrays = [kernel, random.normal(size=outputs)]
    else:
        arrays = [
            kernel,
            random.uniform(0.5, 1.5, outputs),
            random.normal(size=outputs) / 4,
            random.normal(size=outputs) / 4,
            random.uniform(0.5, 1.5, outputs),
        ]
    return [array.astype("float32") for array in arrays]


def torch_network(shortcut):
    """ResNet-20 in PyTorch, with drawn weights.

    Args:
        shortcut: `"A"`, `"B"` or `None`.

    Returns:
        A `torch.nn.Module` from images, channels first, to logits.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    class Unit(nn.Module):
        def __init__(self, name, inputs, outputs, kernel_size=3, stride=1):
            super().__init__()
            self.conv = nn.Conv2d(
                inputs, outputs, kernel_size, stride, padding=kernel_size // 2, bias=False
            )
            self.norm = nn.BatchNorm2d(outputs, eps=1e-5, momentum=0.1)
            kernel, *rest = draw_weights(name, (kernel_size, kernel_size, inputs, outputs))
            fill(self.conv.weight, kernel.transpose(3, 2, 0, 1))
            norm = self.norm
            slots = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
            for slot, array in zip(slots, rest, strict=True):
                fill(slot, array)

        def forward(self, x):
            return self.norm(self.conv(x))

    class Block(nn.Module):
        def __init__(self, name, inputs, outputs, stride):
            super().__init__()
            self.conv1 = Unit(f"{name}/conv1", inputs, outputs, stride=stride)
            self.conv2 = Unit(f"{name}/conv2", outputs, outputs)
            self.stride, self.added = stride, outputs - inputs
            if shortcut == "B" and inputs != outputs:
                self.projection = Unit(f"{name}/shortcut", inputs, outputs, 1, stride)

        def forward(self, x):
            y = self.conv2(functional.relu(self.conv1(x)))
            if hasattr(self, "projection"):
                y = y + self.projection(x)
            elif shortcut is not None:
                subsampled = x[:, :, :: self.stride, :: self.stride]
                y = y + functional.pad(subsampled, (0, 0, 0, 0, 0, self.added))
            return functional.relu(y)

    def fill(slot, array):
        with torch.no_grad():
            slot.copy_(torch.from_numpy(array))

    widths = (16, 16, 32, 64)  # of the stem, and of the stages
    blocks = [
        Block(
            f"stage{stage}_block{block}",
            widths[stage - 1] if block == 1 else widths[stage],
            widths[stage],
            stride=2 if stage > 1 and block == 1 else 1,
        )
        for stage in (1, 2, 3)
        for block in (1, 2, 3)
    ]
    dense = nn.Linear(widths[-1], CLASSES)
    kernel, bias = draw_weights("logits", (widths[-1], CLASSES))
    fill(dense.weight, kernel.T)
    fill(dense.bias, bias)
    return nn.Sequential(
        Unit("stem", 3, widths[0]),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        dense,
    )


def reference(shortcut, size):
    """What the network gives for a batch of images.

    Args:
        shortcut: `"A"`, `"B"` or `None`.
        size: `(height, width)` of the images.

    Returns:
        A dict of arrays: logits in inference mode and in training mode, the moving means of the
        last normalization after the latter (the moving variances would differ: PyTorch averages
        the unbiased ones), and the norms of the gradients of all kernels in training mode, from
        input to output.
    """
    import torch
    from torch.nn import functional

    network = torch_network(shortcut)
    images, labels = draw_images(size)
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        inference = network.eval()(images)
    training = network.train()(images)
    functional.cross_entropy(training, torch.from_numpy(labels)).backward()
    kernels = [weight for weight in network.parameters() if weight.ndim > 1]
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    return {
        "inference": inference.numpy(),
        "training": training.detach().numpy(),
        "moving_mean": norms[-1].running_mean.numpy(),
        "gradient_norms": np.array([float(kernel.grad.norm()) for kernel in kernels], "float32"),
    }


def all_references():
    return {
        f"{kind}/{size}/{name}": array
        for kind, shortcut in SHORTCUTS.items()
        for size in SIZES
        for name, array in reference(shortcut, SIZES[size]).items()
    }


if __name__ == "__main__":
    np.savez(FILE, **all_references())
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
