"""The Chinese edition: the code of the English one, prose that is whole, the glossary's terms."""

import json
import re
from pathlib import Path

import editions
import pytest
import translate

from reslib import lab, language

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "translations/zh"
MESSAGES = translate.messages_of(FOLDER)
NOTEBOOKS = [path.relative_to(ROOT).as_posix() for path in editions.notebooks()]
CHINESE = re.compile("[一-鿿]")
# Everyday words too, which the text also uses in their everyday sense.
ALSO_EVERYDAY = {"claim", "control", "gate", "path", "seed", "residual", "optimization", "lesion"}
ALSO_EVERYDAY |= {"gain", "gap"}


@pytest.mark.parametrize("name", sorted(translate.catalogues(FOLDER)))
def test_a_translation_keeps_links_code_formulas_numbers_and_placeholders(name):
    entries = translate.catalogues(FOLDER)[name].translated_entries()
    assert entries
    assert not [(e.msgid, f) for e in entries for f in translate.faults(e.msgid, e.msgstr)]


@pytest.mark.parametrize(
    "english, chinese, fault",
    [
        ("[a](b.md)", "[甲](c.md)", "lost"),
        ("see `x`", "见 x", "lost"),
        ("$a_1$ here", "这里 $a_2$", "lost"),
        ("claim 03.5 holds", "论断 03.6 成立", "lost"),
        ("{1} of {2}", "{1} 个", "lost"),
        ("{1} seeds", "{1}{2} 个", "added"),
        ("<details>", "", "lost"),
        ("so it is", "就是,这样", "half-width"),
        ("**so:** yes", "**是：**对", "does not close"),
        ("one", "一\n二", "line"),
    ],
)
def test_a_broken_translation_is_named(english, chinese, fault):
    assert fault in " ".join(translate.faults(english, chinese))


def test_an_order_of_its_own_is_no_fault():
    assert not [*translate.faults("{1} of {2} `a` (03.5)", "{2} 个中的 {1} 个 `a`（03.5）")]


def test_what_is_built_is_what_the_catalogues_say():
    """`python tools/translate.py build` was run."""
    stored = (language.CATALOGUES / "zh.json").read_text(encoding="utf-8")
    assert json.loads(stored) == MESSAGES
    files = editions.checkout_files("zh")
    there = {p for p in FOLDER.rglob("*") if p.suffix in (".md", ".ipynb")}
    assert there | {ROOT / "README.zh.md"} == {ROOT / name for name in files}
    for name, text in files.items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, name


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_has_the_english_code(name):
    english, chinese = (
        json.loads((place / name).read_text(encoding="utf-8")) for place in (ROOT, FOLDER)
    )
    assert len(english["cells"]) == len(chinese["cells"])
    for ours, theirs in zip(english["cells"], chinese["cells"], strict=True):
        assert ours["id"] == theirs["id"] and ours["cell_type"] == theirs["cell_type"]
        if ours["cell_type"] == "code":
            assert ours["source"] == theirs["source"]
            assert ours["execution_count"] == theirs["execution_count"]  # of one run, stored
    assert chinese["metadata"]["language"] == "zh-CN"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_pictures_and_tables_of_numbers_stay(name):
    english = json.loads((ROOT / name).read_text(encoding="utf-8"))
    chinese = json.loads(editions.translated_notebook(json.dumps(english), "zh"))
    for ours, theirs in zip(english["cells"], chinese["cells"], strict=True):
        for one, other in zip(ours.get("outputs", []), theirs.get("outputs", []), strict=True):
            ours_data, their_data = one.get("data", {}), other.get("data", {})
            assert ours_data.keys() == their_data.keys()
            assert ours_data.get("image/png") == their_data.get("image/png")
            numbers = re.compile(r"\d+\.\d+")
            for kind in ("text/html", "text/markdown"):
                before, after = ("".join(data.get(kind, "")) for data in (ours_data, their_data))
                assert sorted(numbers.findall(before)) == sorted(numbers.findall(after))


def test_a_changed_paragraph_is_english_and_never_stale():
    known = next(m for m in MESSAGES if m.startswith("To be sure that a cell is in reach"))
    cell = {"cell_type": "markdown", "id": "x", "metadata": {}, "source": [f"# T\n\n{known}"]}
    page = {"cells": [cell], "metadata": {}}
    text = editions.translated_notebook(json.dumps(page), "zh")
    assert CHINESE.search(text)
    cell["source"] = [f"# T\n\n{known.replace('To be sure', 'To be certain')}"]
    assert not CHINESE.search(editions.translated_notebook(json.dumps(page), "zh"))


def test_a_changed_message_keeps_its_old_translation_at_hand_but_not_in_use():
    known = {e.msgid: e for e in [translate.polib.POEntry(msgid="It is so here.", msgstr="如此。")]}
    (entry,) = translate.catalogue_of({"It is so there.": "cell 1"}, known)
    assert entry.fuzzy and entry.previous_msgid == "It is so here." and not entry.translated()


@pytest.mark.parametrize(
    "text, messages",
    [
        ("# A *b*\n\none\ntwo\n\n- c\n- d\n", ["A *b*", "one\ntwo", "c", "d"]),
        ("| a | b |\n| - | - |\n| a | a b |\n", ["a", "b", "a", "a b"]),
        ("<details><summary>Why?</summary>\n\nSo.\n\n</details>", ["Why?", "So."]),
        ("<!-- seconds -->This takes a minute.", ["This takes a minute."]),
        ("<details><summary>A?</summary>No. *b*</details>", ["A?", "No. *b*"]),
        ("```\ncode\n```\n\n> quoted", ["quoted"]),
        ("$$\nx = y\n$$", ["$$\nx = y\n$$"]),
    ],
)
def test_messages_are_what_one_reads(text, messages):
    assert [span.message for span in editions.spans(text)] == messages
    assert editions.translated_text(text, lambda message: None) == text
    again = editions.translated_text(text, lambda message: " ".join(message.split("\n")).upper())
    assert [span.message.replace("\n", " ").lower() for span in editions.spans(again)] == [
        message.replace("\n", " ").lower() for message in messages
    ]


def terms():
    rows = re.findall(
        r"^\| \*\*(.+?)\*\* \| (.+?) \|", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), re.M
    )
    for english, chinese in rows:
        words = [re.sub(r" \(.*\)", "", word) for word in english.split(", ")]
        theirs = re.split("、|（|）", chinese)
        yield from ((word, [t for t in theirs if t]) for word in words if word not in ALSO_EVERYDAY)


@pytest.mark.parametrize("english, chinese", [*terms()])
def test_a_term_is_translated_as_the_glossary_says(english, chinese):
    word = re.compile(rf"\b{re.escape(english)}s?\b", re.I)
    kept = re.compile(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|[“\"][^”\"]*[”\"]|\*[^*]*\*|\{[^{}]*\}")
    where = {m: new for m, new in MESSAGES.items() if word.search(kept.sub("", m)) and m != new}
    assert not [
        (message, new)
        for message, new in where.items()
        if not any(term in new for term in chinese) and not word.search(new)
    ]


def test_the_readers_copy_is_chinese_and_its_links_work(tmp_path):
    lab.copy_course(ROOT, tmp_path, "zh")
    start = (tmp_path / lab.START).read_text(encoding="utf-8")
    assert "欢迎" in start and "Welcome" not in start
    for path in tmp_path.rglob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs")
            if cell["cell_type"] == "markdown":
                for link in re.findall(r"\]\(([^)#\s:]+)\)", "".join(cell["source"])):
                    assert (path.parent / link).exists(), f"{path.name}: {link}"


@pytest.mark.parametrize(
    "page", ["README.zh.md", *(f"translations/zh/{n}" for n in editions.PAGES[1:])]
)
def test_links_of_a_page_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)", text):
        assert target.startswith("https://") or ((ROOT / page).parent / target).exists(), target


def test_the_editions_of_the_readme_name_each_other():
    english, chinese = ROOT / "README.md", ROOT / "README.zh.md"
    assert english.read_text(encoding="utf-8").startswith("[中文](README.zh.md)\n")
    assert chinese.read_text(encoding="utf-8").startswith("[English](README.md)\n")
