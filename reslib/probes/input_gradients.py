"""How the output changes with the input, at many inputs at once."""

import contextlib

import keras


def input_gradients(model, x, through_statistics=False):
    """Gradient of the sum of a network's outputs with respect to its input, at each input.

    One pass forward and one back for the whole batch, in place of one for each input: the outputs
    of different inputs do not share a path, so the gradient of the sum over the batch holds each
    input's own.

    Batch normalization is the exception, since there all outputs share the statistics of the
    batch. They are those of the batch `x`, as in training, and count either as constants or as
    functions of the inputs. The model is left as it was.

    Args:
        model: A `keras.Model` with one input.
        x: Inputs, `(batch, …)`.
        through_statistics: If `False`, means and variances are held fixed (and layers that act
            only in training, such as dropout, are off). Row i is then the gradient of output i,
            summed over the classes, as each input moves alone. If `True`, the gradient also goes
            through the statistics, as in a training step. Row i then tells how the sum of the
            outputs of the *whole batch* changes with input i.

    Returns:
        A NumPy array of the shape of `x`, in units of output per unit of input.

    Reference:
        Balduzzi et al., 2017, "The Shattered Gradients Problem", section 2.

    Example:

    >>> gradients = input_gradients(model, np.linspace(-2, 2, 256)[:, None])  # doctest: +SKIP
    """
    import tensorflow as tf

    x = keras.ops.convert_to_tensor(x, model.inputs[0].dtype)
    # A stateless call takes all state as arguments and hands the new one back: whatever it would
    # have changed in the model stays as it is.
    weights = [variable.value for variable in model.trainable_variables]
    state = [variable.value for variable in model.non_trainable_variables]
    if not through_statistics:
        with _without_memory(model):
            _, state = model.stateless_call(weights, state, x, training=True)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        outputs, _ = model.stateless_call(weights, state, x, training=bool(through_statistics))
        total = keras.ops.sum(outputs)
    return keras.ops.convert_to_numpy(tape.gradient(total, x))


@contextlib.contextmanager
def _without_memory(model):
    """Let the moving statistics be those of the last batch, so that inference uses just these."""
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
