"""What must hold for any layer of the library, whatever it computes and on whichever backend."""

import functools
import inspect

import keras
import numpy as np
import pytest

from reslib.framework import parts_of

BACKEND = keras.backend.backend()
tensorflow_only = functools.partial(pytest.mark.skipif, BACKEND != "tensorflow")


def random_inputs(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def with_random_weights(layer):
    """The layer with weights that hide nothing: no zeros, no ones, positive as variances are."""
    random = np.random.default_rng(1)
    layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return layer


def values(variables):
    return [variable.value for variable in variables]


def stateless(layer, x, training, weights):
    """The outputs as a function of inputs and weights, as JAX wants it."""
    others = values(layer.non_trainable_variables)
    options = (
        {"training": training} if "training" in inspect.signature(layer.call).parameters else {}
    )
    return layer.stateless_call(weights, others, x, **options)[0]


def compiled_outputs(layer, x, training, signature):
    """What the layer gives when its backend compiles it, if it can: for sizes left open, if so."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        signature = keras.tree.map_shape_structure(tf.TensorSpec, signature)
        traced = tf.function(lambda x: layer(x, training=training), input_signature=[signature])
        return traced(x)
    if BACKEND == "jax":
        import jax

        traced = jax.jit(lambda x, weights: stateless(layer, x, training, weights))
        return traced(x, values(layer.trainable_variables))
    return layer(x, training=training)


def gradients(layer, x, loss, training=True):
    """Gradient of the loss of the layer's outputs, by `"inputs"` and by the path of each weight."""
    x = keras.tree.map_structure(keras.ops.convert_to_tensor, x)
    weights = layer.trainable_variables
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            total = loss(layer(x, training=training))
        to_inputs, to_weights = tape.gradient(total, (x, values(weights)))
    elif BACKEND == "jax":
        import jax

        def total(x, weights):
            return loss(stateless(layer, x, training, weights))

        to_inputs, to_weights = jax.grad(total, (0, 1))(x, values(weights))
    else:
        import torch

        with torch.enable_grad():
            x = keras.tree.map_structure(lambda one: one.requires_grad_(), x)
            sources = [*keras.tree.flatten(x), *values(weights)]
            found = torch.autograd.grad(loss(layer(x, training=training)), sources)
        to_weights = found[len(found) - len(weights) :]
        to_inputs = keras.tree.pack_sequence_as(x, found[: len(found) - len(weights)])
    paths = [weight.path for weight in weights]
    return {"inputs": to_inputs, **dict(zip(paths, to_weights, strict=True))}


def check_config(make):
    """A config holds every argument, and the layer made from it has the same config."""
    layer = make(name="some_name")
    config = layer.get_config()
    accepted = set(inspect.signature(type(layer)).parameters) - {"args", "kwargs"}
    assert accepted | {"name"} <= set(config)
    given = {"name": "some_name", **make.keywords}
    assert {name: config[name] for name in given} == given
    assert type(layer).from_config(config).get_config() == config


def check_file(make, shape, path):
    """A model with the layer gives the same outputs after a round trip through a file."""
    inputs = keras.Input(shape[1:])
    layer = make()
    model = keras.Model(inputs, layer(inputs))
    with_random_weights(layer)
    model.save(path)
    x = random_inputs(shape)
    loaded = keras.saving.load_model(path)
    np.testing.assert_array_equal(loaded(x), model(x))


def check_shapes(make, shape, output_shape):
    """The shape announced, for known and for unknown sizes, is the shape that comes out."""
    unknown = (*[None] * (len(shape) - 1), shape[-1])
    for known in (shape, (None, *shape[1:]), unknown):
        layer = make()
        symbolic = tuple(layer(keras.KerasTensor(known)).shape)
        assert tuple(layer.compute_output_shape(known)) == symbolic
        expected = [
            None if side is None else out for side, out in zip(known, output_shape, strict=True)
        ]
        assert list(symbolic) == expected
        for training in (True, False):
            outputs = compiled_outputs(layer, random_inputs(shape), training, known)
            assert outputs.shape == output_shape


def check_mixed_precision(make, shape, policy):
    """Under mixed precision every layer computes in few digits, and keeps its weights in many."""
    layer = make(dtype=policy)
    inputs = keras.Input(shape[1:])
    model = keras.Model(inputs, layer(inputs))
    compute_dtype = policy.removeprefix("mixed_")
    for part in parts_of(layer):
        assert part.dtype_policy.name == policy, part.path
        assert {weight.dtype for weight in part.weights} <= {"float32"}
    assert model.outputs[0].dtype == compute_dtype
    for training in (True, False):
        outputs = layer(random_inputs(shape), training=training)
        assert keras.backend.standardize_dtype(outputs.dtype) == compute_dtype
        assert np.isfinite(np.asarray(outputs, "float32")).all()


def check_weights(make, shape, trainable, non_trainable):
    """The layer has this many arrays of weights; none more after it was called."""
    layer = make()
    layer.build(shape)
    for _ in range(2):
        assert len(layer.trainable_weights) == trainable
        assert len(layer.non_trainable_weights) == non_trainable
        layer(random_inputs(shape), training=True)


def check_gradients(make, shape):
    """A finite gradient, not zero, reaches the inputs and all that can be trained."""
    layer = make()
    layer.build(shape)
    with_random_weights(layer)
    found = gradients(layer, random_inputs(shape), lambda y: keras.ops.sum(y**3))
    assert len(found) == 1 + len(layer.trainable_weights)
    for name, gradient in found.items():
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert np.abs(gradient).max() > 0, name
