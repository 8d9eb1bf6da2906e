"""What decides the numbers of a run beside the run and its data: code, versions, settings."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import os
import pathlib

from reslib.experiments.devices import visible_gpus

PACKAGE = pathlib.Path(__file__).parents[2]
CODE = (
    *("layers", "models", "datasets"),
    *(
        f"experiments/{name}.py"
        for name in ("recipe", "schedules", "augmentation", "network", "training")
    ),
)
CODE_OF = {
    "tensorflow": ("experiments/network_tensorflow.py",),
    "jax": ("experiments/network_jax.py", "experiments/philox.py", "framework.py"),
}
# Environment variables by which a backend, and what lies below it, compute other numbers.
VARIABLES = (
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_DETERMINISTIC_OPS",
    "TF_XLA_FLAGS",
    "ONEDNN_MAX_CPU_ISA",
    "NVIDIA_TF32_OVERRIDE",
    "XLA_FLAGS",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "JAX_DISABLE_MOST_OPTIMIZATIONS",
)


def surroundings() -> dict[str, object]:
    """Return what decides numbers in this process, and nothing that does not."""
    return {
        **_software(),
        **{name: os.environ[name] for name in VARIABLES if name in os.environ},
        "gpu": bool(visible_gpus()),
    }


@functools.cache
def _software():
    import keras
    import numpy as np

    backend = keras.backend.backend()
    return {
        "code": code_digest(PACKAGE, backend),
        "backend": backend,
        "keras": keras.__version__,
        backend: importlib.import_module(backend).__version__,
        "numpy": np.__version__,
    }


def code_digest(package: pathlib.Path, backend: str) -> str:
    """Return a digest of the code that computes, without its comments and docstrings.

    Args:
        package: The folder of the package `reslib`.
        backend: Name of Keras's backend: the code of others does not count.
    """
    digest = hashlib.sha256()
    for part in (*CODE, *CODE_OF[backend]):
        path = package / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
            digest.update(f"# {file.relative_to(package).as_posix()}\n".encode())
            digest.update(_bare(file.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def _bare(source):
    """Code as Python itself would write it, without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            text = body[0].value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                body[0] = ast.Pass()
    return ast.unparse(tree)
