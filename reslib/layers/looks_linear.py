"""Mirrored rectifiers, and the initialization that makes a net of them start as a linear map."""

import keras
from keras import ops

from reslib import arguments


@keras.saving.register_keras_serializable(package="reslib")
class MirroredReLU(keras.layers.Layer):
    """The rectified input beside the rectified negative input: `[relu(x), relu(-x)]`.

    Also called CReLU. Unlike a ReLU it loses nothing: x = relu(x) - relu(-x). Under the kernels of
    `LooksLinear` a net of such layers starts as a linear map.

    Input shape:
        `(batch, …, channels)`.

    Output shape:
        `(batch, …, 2 * channels)`.

    Raises:
        ValueError: if the input has no known number of channels.

    Reference:
        Shang et al., 2016, "Understanding and Improving Convolutional Neural Networks via
        Concatenated Rectified Linear Units"; Balduzzi et al., 2017, "The Shattered Gradients
        Problem", section 4.

    Example:

    >>> y = MirroredReLU()(keras.ops.array([[2.0, -3.0]]))
    >>> keras.ops.convert_to_numpy(y).tolist()
    [[2.0, 0.0, 0.0, 3.0]]
    """

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def call(self, inputs):
        return ops.relu(ops.concatenate([inputs, -inputs], axis=-1))

    def compute_output_shape(self, input_shape):
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                "MirroredReLU needs a batch with a known number of channels in the last dimension, "
                f"received shape {tuple(input_shape)}"
            )
        return (*input_shape[:-1], 2 * input_shape[-1])


@keras.saving.register_keras_serializable(package="reslib")
class LooksLinear(keras.initializers.Orthogonal):
    """The kernel `[W, -W]` with an orthogonal W, for a layer behind a `MirroredReLU`.

    At the start the two layers together are linear, since
    W·relu(x) - W·relu(-x) = W·x, and W changes no length: gradients neither vanish nor explode
    nor shatter, whatever the depth. Training then moves the two halves apart.

    Args:
        gain: Float that multiplies W.
        seed: Integer, or a `keras.random.SeedGenerator`; `None` for a random one.

    Raises:
        ValueError: for an argument other than those above, or when called for a shape whose second
            to last side is odd.

    Reference:
        Balduzzi et al., 2017, "The Shattered Gradients Problem", section 4.

    Example:

    >>> tuple(LooksLinear()((6, 3)).shape)
    (6, 3)
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(gain=arguments.number("gain", gain), seed=seed)
        if not isinstance(self.seed, keras.random.SeedGenerator):
            arguments.seed(self.seed)

    def __call__(self, shape, dtype=None):
        if len(shape) < 2 or shape[-2] % 2:
            raise ValueError(
                "LooksLinear needs a kernel with an even number of inputs, as a MirroredReLU "
                f"gives them; received shape {tuple(shape)}"
            )
        half = super().__call__((*shape[:-2], shape[-2] // 2, shape[-1]), dtype=dtype)
        return ops.concatenate([half, -half], axis=-2)
