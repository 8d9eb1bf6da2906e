"""Where the course runs: a line that says what is there."""

import importlib
import os
import platform

from reslib.language import translated

NAMES = {
    "jax": "JAX",
    "numpy": "NumPy",
    "openvino": "OpenVINO",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
}


def environment() -> str:
    """Name the versions at work and the device, in one line.

    Returns:
        A string such as `"Python 3.11 · Keras 3.15.1 on TensorFlow 2.21.0 · 2 CPU cores, no GPU"`.
    """
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    import keras

    python = ".".join(platform.python_version_tuple()[:2])
    name = keras.backend.backend()
    backend = importlib.import_module(name)
    version = backend.__version__.partition("+")[0]  # PyTorch's has "+cpu" behind it
    devices = f"{os.cpu_count()} CPU cores, {number_of_gpus() or 'no'} GPU"
    keras_on = f"Keras {keras.__version__} on {NAMES[name]} {version}"
    return f"Python {python} · {keras_on} · {translated(devices)}"


def number_of_gpus() -> int:
    """Count the GPUs that the framework sees."""
    from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
    import keras

    name = keras.backend.backend()
    backend = importlib.import_module(name)
    if name == "tensorflow":
        return len(backend.config.list_physical_devices("GPU"))
    if name == "jax":
        return sum(device.platform == "gpu" for device in backend.devices())
    return backend.accelerator.device_count() if name == "torch" else 0
