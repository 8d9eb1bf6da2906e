"""Claims: a verdict computed from the values, and an error where it is not the one claimed."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reslib import claims
from reslib.claims import Claim, ClaimError, claim

# Mean 10, standard deviation 2, standard error 2 / √4 = 1: the bound is cleared from 6, and to 14.
# (Deviations -3, 1, 1, 1 have the squares 9 + 1 + 1 + 1 = 12, and 12 / 3 = 4.)
VALUES = (7.0, 11.0, 11.0, 11.0)

numbers = st.floats(-1e6, 1e6)
several = st.lists(numbers, min_size=3, max_size=10)


@pytest.fixture(autouse=True)
def no_claims_yet(monkeypatch):
    monkeypatch.setattr(claims, "_claims", {})
    monkeypatch.delenv("RESLIB_CLAIMS", raising=False)


def test_mean_and_spread():
    made = claim("1", "…", VALUES, at_least=0)
    assert made.mean == 10 and made.spread == 2


@pytest.mark.parametrize(
    "bounds, holds",
    [
        ({"at_least": 6.0}, True),
        ({"at_least": 6.001}, False),
        ({"at_most": 14.0}, True),
        ({"at_most": 13.999}, False),
        ({"at_least": 6.0, "at_most": 14.0}, True),
        ({"at_least": 6.0, "at_most": 13.999}, False),
        ({"at_least": 6.001, "at_most": 14.0}, False),
        ({"at_least": 20}, False),
        ({"at_most": 0}, False),
    ],
    ids=str,
)
def test_effect_clears_its_bound_by_four_standard_errors(bounds, holds):
    """Around the bound computed by hand."""
    if holds:
        assert claim("1", "…", VALUES, **bounds).holds
    else:
        with pytest.raises(ClaimError, match="DOES NOT HOLD"):
            claim("1", "…", VALUES, **bounds)


@pytest.mark.parametrize(
    "bounds, holds",
    [
        ({"at_least": 7.0}, True),
        ({"at_least": 7.001}, False),
        ({"at_most": 11.0}, True),
        ({"at_most": 10.999}, False),
        ({"at_least": 7, "at_most": 11}, True),
    ],
    ids=str,
)
def test_exact_claim_is_about_each_value(bounds, holds):
    """No margin, and none of the values is let off."""
    if holds:
        assert claim("1", "…", VALUES, **bounds, exact=True).holds
    else:
        with pytest.raises(ClaimError):
            claim("1", "…", VALUES, **bounds, exact=True)


@given(several, numbers)
def test_claim_and_its_contrary_never_both_hold(values, bound):
    """Unless all values are on the bound."""
    above = Claim("1", "…", tuple(values), at_least=bound).holds
    below = Claim("1", "…", tuple(values), at_most=bound).holds
    assert not (above and below) or all(math.isclose(v, bound, abs_tol=1e-6) for v in values)


@given(several, numbers)
def test_mirrored_values_mirror_the_verdict(values, bound):
    """Both bounds are drawn by the same rule."""
    above = Claim("1", "…", tuple(values), at_least=bound)
    below = Claim("1", "…", tuple(-value for value in values), at_most=-bound)
    assert above.holds == below.holds


@given(several, numbers, st.floats(0, 1e6))
def test_weaker_claim_holds_too(values, bound, less):
    if Claim("1", "…", tuple(values), at_least=bound).holds:
        assert Claim("1", "…", tuple(values), at_least=bound - less).holds


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("exact", [True, False])
def test_what_is_no_number_bears_nothing_out(value, exact):
    """A training that went to infinity is no evidence, in either direction."""
    for bound in ("at_least", "at_most"):
        with pytest.raises(ClaimError):
            claim("1", "…", [1.0, 1.0, value], **{bound: 1.0}, exact=exact)


def test_control_that_holds_shows_that_the_claim_cannot_fail():
    with pytest.raises(ClaimError, match="control"):
        claim("1", "…", VALUES, at_least=0, control=VALUES)


def test_exchanged_groups_turn_the_verdict():
    """The control of a claim about a difference is the difference the other way round."""
    differences = [3.0, 4.0, 5.0]
    swapped = [-value for value in differences]
    assert claim("1", "…", differences, at_least=1, control=swapped).holds
    with pytest.raises(ClaimError):
        claim("1", "…", swapped, at_least=1, control=differences)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], 1.0])
def test_standard_error_needs_three_values(values):
    with pytest.raises(ValueError, match="values must be at least 3 numbers"):
        claim("1", "…", values, at_least=0)
    with pytest.raises(ValueError, match="control must be at least 3 numbers"):
        claim("1", "…", VALUES, at_least=0, control=values)


def test_exact_claim_needs_one_value():
    assert claim("1", "…", 5, at_least=5, at_most=5, exact=True).values == (5.0,)
    with pytest.raises(ValueError, match="values"):
        claim("1", "…", [], at_least=5, exact=True)


def test_claim_without_a_bound_is_refused():
    with pytest.raises(ValueError, match="at_least or at_most"):
        claim("1", "…", VALUES)


def test_claim_is_printed_with_what_was_measured(capsys):
    claim("03.1", "Ten it is", VALUES, at_least=5, at_most=20, control=[0, 1, 2])
    assert capsys.readouterr().out == (
        "holds · 03.1 Ten it is\n"
        "        measured 10 ± 2 over 4 seeds; claimed at least 5 and at most 20; control 1\n"
    )


def test_claim_that_does_not_hold_is_printed_and_recorded(capsys):
    with pytest.raises(ClaimError):
        claim("03.2", "A hundred", VALUES, at_least=100)
    assert "DOES NOT HOLD · 03.2 A hundred" in capsys.readouterr().out
    assert list(claims.table().verdict) == ["does not hold"]


def test_table_has_a_row_for_each_claim():
    claim("03.1", "Ten", VALUES, at_least=5)
    claim("03.2", "Exactly", 3, at_least=3, at_most=3, exact=True)
    claim("03.1", "Ten, made again", VALUES, at_least=4)
    table = claims.table()
    assert list(table.index) == ["03.1", "03.2"]
    assert list(table.statement) == ["Ten, made again", "Exactly"]
    assert list(table.measured) == ["10 ± 2", "3"]
    assert list(table.claimed) == ["≥ 4", "≥ 3 and ≤ 3"]
    assert list(table.seeds) == [4, 1]


def test_table_of_no_claims_is_empty():
    assert len(claims.table()) == 0


def test_records_are_left_where_the_variable_says(monkeypatch, tmp_path):
    """All claims up to the last one, also where it does not hold."""
    path = tmp_path / "claims.json"
    monkeypatch.setenv("RESLIB_CLAIMS", str(path))
    claim("03.1", "Ten", VALUES, at_least=5, control=[0, 1, 2])
    with pytest.raises(ClaimError):
        claim("03.2", "A hundred", VALUES, at_least=100)
    first, second = json.loads(path.read_text(encoding="utf-8"))
    assert (first["id"], first["statement"], first["mean"]) == ("03.1", "Ten", 10)
    assert (first["at_least"], first["at_most"], first["holds"]) == (5, None, True)
    assert (first["values"], first["control"]) == (list(VALUES), [0, 1, 2])
    assert (second["id"], second["holds"]) == ("03.2", False)
