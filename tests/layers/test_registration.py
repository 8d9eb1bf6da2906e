"""A saved model is loaded by whoever imports the library, and needs no import of its layers."""

import os
import subprocess
import sys

import pytest

from reslib.models import cifar_resnet


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    cifar_resnet(8, width=1, input_shape=(4, 4, 1)).save(path)
    return path


@pytest.mark.parametrize(
    "imports",
    [
        "import keras, reslib",
        "import reslib, keras",
        "import reslib; reslib.seeding.set_seed(0); import keras",
        "import reslib.models, keras",
        # To look whether Keras is there is not to import it.
        "import reslib, importlib.util; assert importlib.util.find_spec('keras'); import keras",
    ],
)
def test_a_new_process_loads_the_model(saved, imports):
    code = f"{imports}; print(keras.saving.load_model({str(saved)!r}).count_params())"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == [
        str(cifar_resnet(8, width=1, input_shape=(4, 4, 1)).count_params())
    ]
