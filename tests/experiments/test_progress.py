"""The progress bar that counts the bytes in a file."""

import os
import time

import pytest
import tqdm.auto

from reslib.experiments import progress


class Bar:
    """What is shown, without showing it."""

    last, refreshed = None, False

    def __init__(self, total, **kwargs):
        self.total, self.n = total, 0
        Bar.last = self

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def update(self, more):
        self.n += more

    def refresh(self):
        Bar.refreshed = True


@pytest.fixture(autouse=True)
def quick_bar(monkeypatch):
    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LOOKS", 0.001)


def test_bar_counts_the_bytes():
    """Whoever counts an epoch moves it on by one."""
    with progress.progress_bar(3, "training", "epoch") as bar:
        assert Bar.last.total == 3
        for count in (1, 2, 3):
            progress.count_epoch(bar.file)
            assert shown(count)


def test_the_seconds_go_on_while_nothing_is_done():
    """A reader sees that something happens also while workers start."""
    Bar.refreshed = False
    with progress.progress_bar(3, "training", "epoch"):
        deadline = time.monotonic() + 10
        while not Bar.refreshed and time.monotonic() < deadline:
            time.sleep(0.001)
    assert Bar.refreshed


def test_bar_counts_what_has_come_back():
    """From machines that know nothing of the file; and no epoch twice."""
    with progress.progress_bar(9, "training", "epoch") as bar:
        bar.finished += 4
        assert shown(4)
        for _ in range(5):
            progress.count_epoch(bar.file)
        assert shown(5)


def shown(count, patience=10):
    """Whether the bar comes to stand there."""
    deadline = time.monotonic() + patience
    while Bar.last.n < count and time.monotonic() < deadline:
        time.sleep(0.001)
    return Bar.last.n == count


def test_cleared_folder_of_temporary_files_loses_nothing():
    with progress.progress_bar(3, "training", "epoch") as bar:
        os.unlink(bar.file)
        progress.count_epoch(bar.file)
        assert not os.path.exists(bar.file)
        bar.finished += 3
        assert shown(3)


def test_no_folder_for_temporary_files_is_no_matter(monkeypatch):
    def full(**kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(progress.tempfile, "mkstemp", full)
    with progress.progress_bar(3, "training", "epoch") as bar:
        progress.count_epoch(bar.file)
        bar.finished += 3
        assert shown(3)


def test_file_vanishes_with_the_bar():
    with (
        pytest.raises(KeyboardInterrupt),
        progress.progress_bar(3, "training", "epoch") as bar,
    ):
        assert os.path.exists(bar.file)
        raise KeyboardInterrupt
    assert not os.path.exists(bar.file)
