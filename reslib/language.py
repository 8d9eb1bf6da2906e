"""What the library says, in the reader's language.

The library speaks English. Where a sentence leaves it for a reader (a verdict, a claim, a caption),
`translated` looks it up in a catalogue, and what the catalogue does not have stays English.
`tools/translate.py` makes the catalogues: of the f-strings of the library it knows the fixed words,
with a placeholder for each value, so that a finished sentence finds the f-string it came from, and
no code has to be written for the sake of translation.
"""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

CATALOGUES = Path(__file__).parent / "translations"
# `{1}` stands for a number, any other field for whatever stood there: `{}`, `{len(hints)}`.
FIELD = re.compile(r"\{([^{}]*)\}")
NUMBER = r"(?<![\w.{])[-+−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
# A `;` within brackets, "(2.03 to 4.58; 5 seeds)", ends no sentence.
END_OF_SENTENCE = re.compile(r"(?<=[.!?]) +|[:;] +(?![^()]*\))|\n+|<br>")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
LIST = re.compile(r", (?:and |or )?| and | or ")
WIDE = {":": "：", ";": "；", "and": "和", "or": "或"}
WORD = re.compile("[A-Za-z]{2}")
IN_BRACKETS = re.compile(r"(.+?) (\([^()]+\)\.?)")


def language() -> str:
    """Return the language to speak: that of `RESLIB_LANG`, or of the notebook one is called from.

    Returns:
        `"zh"`, or `"en"` where neither says anything or there is no catalogue.
    """
    spoken = os.environ.get("RESLIB_LANG") or _of_the_notebook(os.environ.get("JPY_SESSION_NAME"))
    short = re.split("[-_.]", spoken.lower())[0]
    return short if (CATALOGUES / f"{short}.json").exists() else "en"


def translated(text: str, into: str | None = None) -> str:
    """Translate what the library says to a reader, as far as the catalogue goes.

    Args:
        text: One or more English sentences, finished, with their numbers.
        into: Language; by default the reader's own.

    Returns:
        The same in that language, sentence by sentence; a sentence that is missing stays English.
    """
    into = into or language()
    return text if into == "en" or not text else catalogue(into).translate(text)


@functools.cache
def catalogue(into: str) -> Catalogue:
    """Read a catalogue once."""
    return Catalogue(json.loads((CATALOGUES / f"{into}.json").read_text(encoding="utf-8")))


def without_numbers(text: str) -> tuple[str, list[str]]:
    """Put `{1}`, `{2}`, … in place of the numbers of a text, and return these beside it."""
    numbers: list[str] = []

    def put(match):
        numbers.append(match.group())
        return f"{{{len(numbers)}}}"

    return re.sub(NUMBER, put, text), numbers


class Catalogue:
    """Finished sentences, found again by the fixed words in them.

    Args:
        messages: The translation of each message. Where both have placeholders, they are the same.
    """

    def __init__(self, messages: dict[str, str]):
        self.messages = {" ".join(message.split()): new for message, new in messages.items()}
        self.patterns = sorted(
            (_pattern(message) for message in self.messages if _is_template(message)),
            key=lambda pattern: -pattern[0],
        )
        self.by_numbers = {}
        for message, new in self.messages.items():
            self._index_by_numbers(message, new)

    def _index_by_numbers(self, message, new):
        """Let a message with other numbers be found, if each number has one place only."""
        if "{" in message:
            return
        bare, numbers = without_numbers(message)
        there, others = without_numbers(new)
        if numbers and sorted(numbers) == sorted(others) and len(set(numbers)) == len(numbers):
            places = {number: i + 1 for i, number in enumerate(numbers)}
            fields = iter(others)
            there = FIELD.sub(lambda _: f"{{{places[next(fields)]}}}", there)
            self.by_numbers.setdefault(bare, there)

    def translate(self, text: str) -> str:
        """Translate the whole text if it is known, else its sentences, brackets and lists."""
        words = " ".join(text.split())
        new = self.find(words)
        if new is not None:
            return new
        if bold := BOLD.fullmatch(words):
            return f"**{self.translate(bold[1])}**"
        if (parts := IN_BRACKETS.fullmatch(words)) and (pair := self._all(parts.groups())):
            return "".join(pair)
        ends = END_OF_SENTENCE.findall(text)
        if ends:
            pieces = END_OF_SENTENCE.split(text)
            return "".join(map(self._with_end, pieces, [*ends, ""]))
        separators = LIST.findall(words)
        if separators and (items := self._all(LIST.split(words))):
            ends = [WIDE.get(end.strip(), "、") for end in separators]
            return "".join(item + end for item, end in zip(items, [*ends, ""], strict=True))
        return text

    def _all(self, parts):
        """Translate each part, or return nothing where one is missing."""
        found = [new for part in parts if (new := self.find(part)) is not None]
        return found if len(found) == len(parts) else []

    def _with_end(self, piece, end):
        """Translate a sentence; behind a Chinese one there is no space."""
        new = self.translate(piece)
        if piece and new == piece:
            return new + end
        return new + WIDE.get(end[:1], end.strip(" "))

    def find(self, words: str) -> str | None:
        """Return the translation of a message, with its own values; `None` where it is missing."""
        if not WORD.search(words):
            return words.replace(" %", "%")  # Chinese has no space there
        if words in self.messages:
            return self.messages[words]
        bare, numbers = without_numbers(words)
        if bare in self.by_numbers:
            values = {str(i + 1): number for i, number in enumerate(numbers)}
            return _filled(self.by_numbers[bare], values)
        for _, pattern, message, names in self.patterns:
            if match := pattern.fullmatch(words):
                said = map(self.translate, match.groups())
                return _filled(self.messages[message], dict(zip(names, said, strict=True)))
        if words.endswith(".") and (new := self.find(words[:-1])) is not None:
            return new + "。"
        return None


def _filled(message, values):
    return FIELD.sub(lambda field: values[field[1]], message)


def _is_template(message):
    """Braces are fields, but for those of a formula."""
    return bool(FIELD.search(message)) and "$" not in message


def _pattern(message):
    """How many fixed letters a message has, what it matches, itself, and the names of its fields.

    A field that comes twice is matched twice, and its last value counts.
    """
    fixed = FIELD.split(message)
    names = fixed[1::2]
    expression = "".join(
        re.escape(piece) if i % 2 == 0 else f"({NUMBER})" if piece.isdecimal() else "(.*?)"
        for i, piece in enumerate(fixed)
    )
    return sum(map(len, fixed[::2])), re.compile(expression, re.DOTALL), message, names


@functools.cache
def _of_the_notebook(path):
    """Read the language in a notebook's metadata; Jupyter names the file to its kernel."""
    try:
        with open(path or "", encoding="utf-8") as file:
            return str(json.load(file)["metadata"].get("language", ""))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""  # there is none, or it is no notebook
