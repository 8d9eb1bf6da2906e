"""Computes what keras-hub's ResNets give, for ours to be held against.

    pip install keras-hub
    python tools/build_keras_hub_reference.py

writes `tests/models/keras_hub_resnets.npz`. It belongs into an environment of its own: keras-hub
brings a second TensorFlow along. The file holds no weights: both sides draw the same ones by name.
"""

import re
from pathlib import Path

import numpy as np
from build_torch_reference import draw_weights

FILE = Path(__file__).parents[1] / "tests" / "models" / "keras_hub_resnets.npz"

NETWORKS = {
    18: ("basic_block", [2, 2, 2, 2]),
    34: ("basic_block", [3, 4, 6, 3]),
    50: ("bottleneck_block", [3, 4, 6, 3]),
}
SIZES = {"even": (32, 64), "odd": (33, 47)}


def draw_image(size):
    """One image in a batch, channels last."""
    return np.random.default_rng(list(size)).normal(size=(1, *size, 3)).astype("float32")


def unit_name(layer_name):
    """Our name for a convolution with its normalization: `"stack0_block1_2"` becomes
    `"stage1_block2/conv2"`, and `"conv1"` the stem."""
    if layer_name == "conv1":
        return "stem"
    stack, block, part = map(int, re.fullmatch(r"stack(\d+)_block(\d+)_(\d+)", layer_name).groups())
    return f"stage{stack + 1}_block{block + 1}/{f'conv{part}' if part else 'shortcut'}"


def keras_hub_network(depth):
    """keras-hub's backbone with drawn weights, from images to the maps of the last stage."""
    from keras_hub.models import ResNetBackbone

    block_type, blocks = NETWORKS[depth]
    network = ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=blocks,
        stackwise_num_strides=[1, 2, 2, 2],
        block_type=block_type,
        image_shape=(None, None, 3),
    )
    for layer in network.layers:
        if layer.name.endswith("_conv"):
            name = layer.name.removesuffix("_conv")
            kernel, *rest = draw_weights(unit_name(name), layer.kernel.shape)
            layer.set_weights([kernel])
            network.get_layer(f"{name}_bn").set_weights(rest)
    return network


def reference(depth):
    """The maps of the last stage, in inference mode, for each size of image."""
    network = keras_hub_network(depth)
    return {
        size: np.asarray(network(draw_image(shape), training=False))
        for size, shape in SIZES.items()
    }


if __name__ == "__main__":
    answers = {
        f"{depth}/{size}": maps for depth in NETWORKS for size, maps in reference(depth).items()
    }
    np.savez_compressed(FILE, **answers)
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
