"""Gradients on any backend: the one place that knows TensorFlow's, JAX's and PyTorch's tapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np


def gradient(function: Callable, arrays: Sequence) -> list[np.ndarray]:
    """Compute the gradient of a scalar function with respect to each of some arrays.

    Each backend keeps track of a computation in its own way. What is written with `keras.ops` and
    Keras's layers is differentiated by this function on all of them.

    Args:
        function: Function of as many tensors as there are arrays, that returns a scalar tensor. It
            should change nothing: where a layer or a model would (in training), have it make a
            stateless call with `state_of`.
        arrays: Arrays, tensors, or the values of variables, of floating-point numbers.

    Returns:
        A list of NumPy arrays of the shapes of `arrays`, in units of the function per unit of the
        array. All zeros for an array on which the function does not depend.

    Raises:
        ValueError: if an array is not of floating-point numbers, or the result is not a scalar.

    Example:

    >>> slopes = gradient(lambda x, y: keras.ops.sum(x**2 * y), [[1.0, 2.0], [3.0, 4.0]])
    >>> [slope.tolist() for slope in slopes]
    [[6.0, 16.0], [1.0, 4.0]]
    """
    backend = keras.backend.backend()
    if backend not in _TAPES:
        raise ValueError(f"Keras's backend must be one of {', '.join(_TAPES)}, it is {backend}")
    tensors = [keras.ops.convert_to_tensor(array) for array in arrays]
    for tensor in tensors:
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        if not keras.backend.is_float_dtype(dtype):
            raise ValueError(f"arrays must hold floating-point numbers, received {dtype}")

    def scalar(*tensors):
        value = function(*tensors)
        if tuple(value.shape):
            raise ValueError(f"function must return a scalar, received shape {tuple(value.shape)}")
        return value

    return [keras.ops.convert_to_numpy(slope) for slope in _TAPES[backend](scalar, tensors)]


def state_of(model: keras.layers.Layer) -> tuple[list, list]:
    """Return the first two arguments of `model.stateless_call`: its weights and its other state.

    A stateless call takes all state as arguments and hands the new one back. Whatever a call would
    have changed in the model, such as moving statistics, stays as it is.
    """
    return (
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
    )


def _tensorflow(function, tensors):
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return tape.gradient(value, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _jax(function, tensors):
    import jax

    return jax.grad(function, argnums=tuple(range(len(tensors))))(*tensors)


def _torch(function, tensors):
    import torch

    leaves = [tensor.detach().requires_grad_() for tensor in tensors]
    value = function(*leaves)
    if not value.requires_grad:  # it depends on none of them
        return [torch.zeros_like(leaf) for leaf in leaves]
    return torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)


_TAPES = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
