"""What must hold for any layer of the library, whatever it computes."""

import functools
import inspect

import keras
import numpy as np
import tensorflow as tf


def random_inputs(shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def with_random_weights(layer):
    """The layer with weights that hide nothing: no zeros, no ones, positive as variances are."""
    random = np.random.default_rng(1)
    layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return layer


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
            traced = tf.function(
                functools.partial(layer, training=training),
                input_signature=[tf.TensorSpec(known, "float32")],
            )
            assert traced(random_inputs(shape)).shape == output_shape


def check_mixed_precision(make, shape, policy):
    """Under mixed precision every layer computes in few digits, and keeps its weights in many."""
    layer = make(dtype=policy)
    inputs = keras.Input(shape[1:])
    model = keras.Model(inputs, layer(inputs))
    compute_dtype = policy.removeprefix("mixed_")
    for part in layer._flatten_layers():
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
    x = tf.constant(random_inputs(shape))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x, training=True) ** 3)
    sources = {"inputs": x, **{weight.path: weight.value for weight in layer.trainable_weights}}
    for name, gradient in tape.gradient(loss, sources).items():
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert np.abs(gradient).max() > 0, name
