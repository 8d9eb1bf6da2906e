"""The library of the course on why residual networks work."""

import importlib

from reslib.environment import environment
from reslib.registration import register_with_keras

ROOMS = (
    "claims",
    "datasets",
    "detection",
    "exercises",
    "experiments",
    "figures",
    "layers",
    "models",
    "probes",
    "seeding",
    "smoke",
)
__all__ = ["environment", *ROOMS]
__version__ = "0.1.0"


def __getattr__(name):
    """Import a room when it is first asked for: `import reslib` alone brings no framework."""
    if name in ROOMS:
        return importlib.import_module(f"reslib.{name}")
    raise AttributeError(f"module 'reslib' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})


register_with_keras()
