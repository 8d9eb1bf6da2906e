"""The folder of data that comes with the course."""

import hashlib
import json
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


def verified(path: Path, remedy: str = "git checkout -- data") -> bytes:
    """Read a file of the data folder, and refuse it unless its SHA-256 is the manifest's.

    A flipped bit in an image would not stop a training run: it would only make its result wrong.

    Args:
        path: The file; `manifest.json` must be beside it.
        remedy: How to get the file back, for the error's message.

    Returns:
        The file's content. Whoever uses these bytes uses what was verified.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is not what the manifest says, or there is no manifest.
    """
    content = path.read_bytes()
    try:
        manifest = json.loads(path.with_name("manifest.json").read_text(encoding="utf-8"))
        expected = manifest["files"][path.name]["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise RuntimeError(
            f"{path} cannot be verified, for want of its SHA-256 in the manifest.json beside it "
            f"({type(error).__name__}: {error}). To get it back: {remedy}."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise RuntimeError(
            f"{path} is damaged: expected SHA-256 {expected}, found {found}. "
            f"To get it back: {remedy}."
        )
    return content
