"""Claims: sentences of the course that a measurement must bear out."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pathlib
import statistics
import sys
from collections.abc import Iterable

from reslib import smoke, verdicts
from reslib.language import translated
from reslib.terminal import printable

CONFIDENCE = 0.99  # of each end of the interval, one-sided
FEWEST = 3  # repetitions, without which an interval says nothing


class ClaimError(AssertionError):
    """A claim that its measurement does not bear out."""


@dataclasses.dataclass(frozen=True)
class Claim:
    """What was claimed, what was measured, and whether the one bears out the other.

    Attributes:
        id: Short identifier, such as `"03.2"`.
        statement: The sentence claimed; the measured value stands in place of its `{}`.
        values: One measured value for each repetition, in `unit`.
        at_least, at_most: The bounds, in `unit`; `None` where there is none.
        unit: What the values are counted in: `"times"`, `"points"`, `"%"`, any other word, or `""`.
        over: What was repeated, in the plural, such as `"seeds"`.
        each: Whether every single value must keep the bounds: designed, or too few for an interval.
        control: Values of another measurement, for which the claim must *not* hold, or `None`.
    """

    id: str
    statement: str
    values: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    over: str = "seeds"
    each: bool = False
    control: tuple[float, ...] | None = None

    @property
    def mean(self) -> float:
        """The mean of the values; of factors (`unit="times"`) the geometric one."""
        return self._estimate(self.values)[0]

    @property
    def interval(self) -> tuple[float, float]:
        """What the mean is not below, and not above, each with a confidence of 99 %.

        By Student's t; for factors on their logarithms. Where each value counts by itself, the
        least and the largest.
        """
        return self._estimate(self.values)[1:]

    @property
    def holds(self) -> bool:
        """Whether the interval keeps the bounds."""
        return self._holds_for(self.values)

    @property
    def control_holds(self) -> bool:
        """Whether the control satisfies the claim too, so that the claim says nothing."""
        return self.control is not None and self._holds_for(self.control)

    @property
    def verdict(self) -> str:
        """`"holds"`, `"does not hold"`, or `"holds for its control too"`."""
        if not self.holds:
            return "does not hold"
        return "holds for its control too" if self.control_holds else "holds"

    def _holds_for(self, values):
        if not all(math.isfinite(value) for value in values):
            return False
        _, low, high = self._estimate(values)
        return (self.at_least is None or low >= self.at_least) and (
            self.at_most is None or high <= self.at_most
        )

    def _estimate(self, values):
        """Return the mean and both ends of the interval."""
        if self.unit == "times":
            if not all(value > 0 for value in values):
                return (math.nan,) * 3
            center, low, high = _interval([math.log(value) for value in values], self.each)
            return _exp(center), _exp(low), _exp(high)
        return _interval(values, self.each)

    def sentence(self) -> str:
        """Put the measured value, its interval and the number of repetitions into the statement."""
        value, details = self._described()
        if "{}" in self.statement:
            return f"{self.statement.replace('{}', value)} {details}"
        return f"{self.statement}: {value} {details}"

    def measured(self) -> str:
        """Say what was measured, without the statement: `"3 times (2.1 to 4.3; 5 seeds)"`."""
        return " ".join(self._described())

    def _described(self):
        """Return the mean with its unit, and in brackets its interval and the repetitions."""
        value, spread = self._summary(self.values)
        n = len(self.values)
        what = self.over if n != 1 else self.over.removesuffix("s")
        where = f"each of {n} {what}" if self.each and n > 1 else f"{n} {what}"
        return value, f"({spread}; {where})" if spread else f"({where})"

    def terms(self) -> str:
        """Say what was demanded, and what the control gave."""
        pairs = ("at least", self.at_least), ("at most", self.at_most)
        bounds = [f"{word} {self._with_unit(bound)}" for word, bound in pairs if bound is not None]
        text = f"claimed: {' and '.join(bounds)}"
        if self.control is not None:
            measured, spread = self._summary(self.control)
            text += f"; control: {measured}" + (f" ({spread})" if spread else "")
        return text

    def _summary(self, values):
        """Return the mean with its unit, and the interval as text, empty where there is none."""
        mean, low, high = self._estimate(values)
        varies = low != high and not math.isnan(low)
        spread = f"{_rounded(low)} to {_rounded(high)}" if varies else ""
        return self._with_unit(mean), spread

    def _with_unit(self, value):
        return f"{_rounded(value)} {self.unit}".rstrip()

    def complaint(self) -> str:
        """Tell a reader that the claim is not borne out, or nothing where it is."""
        if self.verdict == "holds":
            return ""
        if self.holds:
            return "The control shows the same, so this measurement says nothing."
        return (
            "Not borne out by this measurement. On another machine a training is another seed; "
            f"{_in_the_campaign(self.id)}"
        )

    def _in_the_readers_language(self):
        said = self.sentence(), self.terms(), self.complaint()  # the last one may be empty
        return [translated(text) for text in said if text]

    def __str__(self):
        sign = "✓" if self.verdict == "holds" else "✗"
        return f"{sign} {self.id} " + "\n    ".join(self._in_the_readers_language())

    def _repr_mimebundle_(self, include=None, exclude=None):
        sign = "✓" if self.verdict == "holds" else "✗"
        page = verdicts.in_html(sign, self.id, *self._in_the_readers_language())
        return {"text/html": page, "text/plain": str(self)}

    def record(self) -> dict:
        """Return the claim as plain data, with its verdict and its sentence, ready for JSON."""
        low, high = self.interval
        return {
            **dataclasses.asdict(self),
            "mean": self.mean,
            "low": low,
            "high": high,
            "sentence": self.sentence(),
            "measured": self.measured(),
            "terms": self.terms(),
            "verdict": self.verdict,
        }


_claims: dict[str, Claim] = {}


def claim(
    id: str,
    statement: str,
    values: Iterable[float] | float,
    at_least: float | None = None,
    at_most: float | None = None,
    *,
    unit: str = "",
    over: str = "seeds",
    each: bool = False,
    control: Iterable[float] | float | None = None,
) -> None:
    """Hold a sentence against a measurement, show both with the verdict, and record them.

    A claim holds when the interval of the mean clears the bound: the mean is not below (not above)
    its end with a confidence of 99 %, by Student's t over independent repetitions. Where the values
    are not drawn but designed, such as one for each of seven settings, or are too few for an
    interval, `each=True` asks that every one keeps the bound.

    A claim that is not borne out says so, and the notebook goes on: what is measured on another
    machine is a finding, not a fault. With `RESLIB_STRICT=1` in the environment it is an error.

    Args:
        id: Short identifier, such as `"03.2"`: the notebook, and the number of the claim there.
        statement: The sentence claimed. The measured value is put in place of `{}`, or behind it.
        values: One measured value for each repetition, in the reader's unit; at least three, unless
            each counts by itself.
        at_least: Lower bound in the same unit, or `None`: the least effect worth teaching.
        at_most: Upper bound, or `None`.
        unit: `"times"` for factors (their mean is geometric), `"points"` for differences of
            percentages, `"%"`, any other word, or nothing.
        over: What was repeated, in the plural: `"seeds"`, `"data sets"`, `"matrices"`.
        each: Whether every single value must keep the bounds.
        control: Another measurement of the same quantity, where the effect must be missing.

    Raises:
        ClaimError: with `RESLIB_STRICT=1`, if the claim does not hold, or for its control too.
        ValueError: if there is no bound. With `RESLIB_STRICT=1` also if there are too few values,
            or if the control is none: the same values with their sign changed or turned upside
            down, or all of them equal.

    Example:

    >>> claim("00.1", "dice show {} on average", [3.4, 3.5, 3.6, 3.5], 3, 4, control=[1, 2, 1, 1])
    ✓ 00.1 dice show 3.5 on average (3.31 to 3.69; 4 seeds)
        claimed: at least 3 and at most 4; control: 1.25 (0.115 to 2.39)
    """
    if at_least is None and at_most is None:
        raise ValueError("at_least or at_most must be given: a claim without a bound cannot fail")
    made = Claim(
        id=str(id),
        statement=str(statement),
        values=_numbers(values),
        at_least=None if at_least is None else float(at_least),
        at_most=None if at_most is None else float(at_most),
        unit=str(unit),
        over=str(over),
        each=bool(each),
        control=None if control is None else _numbers(control),
    )
    # A reader is not stopped by what an author should have seen: that a claim could not fail. And
    # in smoke mode one seed stands for all.
    strict = os.environ.get("RESLIB_STRICT", "0") not in ("", "0") and not smoke.on()
    if strict:
        _check_values(made)
    _claims[made.id] = made
    _write_records()
    _show(made)
    if strict and made.verdict != "holds":
        raise ClaimError(str(made))


def made() -> dict[str, Claim]:
    """Return the claims made so far in this process, by their identifiers."""
    return dict(_claims)


def table() -> Table:
    """Collect the claims made so far in this process, in a table with one row each."""
    import pandas as pd

    rows = [
        {
            "claim": made.id,
            "what was measured": made.sentence(),
            "claimed": made.terms().removeprefix("claimed: ").partition("; control")[0],
            "verdict": made.verdict,
        }
        for made in _claims.values()
    ]
    columns = ["claim", "what was measured", "claimed", "verdict"]
    return Table(pd.DataFrame(rows, columns=columns).set_index("claim"))


class Table:
    """A pandas table of sentences, which are read from the left.

    Attributes:
        frame: The `pandas.DataFrame`.
    """

    def __init__(self, frame):
        self.frame = frame

    def __len__(self):
        return len(self.frame)

    def __repr__(self):
        return self.frame.to_string()

    def _repr_html_(self):
        left = [{"selector": "th, td", "props": "text-align: left; vertical-align: top"}]
        frame = self.frame.rename(columns=translated).map(translated)
        return frame.style.set_table_styles(left).to_html(uuid="claims")


def _interval(values, each):
    """Return the mean, and the ends of its one-sided intervals by Student's t."""
    n = len(values)
    if not n or not all(map(math.isfinite, values)):
        return (math.nan,) * 3
    mean = math.fsum(values) / n
    if each or n == 1:
        return mean, min(values), max(values)
    if (deviation := statistics.stdev(values)) == 0:
        return mean, mean, mean
    from scipy import stats  # it takes as long to import as most claims to compute

    margin = float(stats.t.ppf(CONFIDENCE, n - 1)) * deviation / math.sqrt(n)
    return mean, mean - margin, mean + margin


def _exp(value):
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _check_values(made):
    """Refuse too few values, and as a control what cannot hold, whatever was measured."""
    control, values = made.control, made.values
    needed = 1 if made.each else FEWEST
    for name, numbers in (("values", values), ("control", control)):
        if numbers is not None and len(numbers) < needed:
            raise ValueError(
                f"{name} must be at least {needed} numbers, one for each repetition (an interval "
                f"needs several; each=True needs one), received {len(numbers)}"
            )
    if control is None:
        return
    if len(control) == len(values) and len(set(values)) > 1:
        pairs = list(zip(control, values, strict=True))
        if all(math.isclose(a, -b, abs_tol=1e-12) for a, b in pairs):
            raise ValueError("control must be another measurement, received the values negated")
        if all(math.isclose(a * b, 1) for a, b in pairs):
            raise ValueError("control must be another measurement, received 1 / values")
    if not made.each and len(set(control)) == 1:
        raise ValueError(
            f"control must be a measurement with a spread, received {len(control)} times "
            f"{control[0]:g}"
        )


def _show(made):
    """Show a rich line in a notebook, a plain one elsewhere."""
    ipython = sys.modules.get("IPython")  # it is there wherever there is a notebook
    if ipython and hasattr(ipython.get_ipython(), "kernel"):
        ipython.display.display(made)
    else:
        print(printable(str(made)))


def _in_the_campaign(id):
    """How often the claim failed in the campaign over other seeds, as the end of a sentence."""
    from reslib import datasets

    try:
        verdicts = datasets.recorded("claims_campaign").query("claim == @id").verdict
    except ValueError:  # there is no record
        verdicts = ()
    if not len(verdicts):
        return "how often this happens was not measured."
    failed = int((verdicts != "holds").sum())
    return f"in our own runs with other seeds this happened in {failed} of {len(verdicts)}."


def _write_records():
    """Leave the claims in the file that `RESLIB_CLAIMS` names, for whoever runs the notebook.

    `tools/execute.py` does, and keeps them in `data/claims.csv`.
    """
    if path := os.environ.get("RESLIB_CLAIMS"):
        records = [made.record() for made in _claims.values()]
        pathlib.Path(path).write_text(json.dumps(records, indent=1), encoding="utf-8")


def _numbers(values):
    try:
        return tuple(float(value) for value in values)
    except TypeError:
        return (float(values),)


def _rounded(value):
    """Three significant digits, without an exponent where a reader can do without."""
    if not math.isfinite(value):
        return f"{value}"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
        return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
    return f"{value:.2g}"
