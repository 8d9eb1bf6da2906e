"""Text for any terminal: what its code page cannot show is written in plain letters."""

from __future__ import annotations

import sys
import unicodedata
from typing import TextIO

from reslib.language import translated

# What decomposing a character and taking its plain letters would not give.
_PLAIN = {
    "✓": "[right]", "✗": "[wrong]", "…": "...", "–": "-", "—": "-", "−": "-", "·": ".",
    "×": "x", "±": "+-", "≥": ">=", "≤": "<=", "≈": "~", "→": "->", "√": "sqrt",
    "“": '"', "”": '"', "‘": "'", "’": "'", "∂": "d", "²": "^2", "³": "^3",
}  # fmt: skip


def say(text: str) -> None:
    """Print a text in the reader's language, whatever the terminal can show.

    Without a terminal do nothing.
    """
    print(printable(translated(text)))


def printable(text: str, stream: TextIO | None = None) -> str:
    """Replace what a stream cannot show, such as ✓ on a Windows terminal of code page 1252.

    Args:
        text: What is to be printed.
        stream: Where; by default the standard output, which may be missing.

    Returns:
        The same text, but for characters that the stream's encoding does not have: for them plain
        letters that mean the same.

    Example:

    >>> import io
    >>> printable("✓ γ ≥ 2²", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    '[right] gamma >= 2^2'
    """
    encoding = getattr(stream or sys.stdout, "encoding", None)
    if encoding is None or _fits(text, encoding):
        return text
    return "".join(
        character if _fits(character, encoding) else _plain(character) for character in text
    )


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _plain(character: str) -> str:
    """ASCII in place of one character."""
    name = unicodedata.name(character, "")
    if character not in _PLAIN and name.startswith("GREEK"):
        return name.partition(" LETTER ")[2].partition(" ")[0].lower()
    letters = _PLAIN.get(character) or unicodedata.normalize("NFKD", character)
    return letters.encode("ascii", "ignore").decode() or "?"
