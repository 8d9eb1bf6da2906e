"""How large the gradient is that reaches each layer."""

import keras
import numpy as np


def gradient_norms(model, x, y, loss=None):
    """L2 norm of the loss gradient for each weight layer, from input to output.

    The gradient is that of one training step on the batch `(x, y)`: batch normalization uses the
    statistics of the batch. The model is left as it was; its moving statistics do not move.

    Args:
        model: A `keras.Model` whose outputs are logits, or fit the `loss`.
        x: Inputs, `(batch, …)`.
        y: Targets; integer labels `(batch,)` for the default loss.
        loss: Function of `(y, outputs)` that gives one value per example, or a scalar. By default
            the cross-entropy of the softmax of the outputs.

    Returns:
        A pandas Series of the norms, indexed by the layers' paths, such as
        `"stage1_block1/conv1/convolution"`. A weight layer is one that has a kernel. Norms are in
        units of loss per unit of weight.

    Raises:
        ValueError: if the model has no weight layer.

    Example:

    >>> norms = gradient_norms(model, images[:128], labels[:128])  # doctest: +SKIP
    """
    import pandas as pd
    import tensorflow as tf

    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    kernels = [i for i, v in enumerate(model.trainable_variables) if v.name == "kernel"]
    if not kernels:
        raise ValueError(f"model must have at least one layer with a kernel, received {model.name}")

    # A stateless call takes all state as arguments and hands the new one back: whatever it would
    # have changed in the model stays as it is.
    weights = [variable.value for variable in model.trainable_variables]
    state = [variable.value for variable in model.non_trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([weights[i] for i in kernels])
        outputs, _ = model.stateless_call(
            weights, state, keras.ops.convert_to_tensor(x), training=True
        )
        value = keras.ops.mean(loss(y, outputs))
    gradients = tape.gradient(value, [weights[i] for i in kernels])
    norms = [float(np.linalg.norm(gradient)) for gradient in gradients]
    paths = [model.trainable_variables[i].path.rsplit("/", 1)[0] for i in kernels]
    return pd.Series(norms, index=pd.Index(paths, name="layer"), name="gradient norm")
