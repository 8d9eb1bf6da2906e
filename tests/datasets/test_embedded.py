"""The data that come with the course, and what happens when they are damaged or absent."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from reslib.datasets import fashion_mnist, load
from reslib.datasets.fashion_mnist import CLASS_NAMES, FILE, subset
from reslib.datasets.folder import DATA
from reslib.datasets.splits import KEYS

MANIFEST = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A data folder that may be damaged."""
    for name in (FILE, "manifest.json"):
        shutil.copy(DATA / name, tmp_path)
    monkeypatch.setattr(fashion_mnist, "DATA", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def full_set():
    """A full set that holds the subset, sorted by class, and more images behind it."""
    subset.cache_clear()
    splits, arrays = subset(), {}
    for split in ("train", "test"):
        x, y = getattr(splits, f"x_{split}"), getattr(splits, f"y_{split}")
        order = np.argsort(y, kind="stable")
        more = [x[order], 255 - x[:50]], [y[order], y[:50]]
        arrays[f"x_{split}"], arrays[f"y_{split}"] = (np.concatenate(part) for part in more)
    return arrays


def pretend(monkeypatch, arrays):
    """Stands in for the download, in the shape in which Keras gives it."""
    x_train, y_train, x_test, y_test = (arrays[key] for key in KEYS)
    parts = (x_train[..., 0], y_train), (x_test[..., 0], y_test)
    monkeypatch.setattr("keras.datasets.fashion_mnist.load_data", lambda: parts)


def test_counts():
    splits = subset()
    assert splits.x_train.shape == (12_000, 28, 28, 1) and splits.x_test.shape == (2_000, 28, 28, 1)
    assert np.bincount(splits.y_train).tolist() == [1200] * 10
    assert np.bincount(splits.y_test).tolist() == [200] * 10
    assert len(CLASS_NAMES) == len(set(CLASS_NAMES)) == 10


def test_ten_in_a_row_hold_each_class_once():
    for labels in (subset().y_train, subset().y_test):
        assert (np.sort(labels.reshape(-1, 10)) == np.arange(10)).all()


def test_no_image_twice_nor_in_both_parts():
    images = np.concatenate([subset().x_train, subset().x_test])
    assert len({image.tobytes() for image in images}) == len(images)


def test_images_are_pictures_of_their_class():
    # Labels that had slipped by one image would leave nothing to learn. The means of the classes
    # know two clothes in three; chance knows one in ten.
    data = load("fashion_mnist", size=7)
    flat = {key: getattr(data, key).reshape(-1, 49) for key in ("x_train", "x_test")}
    means = np.stack([flat["x_train"][data.y_train == label].mean(axis=0) for label in range(10)])
    nearest = np.square(flat["x_test"][:, None] - means).sum(axis=-1).argmin(axis=1)
    assert (nearest == data.y_test).mean() > 0.6


@pytest.mark.parametrize("name", MANIFEST["files"])
def test_manifest_says_what_is_there(name):
    entry = MANIFEST["files"][name]
    content = (DATA / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert len(content) == entry["bytes"]
    for key in ("origin", "licence", "made_by"):
        assert entry[key]


def test_manifest_describes_the_images():
    entry = MANIFEST["files"][FILE]
    assert entry["bytes"] <= 8 * 2**20
    assert entry["checksum"] == subset().checksum
    with np.load(DATA / FILE, allow_pickle=False) as archive:
        assert sorted(archive) == sorted(entry["contents"]) == sorted(KEYS)
        for key, described in entry["contents"].items():
            array = archive[key]
            assert array.dtype == "uint8" == described["dtype"]
            assert list(array.shape) == described["shape"]
            assert hashlib.sha256(array.tobytes()).hexdigest() == described["sha256"]
    with zipfile.ZipFile(DATA / FILE) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_licence_is_there():
    text = (DATA / "LICENSE-fashion-mnist.txt").read_text(encoding="utf-8")
    assert "2017 Zalando SE" in text and "MIT" in text
    assert "LICENSE-fashion-mnist.txt" in MANIFEST["files"][FILE]["licence"]


@pytest.mark.parametrize("position", [0, 1_000_000, -1])
def test_a_flipped_bit_is_refused(copy, position):
    content = bytearray((copy / FILE).read_bytes())
    content[position] ^= 1
    (copy / FILE).write_bytes(content)
    found = hashlib.sha256(content).hexdigest()
    with pytest.raises(RuntimeError, match="is damaged: expected SHA-256") as error:
        load("fashion_mnist")
    for hint in (FILE, MANIFEST["files"][FILE]["sha256"], found, "git checkout", "delete"):
        assert hint in str(error.value)


@pytest.mark.parametrize("damage", ["absent", "no JSON", "no entry"])
def test_a_file_that_cannot_be_verified_is_refused(copy, damage):
    manifest = copy / "manifest.json"
    if damage == "absent":
        manifest.unlink()
    else:
        manifest.write_text({"no JSON": "<<<<<<< HEAD", "no entry": '{"files": {}}'}[damage])
    with pytest.raises(RuntimeError, match="cannot be verified.*manifest.json.*git checkout"):
        load("fashion_mnist")


def test_other_images_are_refused_even_if_the_manifest_knows_them(copy):
    other = np.zeros((10, 28, 28), "uint8"), np.arange(10, dtype="uint8")
    np.savez(copy / FILE, **dict(zip(KEYS, other * 2, strict=True)))
    digest = hashlib.sha256((copy / FILE).read_bytes()).hexdigest()
    (copy / "manifest.json").write_text(json.dumps({"files": {FILE: {"sha256": digest}}}))
    with pytest.raises(RuntimeError, match="not the subset that the course was written with"):
        load("fashion_mnist")


def test_without_the_file_the_same_images_are_derived(copy, monkeypatch, full_set):
    embedded = load("fashion_mnist")
    for file in copy.iterdir():
        file.unlink()
    subset.cache_clear()
    pretend(monkeypatch, full_set)
    derived = load("fashion_mnist")
    assert derived.checksum == embedded.checksum
    for key in KEYS:
        np.testing.assert_array_equal(getattr(derived, key), getattr(embedded, key))


def test_the_subset_is_the_beginning_of_the_full_set(monkeypatch, full_set):
    pretend(monkeypatch, full_set)
    full = load("fashion_mnist_full", train_size=12_000, test_size=2_000)
    embedded = load("fashion_mnist")
    for key in KEYS:
        np.testing.assert_array_equal(getattr(full, key), getattr(embedded, key))
    assert full.checksum != embedded.checksum  # they were made from different data


def test_without_the_file_another_full_set_is_refused(copy, monkeypatch, full_set):
    (copy / FILE).unlink()
    images = full_set["x_train"].copy()
    images[0, 14, 14] ^= 1
    pretend(monkeypatch, full_set | {"x_train": images})
    with pytest.raises(RuntimeError, match="keras.datasets.fashion_mnist are not the subset"):
        load("fashion_mnist")


def test_no_framework_is_imported():
    code = (
        "import sys\n"
        "from reslib.datasets import load, scenes\n"
        "load('fashion_mnist', size=14), scenes(1, 1)\n"
        "assert not {'keras', 'tensorflow', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
