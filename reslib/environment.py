"""Where the course runs: a line that says what is there."""

import os
import platform


def environment():
    """Name the versions at work and the device, in one line.

    Returns:
        A string such as `"Python 3.11 · Keras 3.15.1 on TensorFlow 2.21.0 · 2 CPU cores, no GPU"`.
    """
    from reslib import framework  # isort: skip  (it keeps the import of Keras quiet)
    import keras

    backend = keras.backend.backend()
    version = framework.tensorflow.__version__ if backend == "tensorflow" else ""
    gpus = len(framework.tensorflow.config.list_physical_devices("GPU")) if version else 0
    python = ".".join(platform.python_version_tuple()[:2])
    devices = f"{os.cpu_count()} CPU cores, " + (f"{gpus} GPU" if gpus else "no GPU")
    return f"Python {python} · Keras {keras.__version__} on {backend} {version} · {devices}"
