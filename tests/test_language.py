"""What the library says in the reader's language, and what it does with what it cannot say."""

import json
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from reslib import claims, environment, figures, language
from reslib.exercises import check, compare, progress
from reslib.language import Catalogue, translated

ROOT = Path(__file__).parents[1]


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv("RESLIB_LANG", "zh")


def test_english_is_spoken_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("RESLIB_LANG", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert language.language() == "en" and translated("claim") == "claim"


@pytest.mark.parametrize("name", ["zh", "zh_CN.UTF-8", "zh-Hans"])
def test_a_language_may_be_named_in_any_usual_way(name, monkeypatch):
    monkeypatch.setenv("RESLIB_LANG", name)
    assert language.language() == "zh"


@pytest.mark.parametrize("name", ["xx", "../zh", ""])
def test_a_language_without_a_catalogue_is_english(name, monkeypatch):
    monkeypatch.setenv("RESLIB_LANG", name)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert language.language() == "en"


def test_a_notebook_is_answered_in_its_language(tmp_path, monkeypatch):
    monkeypatch.delenv("RESLIB_LANG", raising=False)
    for text, expected in [
        ('{"metadata": {"language": "zh-CN"}}', "zh"),
        ("{", "en"),
        ("[]", "en"),
    ]:
        path = tmp_path / f"{len(text)}.ipynb"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv("JPY_SESSION_NAME", str(path))
        assert language.language() == expected


CATALOGUE = Catalogue(
    {
        "{name} is {factor} times the right one.": "{name}是正确值的 {factor} 倍。",
        "the kernel": "核",
        "training {1} networks": "训练 {1} 个网络",
        "from {1} to {2}": "到 {2}，从 {1}",
        "Look at {where}.": "看看{where}。",
        "the shortcut": "快捷连接",
        "({1} seeds)": "（{1} 个随机种子）",
        "About 6 minutes on 2 cores.": "在 2 个核上约需 6 分钟。",
        "claimed": "要求",
        "right": "对",
    }
)


@pytest.mark.parametrize(
    "english, chinese",
    [
        ("the kernel is 2.5 times the right one.", "核是正确值的 2.5 倍。"),
        ("foo is 2.5 times the right one.", "foo是正确值的 2.5 倍。"),
        ("training 15 networks", "训练 15 个网络"),
        ("from -1.5 to 2e-05", "到 2e-05，从 -1.5"),  # the order may change, the numbers may not
        ("from one to 2", "from one to 2"),  # a numbered field is a number
        ("About 9 minutes on 4 cores.", "在 4 个核上约需 9 分钟。"),  # a new measurement
        ("About 9 minutes on 4 fast cores.", "About 9 minutes on 4 fast cores."),
        ("Look at the kernel and the shortcut.", "看看核和快捷连接。"),
        ("claimed: the kernel (5 seeds)", "要求：核（5 个随机种子）"),
        ("right. Look at the kernel. And so on.", "对。看看核。And so on."),
        ("The kernel", "The kernel"),
        ("**the kernel**", "**核**"),
        ("3.5, −2", "3.5, −2"),
        ("", ""),
    ],
)
def test_a_finished_sentence_is_found_by_its_fixed_words(english, chinese):
    assert CATALOGUE.translate(english) == chinese


def test_a_formula_is_no_field():
    catalogue = Catalogue({r"it is $\frac{1}{2}$ here": r"这里是 $\frac{1}{2}$"})
    assert catalogue.translate(r"it is $\frac{1}{3}$ here") == r"it is $\frac{1}{3}$ here"


def test_a_claim_is_said_in_chinese_and_recorded_in_english(chinese, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RESLIB_CLAIMS", str(tmp_path / "claims.json"))
    statement = "on rows, plain-56 makes {} as many errors as plain-20"
    claims.claim("03.1", statement, [2, 2.1, 2.2], 1.2, unit="times", control=[0.5, 0.6, 0.55])
    said = capsys.readouterr().out
    assert "个随机种子" in said and "errors" not in said and "claimed" not in said
    (record,) = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))[-1:]
    assert record["statement"] == statement and "2.1 times" in record["sentence"]


def test_verdicts_hints_and_predictions_are_chinese(chinese, capsys):
    assert "还没有" in repr(check("03.1", ...)) or "尚未" in repr(check("03.1", ...))
    compare(0.2, 0.5)
    assert capsys.readouterr().out.startswith("测得：0.5。")
    assert not progress().title.str.contains("[A-Za-z]{3} [a-z]{2}").any()


def test_a_caption_is_chinese_where_the_numbers_are_others(chinese, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda what, **_: shown.append(what))
    matplotlib.use("agg")
    text = "5 rows of 64 cells with 9 walls in all; 41% of the cells are in reach of the mark in "
    figures.show(figures.panels(title="Rows")[0], f"{text}their row.")
    assert "41%" in shown[1].data and "cells" not in shown[1].data


def test_the_environment_is_named_without_a_framework_being_needed_for_it(chinese):
    assert "CPU" in environment() and "cores" not in environment()


def test_english_costs_no_catalogue():
    code = "import reslib.language as l; l.translated('x'); print(l.catalogue.cache_info().misses)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert found.stdout.strip() == "0"
