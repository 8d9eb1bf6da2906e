"""Keep the other editions in step with the English one.

    python tools/translate.py extract    # new and changed messages into translations/zh/*.po
    python tools/translate.py build      # what the library reads, and the pages and notebooks
    python tools/translate.py status     # what is missing or outdated; fails where one is broken

A page has a catalogue of its own. It holds its messages (`reslib/editions.py`), the captions and
printed lines among its stored outputs, with a placeholder for each number, and the claims of its
code. `reslib.po` holds what the library says. A message that changed keeps its translation beside
the old English, marked as fuzzy, and shows in English until somebody has looked at it.
"""

import argparse
import ast
import difflib
import json
import re
import sys
from pathlib import Path

import colab
import editions
import nbformat
import pandas as pd
import polib
from markdown_it import MarkdownIt

from reslib import lab, language

ROOT = Path(__file__).parents[1]
SPEAKING = ("claims.py", "environment.py", "lab.py", "exercises", "experiments/sweep.py")
# "03.1: 2 times (1.6 to 2.6; 5 seeds)<br>…", "held at 20 of 20 offsets; closest 1.5"
NOT_TRANSLATED = re.compile(r"\d\d\.\d+: [^a-z]|held at \d")
# What stands alone in claims, tables and verdicts, or changes with each measurement of seconds.
TAKES = "This takes about {} on two CPU cores."
ALONE = (
    *("claim", "claimed", "control", "verdict", "holds", "({1} to {2})"),
    *("held at {1} of {2} offsets", "closest {1}", "closest {1} and {2}"),
    *("exercises", "(right)", "no", "two", "many", "alike", "unrelated", "vanished", "exploded"),
    "checkpoints",
    *(TAKES.format(time) for time in ("{1} seconds", "a minute", "{1} minutes")),
)
# Whose arguments no reader meets in a notebook.
NOT_SAID = {"ValueError", "TypeError", "add_argument", "add_parser", "query", "get_option"}
BETWEEN_STARS = re.compile(r"^\*(.*)\*$", re.S)
NOT_WORDS = re.compile(r"`[^`]*`|\]\([^)]*\)|\$[^$]*\$|<[^>]*>|\{[^{}]*\}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("verb", choices=("extract", "build", "status"))
    parser.add_argument("--into", default="zh", choices=sorted(editions.NAMES))
    arguments = parser.parse_args()
    folder = ROOT / "translations" / arguments.into
    sys.exit({"extract": extract, "build": build, "status": status}[arguments.verb](folder))


def sources():
    """The messages of each catalogue, by its name: pairs of a message and where it stands."""
    found = {}
    for path in editions.notebooks():
        found[path.relative_to(ROOT).with_suffix("").as_posix()] = notebook_messages(path)
    found |= {path.removesuffix(".md"): page_messages(ROOT / path) for path in editions.PAGES}
    found["start"] = [(paragraph, "the reader's copy") for paragraph in lab.PARAGRAPHS]
    found["site"] = [(words, "docs/_ext/contents.py") for words in site_words()]
    found["reslib"] = library_messages()
    return each_once(found)


def each_once(found):
    """A message of several pages stands in the catalogue of the first, without what is no words."""
    seen = set()
    for name, pairs in found.items():
        wants = wanted_of_the_library if name == "reslib" else wanted
        messages = {}
        for message, where in pairs:
            if message not in seen and wants(message):
                messages.setdefault(message, where)
        seen |= messages.keys()
        found[name] = messages
    return found


def page_messages(path):
    """A page's messages, but for those that `claim_messages` make up."""
    made = set()
    if path.name == "CLAIMS.md":
        table = pd.read_csv(ROOT / "data/claims.csv", dtype=str, keep_default_na=False)
        made = {*table.sentence, *table.claimed}
    text = colab.plain(path.read_text(encoding="utf-8"))
    return [
        (span.message, f"line {span.first + 1}")
        for span in editions.spans(text)
        if span.message not in made
        and not NOT_TRANSLATED.match(span.message)
        and not editions.TERM.fullmatch(span.message)
    ]


def cells(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for span in editions.spans(colab.plain("".join(cell["source"]))):
                if not span.message.startswith(TAKES.partition("{")[0]):
                    yield span.message, f"cell {cell['id']}"


def notebook_messages(path):
    notebook = nbformat.read(path, as_version=4)
    yield from cells(notebook)
    for message in claim_messages(path.name):
        yield message, "claims"
    for cell in notebook.cells:
        for table in tables(cell.source if cell.cell_type == "code" else ""):
            for span in editions.spans(table):
                yield span.message, f"table in cell {cell.id}"
        for output in cell.get("outputs", []):
            for caption in captions(output):
                yield language.without_numbers(caption)[0], f"output of cell {cell.id}"


def captions(output):
    """A figure's sentence, one by one."""
    text = output.get("data", {}).get("text/markdown", "")
    if caption := BETWEEN_STARS.match(text):
        yield caption[1]


def tables(code):
    """The tables in Markdown that a cell fills with numbers."""
    if "| --- |" in code:
        yield from (text for text in strings(ast.parse(code)) if "| --- |" in text)


def claim_messages(notebook):
    """The statements of a notebook's claims, and how their values and repetitions are counted."""
    table = pd.read_csv(ROOT / "data/claims.csv", dtype=str, keep_default_na=False)
    for claim in table[table.notebook == notebook].itertuples():
        yield claim.statement
        for text in (claim.measured, *claim.claimed.split("; control: ")):
            value, _, brackets = text.partition(" (")
            for part in (value, brackets and f"({brackets}"):
                yield language.without_numbers(part)[0]
        value = language.without_numbers(claim.measured.partition(" (")[0])[0]
        yield from (f"at least {value}", f"at most {value}")


def site_words():
    """What the side bar of the site says."""
    sys.path.insert(0, str(ROOT / "docs/_ext"))
    import contents

    yield from ("the authors of the course, MIT licence", "The course", "Exercises", "Solutions")
    yield from ("Show the code", "Hide the code")
    yield from contents.PAGES
    yield from (contents.short(path.stem) for path in editions.notebooks())


def library_messages():
    """The words of the library's f-strings and strings, but for those that explain code."""
    for message in ALONE:
        yield message, "claims and tables"
    for name in SPEAKING:
        place = ROOT / "reslib" / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for message in strings(tree):
                yield message, path.relative_to(ROOT).as_posix()


def strings(node):
    """Every string below a node that is no docstring; values in f-strings become placeholders."""
    if node is None:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if getattr(getattr(node, "exc", node), "func", None) and called(node) in NOT_SAID:
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            part.value if isinstance(part, ast.Constant) else f"{{{name_of(part.value)}}}"
            for part in node.values
        )
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from strings(part.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from strings(child)


def called(node):
    """The name of the function that a call or a `raise` calls."""
    function = getattr(node, "exc", node).func
    return getattr(function, "attr", getattr(function, "id", ""))


def name_of(expression):
    """A placeholder without braces or quotation marks, so that it reads as one word."""
    return re.sub(r"[^\w.()]+", "_", ast.unparse(expression)).strip("_")[:40]


def wanted(message):
    """Whether there are words to translate."""
    return bool(re.search(r"[A-Za-z]{2}", NOT_WORDS.sub("", message)))


def wanted_of_the_library(message):
    """A sentence or a part of one, not a name, a key or so few words that they match anything."""
    letters = re.findall(r"[A-Za-z]", NOT_WORDS.sub("", message))
    is_prose = " " in message.strip() and "\n" not in message
    return message in ALONE or (is_prose and len(letters) >= 6)


def extract(folder):
    for name, pairs in sources().items():
        path = folder / f"{name}.po"
        old = polib.pofile(str(path)) if path.exists() else polib.POFile()
        new = catalogue_of(pairs, {entry.msgid: entry for entry in old})
        path.parent.mkdir(parents=True, exist_ok=True)
        new.save(str(path))
    obsolete = {folder / f"{name}.po" for name in sources()}
    for path in set(folder.rglob("*.po")) - obsolete:
        path.unlink()


def catalogue_of(messages, known):
    """The catalogue of a page, with what is known of it."""
    new = polib.POFile(wrapwidth=0)
    new.metadata = {
        "Language": "zh_CN",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    gone = {m: e for m, e in known.items() if m not in messages and e.msgstr}
    for message, where in messages.items():
        entry = polib.POEntry(msgid=message, comment=where)
        if message in known:
            was = known[message]
            entry.msgstr, entry.flags, entry.previous_msgid = (
                was.msgstr,
                was.flags,
                was.previous_msgid,
            )
        new.append(entry)
    for entry in new:
        if not entry.msgstr and gone:
            close = difflib.get_close_matches(entry.msgid, list(gone), 1, 0.7)
            if close:
                was = gone.pop(close[0])
                entry.msgstr, entry.flags = was.msgstr, ["fuzzy"]
                entry.previous_msgid = was.previous_msgid or was.msgid
    return new


def catalogues(folder):
    """Each catalogue, by its path."""
    paths = sorted(folder.rglob("*.po"))
    return {path.relative_to(folder).as_posix(): polib.pofile(str(path)) for path in paths}


def messages_of(folder):
    """The translation of every message that has one."""
    return {
        entry.msgid.strip(): entry.msgstr.strip()
        for catalogue in catalogues(folder).values()
        for entry in catalogue.translated_entries()
    }


def build(folder):
    into = folder.name
    target = language.CATALOGUES / f"{into}.json"
    target.parent.mkdir(exist_ok=True)
    text = json.dumps(messages_of(folder), ensure_ascii=False, indent=0, sort_keys=True)
    target.write_text(text + "\n", encoding="utf-8", newline="\n")
    language.catalogue.cache_clear()
    for name, text in editions.checkout_files(into).items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")


# ---- what a translation must keep

KEPT = re.compile(
    r"\]\(([^)\s]+)\)|(`[^`]+`)|(\$[^$]+\$)|\b(0\d\.\d+)\b|(\{[^{}]*\})|(</?\w+[^>]*>)"
)
GRAMMAR = re.compile(r"\{(s_|are\b|is_|was_|has_|have_)")  # a plural's s, which Chinese has not


def kept(text):
    """Targets of links, code, formulas, numbers of claims, placeholders and tags, in any order."""
    return sorted("".join(groups) for groups in KEPT.findall(text))


def faults(message, new):
    """What is wrong with a translation, as sentences."""
    before, after = kept(" ".join(message.split())), kept(new)
    lost = [part for part in set(before) - set(after) if not GRAMMAR.match(part)]
    added = set(after) - set(before)
    if lost or added:
        yield f"lost {sorted(lost)}, added {sorted(added)}"
    tokens = [t for top in MarkdownIt().parse(new) for t in top.children or []]
    if any(t.type == "text" and "**" in t.content for t in tokens):
        yield "a ** does not close: no punctuation may stand just inside it"
    prose = re.sub(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\{[^{}]*\}", "", new)
    if re.search(r"[一-鿿][,;:?!]|[,;:?!][一-鿿]", prose):
        yield "half-width punctuation beside Chinese"
    if "\n" in new.strip():
        yield "more than one line"


def status(folder):
    """Count what is translated, outdated and missing; name what is broken."""
    broken = 0
    counts = {"translated": 0, "outdated": 0, "missing": 0}
    pages = sources()
    for name, catalogue in catalogues(folder).items():
        known = {entry.msgid for entry in catalogue}
        messages = pages.get(name.removesuffix(".po"), {}).keys()
        here = {
            "translated": len(catalogue.translated_entries()),
            "outdated": len(catalogue.fuzzy_entries()) + len(messages - known),
            "missing": len(catalogue.untranslated_entries()),
        }
        print(f"{name}: " + ", ".join(f"{n} {word}" for word, n in here.items() if n))
        counts = {word: counts[word] + n for word, n in here.items()}
        for entry in catalogue.translated_entries():
            for fault in faults(entry.msgid, entry.msgstr):
                broken += 1
                print(f"    {entry.comment}: {fault}: {entry.msgstr[:80]}")
    print(", ".join(f"{n} {word}" for word, n in counts.items()) + f", {broken} broken")
    return int(broken > 0)


if __name__ == "__main__":
    main()
