"""Deep fully connected nets, for the study of gradients."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import keras

from reslib import arguments
from reslib.layers import BatchNormalization, LooksLinear, MirroredReLU


def mlp(
    depth: int,
    width: int,
    input_shape: Sequence[int] = (784,),
    classes: int = 10,
    activation="relu",
    residual: bool = False,
    normalization: str | None = None,
    kernel_initializer="he_normal",
    bias_initializer="zeros",
    residual_scale: float = 1.0,
    dropout: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Make a fully connected network with `depth` hidden weight layers of `width` units.

    Each hidden weight layer is followed by a normalization, if there is one, and by the
    activation: W₁ ρ W₂ ρ … W_depth ρ W_out. The residual net has the same layers in the same order,
    and shortcuts from each sum to the next: x ← x + β·W·ρ(BN(x)) for the second to the last hidden
    weight layer.

    Args:
        depth: Integer, the number of hidden weight layers. The output layer comes on top, so that
            there are `depth` activations and `depth + 1` kernels on the way through the plain net.
        width: Integer, units of each hidden weight layer.
        input_shape: The shape of one input, flattened if it has several dimensions.
        classes: Integer, the number of outputs.
        activation: Name of an activation or a function, as in Keras; `"crelu"` for
            `reslib.layers.MirroredReLU`, which hands twice `width` values to the next layer.
        residual: Whether there are shortcuts.
        normalization: `"batch"`, or `None` for biased layers without normalization.
        kernel_initializer: As in Keras, without a seed of its own; or `"looks_linear"` for
            `reslib.layers.LooksLinear` (and an orthogonal first kernel), only with `"crelu"`.
        bias_initializer: As in Keras, without a seed of its own, for the hidden layers; the output
            layer's bias starts at zero.
        residual_scale: Float, the paper's β; only with `residual=True`.
        dropout: Float in [0, 1), the share of the activations that training sets to zero.
        name: Name of the model; by default one that says what it is, such as `"plain_mlp_24"`.

    Returns:
        A `keras.Model` from inputs `(batch, *input_shape)` to logits `(batch, classes)`. Its dense
        layers are `"hidden1"`, …, and `"logits"`; after hidden layer l come `"hidden{l}_norm"` and
        `"hidden{l}_activation"`, whose input is what enters the activation.

    Raises:
        ValueError: for an argument other than those above.

    Reference:
        Balduzzi et al., 2017, "The Shattered Gradients Problem", sections 2 and 3: feed-forward
        nets, and residual nets with batch normalization and β. Order of the layers in a residual
        net: He et al., 2016, "Identity Mappings in Deep Residual Networks", full pre-activation.

    Example:

    >>> mlp(2, 64).count_params()  # 784·64 + 64, 64·64 + 64, 64·10 + 10
    55050
    """
    depth = arguments.positive_integer("depth", depth)
    width = arguments.positive_integer("width", width)
    classes = arguments.positive_integer("classes", classes)
    input_shape = arguments.input_shape(input_shape)
    arguments.boolean("residual", residual)
    arguments.one_of("normalization", normalization, ("batch", None))
    residual_scale = arguments.number("residual_scale", residual_scale)
    if residual_scale != 1 and not residual:
        raise ValueError(
            "residual_scale needs residual=True (a plain net has no sum whose part it could "
            f"scale), received {residual_scale!r}"
        )
    dropout = arguments.number(
        "dropout", dropout, "a number in [0, 1)", lambda value: 0 <= value < 1
    )

    def dense(units, mirrored_input, dtype=None, **options):
        initializer = kernel_initializer
        if _is(initializer, "looks_linear"):
            initializer = LooksLinear() if mirrored_input else "orthogonal"
        return keras.layers.Dense(
            units,
            kernel_initializer=_fresh("kernel_initializer", initializer),
            dtype=dtype,
            **options,
        )

    def hidden(layer):
        return dense(
            width,
            mirrored_input=layer > 1,
            use_bias=normalization is None,  # the normalization would take it away again
            bias_initializer=_fresh("bias_initializer", bias_initializer),
            name=f"hidden{layer}",
        )

    activate = _activation(activation, kernel_initializer)

    inputs = keras.Input(input_shape, name="inputs")
    x = inputs
    if len(input_shape) > 1:  # in the order of the numbers, whatever Keras's setting
        x = keras.layers.Flatten(data_format="channels_last", name="flatten")(inputs)
    x = hidden(1)(x)
    for layer in range(1, depth + 1):
        shortcut = x
        if normalization == "batch":
            x = BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"hidden{layer}_norm")(x)
        x = activate(name=f"hidden{layer}_activation")(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"hidden{layer}_dropout")(x)
        if layer == depth:
            break
        x = hidden(layer + 1)(x)
        if residual:
            if residual_scale != 1:
                x = keras.layers.Rescaling(residual_scale, name=f"hidden{layer + 1}_scale")(x)
            x = keras.layers.Add(name=f"hidden{layer + 1}_sum")([shortcut, x])
    # float32, so that a softmax under mixed precision keeps its digits.
    outputs = dense(classes, mirrored_input=True, dtype="float32", name="logits")(x)
    kind = "residual" if residual else "plain"
    return keras.Model(inputs, outputs, name=f"{kind}_mlp_{depth}" if name is None else name)


def _activation(activation, kernel_initializer):
    """Return a function that makes the layer of the activation."""
    if _is(activation, "crelu"):
        return MirroredReLU
    if _is(kernel_initializer, "looks_linear"):
        raise ValueError(
            'kernel_initializer "looks_linear" needs activation="crelu", '
            f"received activation={activation!r}"
        )
    try:
        function = keras.activations.get(activation)
    except (TypeError, ValueError):
        function = None
    if not callable(function) or activation is None:
        raise ValueError(
            'activation must be "crelu", the name of an activation of Keras, or a function, '
            f"received {activation!r}"
        )
    return lambda name: keras.layers.Activation(function, name=name)


def _is(value, word):
    """Say whether it is this word; an array is not compared element by element."""
    return isinstance(value, str) and value == word


def _fresh(name, given):
    """Make the initializer anew: one and the same would give all layers the same values."""
    initializer = None
    if callable(given) or isinstance(given, (str, dict)):
        with contextlib.suppress(TypeError, ValueError):
            initializer = keras.initializers.get(given)
    if not callable(initializer):
        raise ValueError(
            f"{name} must be an initializer of Keras or the name of one, received {given!r}"
        )
    if isinstance(initializer, keras.initializers.Initializer):
        if initializer.get_config().get("seed") is not None:
            raise ValueError(
                f"{name} must have no seed of its own, or all layers would start with the same "
                f"values; received {initializer!r} (keras.utils.set_random_seed seeds them all)"
            )
        initializer = initializer.clone()
    return initializer
