"""How many units answer to no change of their input any more."""

import keras
import numpy as np


def saturation(model, x, share=0.05):
    """The share of saturated units for each activation, from input to output.

    A unit is saturated at an input where the slope of its activation is less than `share` of the
    largest slope that the activation has anywhere: the gradient that arrives there does not get
    through. For ReLU these are the units that are off. Batch normalization uses the statistics of
    the batch, as in training; the model is left as it was.

    Args:
        model: A functional `keras.Model` with `keras.layers.Activation` layers, elementwise ones.
        x: Inputs, `(batch, …)`.
        share: Float in (0, 1).

    Returns:
        A pandas Series with numbers from 0 to 1, indexed by the names of the activation layers.

    Raises:
        ValueError: if the model has no such layer.

    Example:

    >>> saturation(model, images[:128])  # doctest: +SKIP
    """
    import pandas as pd
    import tensorflow as tf

    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    if not layers:
        raise ValueError(f"model must have at least one Activation layer, received {model.name}")

    def slope(layer, inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        return np.abs(tape.gradient(outputs, inputs))

    until = keras.Model(model.inputs, [layer.input for layer in layers])
    # Stateless: the moving statistics of a normalization do not move.
    entering, _ = until.stateless_call(
        [variable.value for variable in until.trainable_variables],
        [variable.value for variable in until.non_trainable_variables],
        keras.ops.convert_to_tensor(x),
        training=True,
    )
    everywhere = tf.linspace(-10.0, 10.0, 2001)
    shares = [
        np.mean(slope(layer, inputs) < share * slope(layer, everywhere).max())
        for layer, inputs in zip(layers, keras.tree.flatten(entering), strict=True)
    ]
    names = pd.Index([layer.name for layer in layers], name="activation")
    return pd.Series(shares, index=names, name="saturated")
