"""Full data sets, through `keras.datasets`."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def fetch(name: str) -> dict[str, np.ndarray]:
    """Download a data set, or find it where Keras put it last time.

    Keras's own message says which address failed, but not what a reader on a train can do.

    Args:
        name: A module of `keras.datasets`.

    Returns:
        A dict with `"x_train"`, `"y_train"`, `"x_test"` and `"y_test"`, as Keras gave them.

    Raises:
        ConnectionError: If the data cannot be had.
    """
    # Imported only here: whoever loads the data that come with the course waits for no framework.
    source = import_module(f"keras.datasets.{name}")
    try:
        (x_train, y_train), (x_test, y_test) = source.load_data()
    except Exception as error:  # Keras raises bare Exceptions when a download fails
        home = os.environ.get("KERAS_HOME", os.path.join("~", ".keras"))
        cache = os.path.expanduser(os.path.join(home, "datasets"))
        raise ConnectionError(
            f"keras.datasets.{name} could not be loaded: {error}\n"
            "What you can do, any one of these:\n"
            f"- connect to the internet and run this again; Keras keeps the download in {cache} "
            "(if an incomplete file was left there, delete it);\n"
            "- name a file that holds the arrays x_train, y_train, x_test and y_test: "
            f'load("{_PUBLIC[name]}", path="my_copy.npz");\n'
            '- use load("fashion_mnist"), which comes with the course, in data/fashion_mnist.npz '
            "(if that file was lost: git checkout -- data)."
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


# What `reslib.datasets.load` calls them.
_PUBLIC = {"fashion_mnist": "fashion_mnist_full", "cifar10": "cifar10"}
