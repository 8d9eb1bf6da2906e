"""One progress bar for the work of many processes."""

import contextlib
import os
import pathlib
import tempfile
import threading

SECONDS_BETWEEN_LOOKS = 0.2


@contextlib.contextmanager
def progress_bar(total, description, unit):
    """Show a bar that counts the bytes in a file.

    Any process that has the file's name moves the bar on by appending a byte: that needs no
    connection between the processes, and nothing waits for it.

    Args:
        total: Integer, the number of bytes at the end.
        description: String in front of the bar.
        unit: String, what a byte stands for.

    Yields:
        The name of the file.
    """
    from tqdm import tqdm

    handle, name = tempfile.mkstemp(prefix="reslib-progress-")
    os.close(handle)
    file, done = pathlib.Path(name), threading.Event()
    with tqdm(total=total, desc=description, unit=unit, leave=False, ncols=80) as bar:

        def watch():
            while not done.wait(SECONDS_BETWEEN_LOOKS):
                if file.stat().st_size > bar.n:
                    bar.update(file.stat().st_size - bar.n)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield name
        finally:
            done.set()
            watcher.join()
            file.unlink()
