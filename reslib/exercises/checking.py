"""Check an answer, give a hint, show what is solved."""

from __future__ import annotations

import collections
import difflib
import pathlib
import re
from typing import TYPE_CHECKING, Any

from reslib.exercises import (
    degradation,
    feature_pyramids,
    overfitting,
    residual_blocks,
    shattered_gradients,
    solved,
    vanishing_gradients,
    what_skips_choose,
)
from reslib.exercises.answers import is_missing
from reslib.exercises.exercise import Exercise, Mistake, Unanswered, Verdict
from reslib.language import translated
from reslib.terminal import say

if TYPE_CHECKING:
    import pandas as pd

# The room of a notebook's exercises is called like the notebook.
NOTEBOOKS = {
    "01": overfitting,
    "02": vanishing_gradients,
    "03": degradation,
    "04": residual_blocks,
    "05": shattered_gradients,
    "06": feature_pyramids,
    "07": what_skips_choose,
}
_hints_given = collections.Counter()


def exercises() -> dict[str, Exercise]:
    """Return all exercises of the course in order, by their numbers."""
    found = [
        item
        for room in NOTEBOOKS.values()
        for item in vars(room).values()
        if isinstance(item, Exercise)
    ]
    return {item.number: item for item in sorted(found, key=lambda item: item.number)}


def check(number: str, answer: Any) -> Verdict:
    """Judge an answer by what it does, not by how it is written.

    A right answer is noted for `progress()`. Where that is impossible, on a full disk for one,
    there is a warning, and the verdict all the same.

    Args:
        number: Which exercise, such as `"04.2"`.
        answer: What the exercise asks for. `...` stands for no answer yet.

    Returns:
        A `Verdict`, which shows as one line: right, or what is wrong. It is true if right.
    """
    asked = exercises().get(str(number))
    if asked is None:
        return Verdict(number, "unknown", _unknown(number))
    try:
        if is_missing(answer):
            raise Unanswered
        text = asked.judge(answer)
    except Unanswered as unanswered:
        return Verdict(number, "unanswered", _open(answer, unanswered))
    except Mistake as mistake:
        solved.note(number, passed=False)
        return Verdict(number, "wrong", str(mistake))
    except Exception as error:  # a reader gets a sentence, whatever the judge did not think of
        solved.note(number, passed=False)
        text = f"the check cannot make sense of what you hand in ({type(error).__name__}). "
        return Verdict(number, "wrong", f"{text}Is it of the kind that the task asks for?")
    solved.note(number, passed=True)
    return Verdict(number, "right", text)


def hint(number: str) -> None:
    """Print the first hint to an exercise; asked again, the second."""
    asked = exercises().get(str(number))
    if asked is None:
        say(_unknown(number))
        return
    hints = asked.hints
    given = min(_hints_given[number], len(hints) - 1)
    _hints_given[number] += 1
    say(f"Hint {given + 1} of {len(hints)}: {hints[given]}")


def progress(export: str | pathlib.Path | None = None) -> pd.DataFrame:
    """Say how many exercises are solved, and list them.

    Args:
        export: A path that ends in `.csv`, `.html` or `.json`, to write the table there as well.

    Returns:
        A pandas table with a row for each exercise of the course, and the columns `title`,
        `solved` and `attempts` (until solved).

    Raises:
        ValueError: if `export` ends in something else.
    """
    import pandas as pd

    notes, nothing = solved.notes(), {"solved": False, "attempts": 0}
    rows = [
        {"title": translated(e.title), **nothing, **notes.get(n, {})}
        for n, e in exercises().items()
    ]
    table = pd.DataFrame(rows, index=pd.Index(exercises(), name="exercise"))
    if export is not None:
        writers = {".csv": table.to_csv, ".html": table.to_html, ".json": table.to_json}
        kind = pathlib.Path(export).suffix
        if kind not in writers:
            raise ValueError(f"export must end in {', '.join(writers)}, received {str(export)!r}")
        writers[kind](export)
    say(f"{table.solved.sum()} of {len(table)} exercises are solved.")
    return table


def _open(answer, unanswered):
    """Say what is open in an answer, where that is not simply all of it."""
    parts = answer.values() if isinstance(answer, dict) else answer
    blanks = sum(part is ... for part in parts) if isinstance(answer, (dict, list, tuple)) else 0
    if 0 < blanks < len(answer):
        return f"not answered yet: {blanks} of {len(answer)} places are still `...`."
    if answer is None:
        return (
            "not answered yet: it is None. If there is an answer, does its function end with "
            "`return`?"
        )
    return f"not answered yet: {unanswered}" if str(unanswered) else "not answered yet."


def _unknown(number):
    """Say which exercise was probably meant."""
    notebook, place, *_ = [*re.findall(r"\d+", str(number)), "", ""]
    guess = f"{notebook:0>2}.{place}"
    near = [guess] if guess in exercises() else difflib.get_close_matches(guess, exercises(), 1, 0)
    return f'There is no exercise {number!r}. Do you mean "{near[0]}"?'
