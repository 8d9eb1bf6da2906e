"""Let Keras know the library's layers, in whichever order the two are imported.

A saved model names its layers, and Keras finds them by name once `reslib.layers` has registered
them. But `import reslib` alone must bring no framework. So the layers come when Keras does.
"""

import importlib.abc
import importlib.machinery
import sys


def register_with_keras():
    """Import `reslib.layers` now if Keras is there already, and otherwise right after Keras."""
    if "keras" in sys.modules:
        importlib.import_module("reslib.layers")
    else:
        sys.meta_path.insert(0, _LayersAfterKeras())


class _LayersAfterKeras(importlib.abc.MetaPathFinder):
    """Finds Keras where Python would, and imports the layers once it is imported."""

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name == "keras" else None
        if spec:
            import_keras = spec.loader.exec_module

            def import_both(module):
                sys.meta_path.remove(self)
                import_keras(module)
                importlib.import_module("reslib.layers")

            setattr(spec.loader, "exec_module", import_both)  # noqa: B010  (in place of its method)
        return spec
