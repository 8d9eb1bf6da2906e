"""The loss of which the probes take gradients, unless they are given another."""

import keras
import numpy as np


def cross_entropy(y, logits):
    """Compute the cross-entropy of the softmax of logits, for each example.

    Args:
        y: Integer array `(…)`, the true classes.
        logits: Tensor `(…, classes)`.

    Returns:
        Tensor `(…)`.

    Raises:
        ValueError: for other labels. (TensorFlow would end in an error of its kernel, JAX and
            PyTorch in numbers that mean nothing.)
    """
    y, shape = np.asarray(y), tuple(logits.shape)
    if y.shape != shape[:-1] or not np.isin(y, range(shape[-1])).all():
        raise ValueError(
            f"y must hold labels from 0 to {shape[-1] - 1}, one for each answer, of the shape "
            f"{shape[:-1]}; received shape {y.shape}"
            + (f" with numbers from {y.min()} to {y.max()}" if y.size else "")
        )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    return loss(y, logits)
