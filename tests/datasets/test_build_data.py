"""The tool that makes the embedded subset, on a full set made of the subset itself."""

import gzip
import importlib.util
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from reslib.datasets import fashion_mnist
from reslib.datasets.fashion_mnist import FILE
from reslib.datasets.folder import DATA, verified
from reslib.datasets.splits import KEYS

TOOL = Path(__file__).parents[2] / "tools" / "build_data.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("build_data", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_idx(path, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), compresslevel=1))


@pytest.fixture(scope="module")
def source(tool, tmp_path_factory):
    """The subset, sorted by class, in four files like the original ones."""
    folder = tmp_path_factory.mktemp("originals")
    with np.load(DATA / FILE) as archive:
        for split in ("train", "test"):
            order = np.argsort(archive[f"y_{split}"], kind="stable")
            for key in (f"x_{split}", f"y_{split}"):
                write_idx(folder / tool.ORIGINALS[key], archive[key][order])
    return folder


def test_the_committed_images_are_made_again(tool, source, tmp_path):
    (tmp_path / "manifest.json").write_text('{"files": {"other.npz": {"sha256": "0"}}}')
    tool.main(["--source", str(source), "--to", str(tmp_path)])
    with np.load(DATA / FILE) as committed, np.load(tmp_path / FILE) as made:
        for key in KEYS:
            np.testing.assert_array_equal(made[key], committed[key], strict=True)
    committed, made = (
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        for folder in (DATA, tmp_path)
    )
    assert made["other.npz"] == {"sha256": "0"}  # what others wrote there is kept
    # Only what another version of zlib may change is allowed to differ.
    free = {"bytes", "sha256"}
    assert {key: made[FILE][key] for key in made[FILE].keys() - free} == {
        key: committed[FILE][key] for key in committed[FILE].keys() - free
    }
    verified(tmp_path / FILE)


def test_bytes_do_not_depend_on_when_they_are_written(tool, source, tmp_path, monkeypatch):
    tool.main(["--source", str(source), "--to", str(tmp_path / "now")])
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    tool.main(["--source", str(source), "--to", str(tmp_path / "later")])
    for name in (FILE, "manifest.json"):
        assert (tmp_path / "now" / name).read_bytes() == (tmp_path / "later" / name).read_bytes()


def test_through_keras(tool, source, tmp_path, monkeypatch):
    x_train, y_train, x_test, y_test = (tool.read_idx(source / tool.ORIGINALS[k]) for k in KEYS)
    parts = (x_train, y_train), (x_test, y_test)
    monkeypatch.setattr("keras.datasets.fashion_mnist.load_data", lambda: parts)
    tool.main(["--to", str(tmp_path)])
    entry = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["files"][FILE]
    assert entry["checksum"] == fashion_mnist.SUBSET_CHECKSUM


def test_another_source_is_refused_and_nothing_written(tool, source, tmp_path):
    for name in tool.ORIGINALS.values():
        array = tool.read_idx(source / name)
        (tmp_path / "source").mkdir(exist_ok=True)
        write_idx(tmp_path / "source" / name, array[::-1])
    with pytest.raises(ValueError, match="the source is not Fashion-MNIST as it was released"):
        tool.main(["--source", str(tmp_path / "source"), "--to", str(tmp_path / "data")])
    assert not (tmp_path / "data").exists()


def test_other_files_are_refused(tool, tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"\0\0\x0d\x01 floats"))
    with pytest.raises(ValueError, match="x.gz is not an IDX file of bytes"):
        tool.read_idx(path)
