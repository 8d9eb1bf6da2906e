"""How claims and checks look in a notebook."""

import pytest

from reslib import claims, verdicts
from reslib.exercises import check


def test_a_verdict_cannot_break_the_page_and_sets_code_as_code():
    page = verdicts.in_html("✗", "03.1", "1 < 2 & `a < b`", "more <b>")
    assert "1 &lt; 2 &amp; <code>a &lt; b</code>" in page and "more &lt;b&gt;" in page


@pytest.mark.parametrize("sign", "✓✗…")
def test_each_sign_has_a_colour_of_its_own(sign):
    others = [verdicts.in_html(other, "1", "x") for other in "✓✗…" if other != sign]
    color = verdicts.COLORS[sign]
    assert color in verdicts.in_html(sign, "1", "x") and not any(color in page for page in others)


@pytest.mark.parametrize(
    "shown, words",
    [
        (check("03.1", ...), ["… 03.1", "not answered yet", "hint("]),
        (check("99.9", 1), ["… 99.9", "There is no exercise"]),
        (claims.Claim("00.1", "it is {}", (1.0, 2.0, 3.0), at_least=5), ["✗ 00.1", "claimed: at"]),
    ],
)
def test_a_notebook_and_a_terminal_say_the_same(shown, words):
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == str(shown)
    for word in words:
        assert word in bundle["text/html"] and word in bundle["text/plain"]
