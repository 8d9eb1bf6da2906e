"""Pages and notebooks in another language: prose from its catalogue, code and pictures as they are.

A *message* is what Markdown calls an inline: a heading, a paragraph, an item of a list, a cell of a
table, the summary of a `<details>`. A message that has no translation stays English, so a changed
paragraph never shows a stale sentence. `make site` builds its Chinese half from

    python tools/editions.py zh build/zh    # every page and notebook, with outputs
"""

import argparse
import html
import json
import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the site's environment does not have the library

import colab  # noqa: E402

from reslib import language  # noqa: E402
from reslib.verdicts import escaped  # noqa: E402

NAMES = {"zh": "zh-CN"}  # what a notebook's metadata say of its language
PAGES = ("README.md", "GLOSSARY.md", "CLAIMS.md")
PAGES += ("docs/install.md", "docs/teaching.md", "docs/how_it_works.md")
SWITCH = "[中文](README.zh.md)", "[English](README.md)"  # the README's first line
SUMMARY = re.compile(r"(?<=<summary>).*?(?=</summary>)")
BEHIND = re.compile(  # `<!-- seconds -->This takes …`, `</summary>Right.</details>`
    r"(?:(?<=-->)|(?<=</summary>))\s*[^\s<].*?(?=</details>|$)"
)
BETWEEN_TAGS = re.compile(r"(?<=>)(\s*)([^<]*[A-Za-z]{2}[^<]*?)(\s*)(?=<)")
VERDICT = re.compile(r"(?m)^([✓✗…] \d\d\.\d+) (.+)$")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")  # to a file of the course
TERM = re.compile(r"\*\*[^*]+\*\*")  # stands alone in the first column of the glossary
LABELS = {"on GitHub": "GitHub", "on Colab": "Colab", "open in Colab": "在 Colab 中打开"}


class Span(NamedTuple):
    """Where a message stands in a text: its lines, from where in the first to where in the last.

    `stop` is `None` for whole lines, which a translation replaces by one.
    """

    first: int
    last: int
    start: int
    stop: int | None
    message: str


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("into", choices=sorted(NAMES))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    write_site(arguments.folder, arguments.into)


def write_site(folder, into):
    """Write what the site is built from: translations, other pages, and files that they link."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in [*ROOT.glob("[A-Z]*[A-Z].md"), *(ROOT / "docs").rglob("*.md"), *notebooks()]:
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        for link in LINK.findall(text):
            linked = (path.parent / link).resolve()
            if linked.is_file() and linked.suffix not in (".md", ".ipynb"):
                _put(folder / linked.relative_to(ROOT), linked.read_bytes())
        if path.suffix == ".ipynb":
            text = translated_notebook(text, into)
        elif name in PAGES:
            text = translated_page(text, into)
        _put(folder / name, text.encode())


def _put(target, content):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def notebooks():
    """Every notebook of the course."""
    found = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def spans(text):
    """Find the messages of a Markdown text."""
    lines = text.split("\n")
    column = 0
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            column = 0
        elif token.type == "html_block":
            for i in range(*token.map):
                for pattern in (SUMMARY, BEHIND):
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


def translated_text(text, lookup):
    """Put the translation of each message of a Markdown text in its place.

    `lookup` gives the translation of a message, or `None`.
    """
    lines = text.split("\n")
    for span in sorted(spans(text), key=lambda span: (span.first, span.start), reverse=True):
        new = lookup(span.message)
        if new is None or new == span.message:
            continue
        if span.stop is None:
            lines[span.first : span.last] = [lines[span.first][: span.start] + new]
        else:
            line = lines[span.first]
            lines[span.first] = line[: span.start] + new + line[span.stop :]
    return "\n".join(lines)


def translated_page(text, into):
    """Translate a page in Markdown; its generated sentences are found by their fixed words."""
    translate = language.catalogue(into).translate
    plain = colab.plain(text)
    return translated_text(plain, lambda said: None if TERM.fullmatch(said) else translate(said))


def translated_notebook(text, into):
    """Translate a notebook's text, captions and verdicts; its code and pictures stay.

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
            source = translated_text(colab.plain("".join(cell["source"])), translate)
            cell["source"] = source.splitlines(keepends=True)
        for output in cell.get("outputs", []):
            _translate_output(output, translate)
    notebook["metadata"]["language"] = NAMES[into]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _translate_output(output, translate):
    data = output.get("data", {})
    if "text/markdown" in data:
        caption = "".join(data["text/markdown"])
        data["text/markdown"] = translated_text(caption, _in_stars(translate))
    if "text/html" in data:
        page = re.sub("<code>([^<]*)</code>", r"`\1`", "".join(data["text/html"]))
        data["text/html"] = BETWEEN_TAGS.sub(
            lambda m: m[1] + escaped(translate(html.unescape(m[2]))) + m[3], page
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

    def lookup(message):
        caption = re.fullmatch(r"\*([^*].*[^*])\*", message, re.DOTALL)
        return f"*{translate(caption[1])}*" if caption else translate(message)

    return lookup


def checkout_files(into):
    """The pages and notebooks in another language as they lie in the checkout, by their path there.

    A page lies where the English one does, in `translations/zh`; only the README is beside it.
    Links lead to translated files where there are some.
    """
    there = f"translations/{into}"
    names = {name: f"{there}/{name}" for name in PAGES}
    names |= {n: f"{there}/{n}" for n in (p.relative_to(ROOT).as_posix() for p in notebooks())}
    names["README.md"] = f"README.{into}.md"
    repository = colab.repository(ROOT)
    files = {}
    for name, target in names.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        if not name.endswith(".ipynb"):
            page = _relinked(translated_page(text, into), name, names)
            files[target] = _stamped(page, repository, "") if name == "README.md" else page
            continue
        notebook = json.loads(translated_notebook(text, into))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                source = _relinked("".join(cell["source"]), name, names)
                source = _stamped(source, repository, target)
                cell["source"] = source.splitlines(keepends=True)
        files[target] = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    return files


def _relinked(text, name, names):
    """Links of the English page `name`, as they must read in its translation."""
    here = posixpath.dirname(names[name])

    def link(match):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1]))
        return posixpath.relpath(names.get(target, target), here)

    return LINK.sub(link, text).replace(*SWITCH)


def _stamped(text, repository, path):
    if not repository:
        return text
    text = colab.stamp(text, repository, path)
    for english, other in LABELS.items():
        text = text.replace(f"[{english}]", f"[{other}]")
    return text


if __name__ == "__main__":
    main()
