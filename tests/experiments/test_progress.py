"""The progress bar that counts the bytes in a file."""

import os
import time

import pytest
import tqdm

from reslib.experiments import progress


class Bar:
    """What is shown, without showing it."""

    last = None

    def __init__(self, total, **kwargs):
        self.total, self.n = total, 0
        Bar.last = self

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def update(self, more):
        self.n += more


@pytest.fixture(autouse=True)
def quick_bar(monkeypatch):
    monkeypatch.setattr(tqdm, "tqdm", Bar)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LOOKS", 0.001)


def test_bar_counts_the_bytes():
    """Whoever appends one moves it on by one."""
    with progress.progress_bar(3, "training", "epoch") as file:
        assert Bar.last.total == 3
        for count in (1, 2, 3):
            with open(file, "ab") as appended:
                appended.write(b".")
            patience = time.monotonic() + 10
            while Bar.last.n < count and time.monotonic() < patience:
                time.sleep(0.001)
            assert Bar.last.n == count


def test_file_vanishes_with_the_bar():
    with (
        pytest.raises(KeyboardInterrupt),
        progress.progress_bar(3, "training", "epoch") as file,
    ):
        assert os.path.exists(file)
        raise KeyboardInterrupt
    assert not os.path.exists(file)
