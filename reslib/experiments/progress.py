"""One progress bar for the work of many processes."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
import threading
from collections.abc import Generator

from reslib.language import translated

SECONDS_BETWEEN_LOOKS = 0.2


class Progress:
    """How far a sweep has come.

    Attributes:
        file: Name of a file in which each byte is one more epoch, or `None` where none can be made.
        finished: Integer, epochs of the runs that have come back: no fewer are shown, also where
            they were trained on another machine, or the file is gone.
    """

    def __init__(self, file: str | None):
        self.file = file
        self.finished = 0

    def count(self) -> int:
        """Return how many epochs are done."""
        try:
            return max(pathlib.Path(self.file).stat().st_size, self.finished)
        except (OSError, TypeError):
            return self.finished


@contextlib.contextmanager
def progress_bar(total: int, description: str, unit: str) -> Generator[Progress]:
    """Show a bar that counts the bytes in a file.

    Any process that has the file's name moves the bar on by `count_epoch`: that needs no connection
    between the processes, and nothing waits for it.

    Args:
        total: How many there are at the end.
        description: Text in front of the bar.
        unit: What is counted.

    Yields:
        The `Progress`.
    """
    from tqdm.auto import tqdm  # a widget in a notebook, a line elsewhere

    try:
        handle, name = tempfile.mkstemp(prefix="reslib-progress-")
        os.close(handle)
    except OSError:
        name = None
    progress, done = Progress(name), threading.Event()
    with tqdm(total=total, desc=translated(description), unit=unit, leave=False) as bar:

        def watch():
            while not done.wait(SECONDS_BETWEEN_LOOKS):
                if (count := progress.count()) > bar.n:
                    bar.update(count - bar.n)
                else:  # the seconds go on, also while workers start
                    bar.refresh()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield progress
        finally:
            done.set()
            watcher.join()
            if name is not None:
                with contextlib.suppress(OSError):  # somebody has cleared the folder
                    os.unlink(name)


def count_epoch(file: str | None) -> None:
    """Move the bar of `progress_bar` on by one, where its file is within reach.

    Args:
        file: `Progress.file`; a machine that has no such file counts nothing.
    """
    if file is not None:
        with contextlib.suppress(OSError):
            handle = os.open(file, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(handle, b".")
            finally:
                os.close(handle)
