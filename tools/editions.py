"""The course in another language: prose from a catalogue, code and pictures from the English pages.

A *message* is what Markdown calls an inline: a heading, a paragraph, an item of a list, a cell of a
table, the summary of a `<details>`. A message that has no translation stays English, so a changed
paragraph never shows a stale sentence.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reslib import language

NAMES = {"zh": "zh-CN"}  # what a notebook's metadata and a page say of their language
SUMMARY = re.compile(r"(?<=<summary>).*?(?=</summary>)")
BEHIND_COMMENT = re.compile(r"(?<=-->)\s*\S.*$")  # `<!-- seconds -->This takes …`
BETWEEN_TAGS = re.compile(r"(?<=>)(\s*)([^<]*[A-Za-z]{2}[^<]*?)(\s*)(?=<)")
VERDICT = re.compile(r"(?m)^([✓✗…] \d\d\.\d+) (.+)$")
LINK_TO_PAGE = re.compile(r"\]\(((?:\.\./)*(?:docs/)?\w+)\.md\b")
Lookup = Callable[[str], "str | None"]


class Span(NamedTuple):
    """Where a message stands in a text: its lines, from where in the first to where in the last.

    `stop` is `None` for whole lines, which a translation replaces by one.
    """

    first: int
    last: int
    start: int
    stop: int | None
    message: str


def spans(text: str) -> Iterator[Span]:
    """Find the messages of a Markdown text."""
    from markdown_it import MarkdownIt

    lines = text.split("\n")
    column = 0
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            column = 0
        elif token.type == "html_block":
            for i in range(*token.map):
                for pattern in (SUMMARY, BEHIND_COMMENT):
                    for match in pattern.finditer(lines[i]):
                        yield Span(i, i + 1, match.start(), match.end(), match.group())
        elif token.type == "inline" and token.content.strip():
            first, last = token.map
            in_table = token.level >= 3 and lines[first].lstrip().startswith("|")
            beginning = token.content.split("\n")[0]
            start = lines[first].find(beginning, column if in_table else 0)
            if start < 0:  # written otherwise than it reads, such as a `\|` in a cell
                continue
            column = start + len(beginning)
            yield Span(first, last, start, column if in_table else None, token.content)


def translated_text(text: str, lookup: Lookup) -> str:
    """Put the translation of each message in its place.

    Args:
        text: Markdown.
        lookup: Gives the translation of a message, or `None`.
    """
    lines = text.split("\n")
    for span in sorted(spans(text), key=lambda span: (span.first, span.start), reverse=True):
        new = lookup(span.message)
        if new is None:
            continue
        if span.stop is None:
            lines[span.first : span.last] = [lines[span.first][: span.start] + new]
        else:
            line = lines[span.first]
            lines[span.first] = line[: span.start] + new + line[span.stop :]
    return "\n".join(lines)


def translated_page(text: str, into: str) -> str:
    """Translate a page in Markdown; its generated sentences are found by their fixed words."""
    return translated_text(text, language.catalogue(into).translate)


def translated_notebook(text: str, into: str) -> str:
    """Translate a notebook's text cells, captions and verdicts; its code and pictures stay.

    Args:
        text: The notebook as JSON.
        into: Language, such as `"zh"`.

    Returns:
        The notebook as JSON; its metadata name the language.
    """
    translate = language.catalogue(into).translate
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            source = translated_text("".join(cell["source"]), translate)
            cell["source"] = source.splitlines(keepends=True)
        for output in cell.get("outputs", []):
            _translate_output(output, translate)
    notebook["metadata"]["language"] = NAMES[into]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _translate_output(output, translate):
    data = output.get("data", {})
    if "text/markdown" in data:
        data["text/markdown"] = translated_text("".join(data["text/markdown"]), _in_stars(translate))
    if "text/html" in data:
        data["text/html"] = BETWEEN_TAGS.sub(
            lambda m: m[1] + html.escape(translate(html.unescape(m[2])), quote=False) + m[3],
            "".join(data["text/html"]),
        )
    elif "text/plain" in data:
        data["text/plain"] = VERDICT.sub(
            lambda match: f"{match[1]} {translate(match[2])}", "".join(data["text/plain"])
        )
    for picture in output.get("metadata", {}).values():
        if isinstance(picture, dict) and "alt" in picture:
            picture["alt"] = translate(picture["alt"])
    if output.get("name") == "stdout":
        lines = "".join(output["text"]).split("\n")
        output["text"] = "\n".join(map(translate, lines)).splitlines(keepends=True)


def _in_stars(translate):
    """A caption is one line in italics, and its message what stands between the stars."""
    return lambda message: f"*{translate(message.strip('*'))}*"
