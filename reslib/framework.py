"""The framework, imported once and quietly: whatever needs Keras below imports this first.

It is also the one place that calls what Keras keeps to itself.
"""

import contextlib
import gc
import os
import tempfile
from inspect import signature


@contextlib.contextmanager
def _silence():
    """Keep TensorFlow's greetings, written below Python, off the page; show them on an error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with contextlib.ExitStack() as stack:
        try:
            stderr = os.dup(2)
            stack.callback(os.close, stderr)
            log = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # standard error is closed, or there is no place for what it says
            log = None
        if log is None:  # a noisy import is better than none
            yield
            return
        os.dup2(log.fileno(), 2)
        stack.callback(os.dup2, stderr, 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(stderr, log.read())
            raise


@contextlib.contextmanager
def _no_garbage():
    """Look for no garbage among what is made here, neither now nor later: an import leaves none.

    It makes more than half a million objects. To look through them again and again took a fifth of
    the import, and of the building of a network later as much as two fifths.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def parts_of(layer):
    """List a layer, or a model, and all layers inside it, however deep.

    Args:
        layer: A `keras.Layer`, such as a `keras.Model`.

    Returns:
        List of layers, `layer` first.
    """
    return list(layer._flatten_layers())  # Keras's own way has a private name


@contextlib.contextmanager
def initializers_draw(**functions):
    """Let Keras's initializers draw random numbers by other functions for a while.

    Args:
        functions: From `"uniform"` (in [0, 1)), `"normal"` and `"truncated_normal"` (of mean 0 and
            a standard deviation of 1 before truncation) to a function of a seed, an integer, and a
            shape that returns a NumPy array.
    """
    from keras.src.backend import random  # where initializers look

    def in_place_of(keras_draws, ours):
        def draw(shape, *args, dtype=None, seed=None, **kwargs):
            if not isinstance(seed, int):  # of a layer, which draws at each call
                return keras_draws(shape, *args, dtype=dtype, seed=seed, **kwargs)
            given = signature(keras_draws).bind(shape, *args, **kwargs)
            given.apply_defaults()
            _, start, end, *_ = given.args  # or the mean and the standard deviation
            scale = end - start if ours is functions["uniform"] else end
            return keras.ops.convert_to_tensor(ours(seed, shape) * scale + start, dtype)

        return draw

    before = {name: getattr(random, name) for name in functions}
    for name, keras_draws in before.items():
        setattr(random, name, in_place_of(keras_draws, functions[name]))
    try:
        yield
    finally:
        for name, keras_draws in before.items():
            setattr(random, name, keras_draws)


# Last of all, since the layers come with Keras (see `reslib.registration`), and use what is above.
# A GPU's memory is taken as needed. Otherwise this process would take all of it (on JAX most), and
# leave none to the workers of a sweep.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

with _silence(), _no_garbage():
    import keras

    if keras.backend.backend() == "jax":
        # Else a GPU adds up in another order each time. JAX reads this when it first computes.
        flags = os.environ.get("XLA_FLAGS", "")
        if "xla_gpu_exclude_nondeterministic_ops" not in flags:
            flags += " --xla_gpu_exclude_nondeterministic_ops=true"
            os.environ["XLA_FLAGS"] = flags.strip()
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.list_physical_devices()
