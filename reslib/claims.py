"""Claims: sentences of the course that a measurement must bear out."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pathlib
import statistics
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reslib import smoke
from reslib.terminal import say

if TYPE_CHECKING:
    import pandas as pd

STANDARD_ERRORS = 4  # by which a claim about an effect must clear its bound


class ClaimError(AssertionError):
    """A claim that its measurement does not bear out."""


@dataclasses.dataclass(frozen=True)
class Claim:
    """What was claimed, what was measured, and whether the one bears out the other.

    Attributes:
        id: Short identifier, such as `"03.2"`.
        statement: The sentence claimed.
        values: One measured value for each seed.
        at_least, at_most: The bounds; `None` where there is none.
        exact: Whether each single value must keep the bounds, without margin.
        control: Values that must *not* satisfy the claim, or `None`.
    """

    id: str
    statement: str
    values: tuple[float, ...]
    at_least: float | None = None
    at_most: float | None = None
    exact: bool = False
    control: tuple[float, ...] | None = None

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return math.fsum(self.values) / len(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds."""
        return _deviation(self.values)

    @property
    def holds(self) -> bool:
        """Whether the values bear the sentence out."""
        return self._holds_for(self.values)

    @property
    def control_holds(self) -> bool:
        """Whether the control satisfies the claim too, so that the claim says nothing."""
        return self.control is not None and self._holds_for(self.control)

    def _holds_for(self, values):
        if not all(math.isfinite(value) for value in values):
            return False
        if self.exact:
            low, high = min(values), max(values)
        else:
            mean = math.fsum(values) / len(values)
            margin = STANDARD_ERRORS * _deviation(values) / math.sqrt(len(values))
            low, high = mean - margin, mean + margin
        return (self.at_least is None or low >= self.at_least) and (
            self.at_most is None or high <= self.at_most
        )

    @property
    def claimed(self) -> str:
        """The bounds in words."""
        bounds = [f"at least {self.at_least:g}"] if self.at_least is not None else []
        bounds += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        return " and ".join(bounds)

    def record(self) -> dict:
        """Return all that was claimed and found, as plain values."""
        found = {name: getattr(self, name) for name in ("mean", "spread", "claimed", "holds")}
        return dataclasses.asdict(self) | found

    def _ipython_display_(self):
        """Show nothing: a notebook has seen the claim printed when it was made."""

    def __str__(self):
        n = len(self.values)
        measured = f"{self.mean:.3g}"
        if n > 1:
            measured += f" ± {self.spread:.2g} over {n} seeds"
        text = f"{'holds' if self.holds else 'DOES NOT HOLD'} · {self.id} {self.statement}\n"
        text += f"        measured {measured}; claimed {self.claimed}"
        if self.control is not None:
            text += f"; control {math.fsum(self.control) / len(self.control):.3g}"
        return text


_claims = {}


def claim(
    id: str,
    statement: str,
    values: float | Iterable[float],
    at_least: float | None = None,
    at_most: float | None = None,
    *,
    exact: bool = False,
    control: float | Iterable[float] | None = None,
) -> Claim:
    """Hold a sentence against a measurement, print both with the verdict, and record them.

    A claim about an effect holds when the mean over the seeds clears its bound by at least four
    standard errors. An exact claim (an identity, a count) holds when every value keeps the bound.

    Args:
        id: Short identifier, such as `"03.2"`: the notebook, and the number of the claim there.
        statement: The sentence claimed.
        values: One measured value for each seed: at least three, unless the claim is exact.
        at_least: Lower bound, or `None`.
        at_most: Upper bound, or `None`.
        exact: Whether the claim is about each single value instead of an effect.
        control: The same quantity where the effect must be missing: with the two groups exchanged,
            or measured on a control. A claim that holds for it too could not have failed.

    Returns:
        The `Claim`.

    Raises:
        ClaimError: if the claim does not hold, or holds for the control too.
        ValueError: if there is no bound or if there are too few values.

    Example:

    >>> _ = claim("00.1", "Dice show about 3.5", [3.4, 3.5, 3.6, 3.5], 3, 4, control=[1, 2, 1, 1])
    holds · 00.1 Dice show about 3.5
            measured 3.5 ± 0.082 over 4 seeds; claimed at least 3 and at most 4; control 1.25
    """
    if at_least is None and at_most is None:
        raise ValueError("at_least or at_most must be given: a claim without a bound cannot fail")
    made = Claim(
        id=str(id),
        statement=str(statement),
        values=_floats("values", values, exact),
        at_least=None if at_least is None else float(at_least),
        at_most=None if at_most is None else float(at_most),
        exact=bool(exact),
        control=None if control is None else _floats("control", control, exact),
    )
    _claims[made.id] = made
    _write_records()
    say(str(made))
    if smoke.on():
        return made
    if not made.holds:
        raise ClaimError(str(made))
    if made.control_holds:
        raise ClaimError(f"{made.id} holds for its control too, so it could not fail: {made}")
    return made


def table() -> pd.DataFrame:
    """Return the claims made so far in this process as a pandas table with one row each."""
    import pandas as pd

    rows = [
        {
            "claim": made.id,
            "statement": made.statement,
            "measured": f"{made.mean:.3g}" + (f" ± {made.spread:.2g}" if made.spread else ""),
            "claimed": " and ".join(
                f"{sign} {bound:g}"
                for sign, bound in (("≥", made.at_least), ("≤", made.at_most))
                if bound is not None
            ),
            "seeds": len(made.values),
            "verdict": "holds" if made.holds else "does not hold",
        }
        for made in _claims.values()
    ]
    return pd.DataFrame(rows).set_index("claim") if rows else pd.DataFrame()


def _write_records():
    """Leave the claims in the file that `RESLIB_CLAIMS` names, for whoever runs the notebook.

    `tools/execute.py` does, and keeps them in `data/claims.csv`.
    """
    if path := os.environ.get("RESLIB_CLAIMS"):
        records = [made.record() for made in _claims.values()]
        pathlib.Path(path).write_text(json.dumps(records, indent=1), encoding="utf-8")


def _floats(name, values, exact):
    try:
        numbers = tuple(float(value) for value in values)
    except TypeError:
        numbers = (float(values),)
    needed = 1 if exact else 3
    if len(numbers) < needed:
        raise ValueError(
            f"{name} must be at least {needed} numbers, one for each seed "
            f"(a standard error needs several; exact=True needs one), received {len(numbers)}"
        )
    return numbers


def _deviation(values):
    if not all(map(math.isfinite, values)):
        return math.nan
    return statistics.stdev(values) if len(values) > 1 else 0.0
