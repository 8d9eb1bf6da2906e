"""Claims: a verdict computed from the values, which never stops a reader."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reslib import claims
from reslib.claims import Claim, ClaimError, claim

# Mean 10, standard deviation 2, standard error 2 / √4 = 1. (Deviations -3, 1, 1, 1 have the squares
# 9 + 1 + 1 + 1 = 12, and 12 / 3 = 4.) Tables of Student's t have 4.541 for 3 degrees of freedom.
VALUES = (7.0, 11.0, 11.0, 11.0)
MARGIN = 4.541

numbers = st.floats(-1e6, 1e6)
several = st.lists(numbers, min_size=3, max_size=10)
factors = st.lists(st.floats(0.01, 100), min_size=3, max_size=10)


@pytest.fixture(autouse=True)
def no_claims_yet(monkeypatch):
    monkeypatch.setattr(claims, "_claims", {})
    monkeypatch.delenv("RESLIB_CLAIMS", raising=False)
    monkeypatch.delenv("RESLIB_STRICT", raising=False)


@pytest.mark.parametrize(
    "bounds, holds",
    [
        ({"at_least": 10 - MARGIN - 0.001}, True),
        ({"at_least": 10 - MARGIN + 0.001}, False),
        ({"at_most": 10 + MARGIN + 0.001}, True),
        ({"at_most": 10 + MARGIN - 0.001}, False),
        ({"at_least": 5, "at_most": 15}, True),
        ({"at_least": 5, "at_most": 14}, False),
        ({"at_least": 6, "at_most": 15}, False),
    ],
    ids=str,
)
def test_the_interval_clears_the_bound(bounds, holds):
    """Around the bound that a printed table of Student's t gives."""
    assert Claim("1", "…", VALUES, **bounds).holds == holds


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=9, unique=True), st.floats(-100, 100))
def test_the_verdict_is_that_of_a_t_test(values, bound):
    """SciPy's one-sided test against the bound rejects on the level of 1 %."""
    p = stats.ttest_1samp(values, bound, alternative="greater").pvalue
    if abs(p - 0.01) > 1e-9:
        assert Claim("1", "…", tuple(values), at_least=bound).holds == (p < 0.01)


@given(factors, st.floats(0.01, 100))
def test_factors_are_judged_alike_upside_down(values, bound):
    """Three times as often is the same as a third as often the other way round."""
    up = Claim("1", "…", tuple(values), at_least=bound, unit="times")
    down = Claim("1", "…", tuple(1 / v for v in values), at_most=1 / bound, unit="times")
    if not any(math.isclose(end, bound) for end in up.interval):
        assert up.holds == down.holds
    assert math.isclose(up.mean, 1 / down.mean)


def test_factors_have_a_geometric_mean():
    assert math.isclose(Claim("1", "…", (1.0, 2.0, 4.0), at_least=0, unit="times").mean, 2)


def test_no_factor_is_zero():
    """One error of zero makes an infinite factor, or none: that is no evidence."""
    assert not Claim("1", "…", (0.0, 2.0, 4.0), at_least=-1, unit="times").holds


@pytest.mark.parametrize("least, holds", [(7.0, True), (7.001, False)])
def test_each_value_counts_where_values_are_designed(least, holds):
    """No margin, and none of the values is let off."""
    assert Claim("1", "…", VALUES, at_least=least, each=True).holds == holds


@given(several, numbers)
def test_claim_and_its_contrary_never_both_hold(values, bound):
    """Unless all values are on the bound."""
    above = Claim("1", "…", tuple(values), at_least=bound).holds
    below = Claim("1", "…", tuple(values), at_most=bound).holds
    assert not (above and below) or all(math.isclose(v, bound, abs_tol=1e-6) for v in values)


@given(several, numbers, st.floats(0, 1e6))
def test_weaker_claim_holds_too(values, bound, less):
    if Claim("1", "…", tuple(values), at_least=bound).holds:
        assert Claim("1", "…", tuple(values), at_least=bound - less).holds


@pytest.mark.parametrize("unit", ["", "times"])
def test_infinities_of_both_signs_and_huge_spreads_stop_nobody(unit, capsys):
    for values in ([math.inf, -math.inf, 1.0], [0.0, 1e308, 1e-308], []):
        claim("1", "…", values, at_least=1.0, unit=unit)
        assert "✗" in capsys.readouterr().out


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("each", [True, False])
def test_what_is_no_number_bears_nothing_out(value, each, capsys):
    """A training that went to infinity is no evidence, in either direction; it is shown all the
    same."""
    for bound in ("at_least", "at_most"):
        made = Claim("1", "…", (1.0, 1.0, value), **{bound: 1.0}, each=each)
        assert not made.holds
        claim("1", "…", [1.0, 1.0, value], **{bound: 1.0}, each=each)
        assert "✗" in capsys.readouterr().out


def test_a_reader_is_never_stopped(capsys):
    claim("03.2", "it is {}", VALUES, at_least=100)
    assert "Not borne out by this measurement" in capsys.readouterr().out
    assert list(claims.table().frame.verdict) == ["does not hold"]


@pytest.mark.parametrize("control", [None, (20.0, 21.0, 22.0)])
def test_the_tests_are_stopped(monkeypatch, control):
    """By a claim that does not hold, and by one that holds for its control too."""
    monkeypatch.setenv("RESLIB_STRICT", "1")
    with pytest.raises(ClaimError, match="✗ 03.2"):
        claim("03.2", "it is {}", VALUES, at_least=5 if control else 100, control=control)


def test_a_claim_says_how_often_it_failed_in_the_campaign(monkeypatch, capsys):
    import pandas as pd

    from reslib import datasets

    campaign = pd.DataFrame(
        {"claim": ["03.2", "03.2", "03.3"], "verdict": ["holds", "does not hold", "does not hold"]}
    )
    monkeypatch.setattr(datasets, "recorded", lambda name: campaign, raising=False)
    claim("03.2", "it is {}", VALUES, at_least=100)
    assert "this happened in 1 of 2." in capsys.readouterr().out


@pytest.mark.parametrize(
    "values, control, unit",
    [
        ((3.0, 4.0, 5.0), (-3.0, -4.0, -5.0), ""),
        ((3.0, 4.0, 5.0), (1 / 3, 1 / 4, 1 / 5), "times"),
        ((3.0, 4.0, 5.0), (0.0, 0.0, 0.0), ""),
    ],
)
def test_a_control_that_cannot_hold_is_refused(monkeypatch, values, control, unit):
    """It is the measurement again, or no measurement at all. A reader is not stopped by it."""
    claim("1", "…", values, at_least=1, unit=unit, control=control)
    monkeypatch.setenv("RESLIB_STRICT", "1")
    with pytest.raises(ValueError, match="control must be"):
        claim("1", "…", values, at_least=1, unit=unit, control=control)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], 1.0])
def test_an_interval_needs_three_values(monkeypatch, values):
    """Which a reader's measurement may happen not to leave: then the claim is not borne out."""
    claim("1", "…", values, at_least=100)
    monkeypatch.setenv("RESLIB_STRICT", "1")
    with pytest.raises(ValueError, match="values must be at least 3 numbers"):
        claim("1", "…", values, at_least=0)
    with pytest.raises(ValueError, match="control must be at least 3 numbers"):
        claim("1", "…", VALUES, at_least=0, control=values)


def test_claim_without_a_bound_is_refused():
    with pytest.raises(ValueError, match="at_least or at_most"):
        claim("1", "…", VALUES)


@pytest.mark.parametrize(
    "options, sentence",
    [
        (
            {"statement": "it errs {} as often", "unit": "times", "values": (2.0, 3.0, 4.5)},
            "it errs 3 times as often (0.588 to 15.3; 3 seeds)",  # 3 · exp(±6.965 · ln 1.5 / √3)
        ),
        (
            {"statement": "the gap is {} wide", "unit": "points", "over": "data sets"},
            "the gap is 10 points wide (5.46 to 14.5; 4 data sets)",
        ),
        (
            {"statement": "no cell vanishes", "each": True, "over": "cells"},
            "no cell vanishes: 10 (7 to 11; each of 4 cells)",
        ),
        (
            {"statement": "it is {}", "each": True, "values": 5, "over": "counts"},
            "it is 5 (1 count)",
        ),
    ],
    ids=["times", "points", "each", "one"],
)
def test_a_claim_is_one_sentence_in_the_readers_unit(capsys, options, sentence):
    claim("03.1", **{"values": VALUES, "at_least": 0.5, **options})
    assert capsys.readouterr().out.splitlines()[0] == f"✓ 03.1 {sentence}"


def test_the_terms_stand_below_the_sentence(capsys):
    claim("03.1", "…", VALUES, at_least=5, at_most=20, control=[0, 1, 2], unit="%")
    assert capsys.readouterr().out.splitlines()[1] == (
        "    claimed: at least 5 % and at most 20 %; control: 1 % (-3.02 to 5.02)"
    )


def test_a_notebook_gets_a_page_and_a_text():
    """The one for JupyterLab, the other for whoever shows no HTML."""
    made = Claim("03.1", "a < b & {}", VALUES, at_least=5)
    data = made._repr_mimebundle_()
    assert "a &lt; b &amp; 10" in data["text/html"]
    assert data["text/plain"] == str(made)


def test_table_has_a_row_for_each_claim_and_is_read_from_the_left():
    claim("03.1", "Ten", VALUES, at_least=5)
    claim("03.2", "Exactly", 3, at_least=3, at_most=3, each=True)
    claim("03.1", "Ten, made again", VALUES, at_least=4)
    table = claims.table()
    assert list(table.frame.index) == ["03.1", "03.2"]
    assert table.frame["what was measured"].iloc[0].startswith("Ten, made again: 10")
    assert list(table.frame.claimed) == ["at least 4", "at least 3 and at most 3"]
    assert "text-align: left" in table._repr_html_()


def test_table_of_no_claims_is_empty():
    assert len(claims.table()) == 0


def test_records_are_left_where_the_variable_says(monkeypatch, tmp_path):
    """All claims up to the last one, also where it does not hold."""
    path = tmp_path / "claims.json"
    monkeypatch.setenv("RESLIB_CLAIMS", str(path))
    claim("03.1", "Ten", VALUES, at_least=5, control=[0, 1, 2])
    claim("03.2", "A hundred", VALUES, at_least=100)
    first, second = json.loads(path.read_text(encoding="utf-8"))
    assert (first["id"], first["statement"], first["mean"]) == ("03.1", "Ten", 10)
    assert (first["at_least"], first["at_most"], first["verdict"]) == (5, None, "holds")
    assert (first["values"], first["control"]) == (list(VALUES), [0, 1, 2])
    assert (second["id"], second["verdict"]) == ("03.2", "does not hold")
