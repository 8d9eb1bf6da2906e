"""An `.npz` that the reader names is a stranger's file: it is checked before it is used."""

import os

import numpy as np
import pytest

from reslib.datasets import load
from reslib.datasets.own_files import file_version, read_own
from reslib.datasets.splits import KEYS, Splits


def arrays():
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (20, 32, 32, 3), dtype="uint8"),
        "y_train": np.arange(20, dtype="uint8") % 10,
        "x_test": rng.integers(0, 256, (10, 32, 32, 3), dtype="uint8"),
        "y_test": np.arange(10, dtype="uint8"),
    }


def write(path, **changes):
    changed = {key: value for key, value in (arrays() | changes).items() if value is not None}
    np.savez(path, **changed)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.npz"


def test_what_is_in_the_file_is_loaded(path):
    data = load("cifar10", standardize=False, path=write(path))
    np.testing.assert_allclose(data.x_train * 255, arrays()["x_train"], rtol=1e-6)
    np.testing.assert_array_equal(data.y_train, arrays()["y_train"])
    assert data.class_names[3] == "cat"


def test_a_path_may_be_a_string(path):
    assert len(load("cifar10", path=str(write(path))).x_train) == 20


@pytest.mark.parametrize("how", ["written over", "moved there", "same size and time"])
def test_a_replaced_file_is_read_again(path, how):
    before = load("cifar10", path=write(path))
    status = path.stat()
    labels = arrays()["y_train"][::-1].copy()
    write(path if how == "written over" else path.with_name("new.npz"), y_train=labels)
    if how != "written over":
        if how == "same size and time":
            os.utime(path.with_name("new.npz"), ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(path.with_name("new.npz"), path)
    assert path.stat().st_size == status.st_size
    assert load("cifar10", path=path).checksum != before.checksum


def test_a_file_that_stays_is_read_once(path):
    write(path)
    assert read_own(path, (32, 32, 3), 10) is read_own(str(path), (32, 32, 3), 10)


def test_a_relative_path_is_that_of_the_working_directory(tmp_path, monkeypatch):
    checksums = []
    for label in range(2):
        folder = tmp_path / str(label)
        folder.mkdir()
        monkeypatch.chdir(folder)
        write("mine.npz", y_train=np.full(20, label))
        assert file_version("mine.npz") == file_version(folder / "mine.npz")
        checksums.append(load("cifar10", path="mine.npz").checksum)
    assert checksums[0] != checksums[1]


def test_a_tilde_is_the_home(path, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(path.parent))
    expected = load("cifar10", path=write(path)).checksum
    assert load("cifar10", path="~/mine.npz").checksum == expected


def test_the_checksum_is_of_what_is_in_it_not_of_how_it_is_stored(path):
    plain = load("cifar10", path=write(path)).checksum
    column = arrays()["y_train"].astype("int64")[:, None]
    names = np.array(["a", "b"])
    assert load("cifar10", path=write(path, y_train=column, class_names=names)).checksum == plain
    np.savez_compressed(path, **arrays())
    assert load("cifar10", size=8, train_size=10, path=path).checksum == plain


@pytest.mark.parametrize("key", KEYS)
def test_the_checksum_sees_every_array(path, key):
    plain = load("cifar10", path=write(path)).checksum
    changed = arrays()[key]
    changed.flat[0] ^= 1
    assert load("cifar10", path=write(path, **{key: changed})).checksum != plain


def test_grey_images_need_no_channel_axis():
    images, labels = np.zeros((10, 28, 28), "uint8"), np.arange(10)
    with_axis, without = (
        Splits.from_arrays(dict(zip(KEYS, (x, labels) * 2, strict=True)), (28, 28, 1), 10, "test")
        for x in (images[..., None], images)
    )
    assert with_axis.x_train.shape == (10, 28, 28, 1)
    assert with_axis.checksum == without.checksum


@pytest.mark.parametrize("key", KEYS)
def test_missing_array(path, key):
    with pytest.raises(ValueError, match=f"mine.npz must hold .*; missing: {key}$"):
        load("cifar10", path=write(path, **{key: None}))


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((20, 28, 28, 3), "uint8"),
        np.zeros((20, 32, 32), "uint8"),
        np.zeros((20, 3, 32, 32), "uint8"),
        np.zeros((20, 32, 32, 3), "float32"),
        np.zeros((0, 32, 32, 3), "uint8"),
        np.uint8(0),
    ],
)
def test_bad_images(path, images):
    with pytest.raises(ValueError, match=r"x_train of .*mine.npz must be uint8 of shape \(N, 32, "):
        load("cifar10", path=write(path, x_train=images))


@pytest.mark.parametrize(
    "labels", [np.zeros(19, int), np.zeros((20, 10), int), np.zeros(20), np.array(["cat"] * 20)]
)
def test_bad_labels(path, labels):
    with pytest.raises(ValueError, match=r"y_train of .*mine.npz must be integers of shape \(20,"):
        load("cifar10", path=write(path, y_train=labels))


@pytest.mark.parametrize("label", [-1, 10, 256])
def test_labels_out_of_range(path, label):
    labels = np.full(20, label)
    with pytest.raises(ValueError, match=f"must be labels from 0 to 9, received {label} to "):
        load("cifar10", path=write(path, y_train=labels))


class Burglar:
    """Runs code of its own when it is unpickled."""

    def __reduce__(self):
        return print, ("burgled",)


def test_pickled_objects_are_refused(path, capsys):
    labels = np.array([Burglar()] * 20)
    with pytest.raises(ValueError, match="mine.npz must be an .npz of plain arrays"):
        load("cifar10", path=write(path, y_train=labels))
    labels.dump(path)
    with pytest.raises(ValueError, match="mine.npz must be an .npz of plain arrays"):
        load("cifar10", path=path)
    assert "burgled" not in capsys.readouterr().out


@pytest.mark.parametrize("what", ["empty", "text", "array", "truncated", "flipped"])
def test_no_npz(path, what):
    if what == "array":
        with path.open("wb") as file:
            np.save(file, arrays()["y_test"])
    elif what in ("empty", "text"):
        path.write_text({"empty": "", "text": "x_train"}[what])
    else:
        content = bytearray(write(path).read_bytes())
        content[5000] ^= 1
        path.write_bytes(content[: len(content) // 2] if what == "truncated" else content)
    with pytest.raises(ValueError, match="mine.npz must be an .npz of plain arrays"):
        load("cifar10", path=path)


def test_no_file(path):
    with pytest.raises(FileNotFoundError, match="mine.npz"):
        load("cifar10", path=path)
