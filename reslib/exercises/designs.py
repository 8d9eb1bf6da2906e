"""What makes an experiment sound, whatever comes out: a control, repetitions, one change."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from reslib.exercises.answers import shown
from reslib.exercises.exercise import Mistake

if TYPE_CHECKING:
    import pandas as pd

    from reslib.experiments import Run


def final_rows(answer: Any) -> pd.DataFrame:
    """Return the last row of each run, from what a sweep returned or a table of it.

    Raises:
        Mistake: if the answer is something else, or has no rows.
    """
    import pandas as pd

    from reslib.experiments.result import MEASURES, Result, Results

    if isinstance(answer, (list, tuple)) and all(isinstance(one, Result) for one in answer):
        answer = Results(answer)
    table = answer.table if isinstance(answer, Results) else answer
    if not isinstance(table, pd.DataFrame):
        raise Mistake(
            "the answer must be what `sweep` returned, or a table of it, "
            f"not a {type(answer).__name__}."
        )
    if table.empty:
        raise Mistake("the experiment has no runs.")
    for column in ("seed", *MEASURES):
        if column not in table:
            raise Mistake(f"the table has no column {column!r}: hand in what `sweep` returned.")
    if "epoch" in table and "epochs" in table:
        table = table[table.epoch == table.epochs]
    return table.reset_index(drop=True)


def runs_of(answer: Any) -> list[Run]:
    """Return the runs behind what a sweep returned.

    Raises:
        Mistake: if the answer is something else, or empty.
    """
    from reslib.experiments import Run

    try:
        runs = [result.run for result in answer]
    except (TypeError, AttributeError):
        runs = []
    if not runs or not all(isinstance(run, Run) for run in runs):
        raise Mistake("the answer must be what `sweep` returned: the results of your runs.")
    return runs


def rows_of(answer: Any, columns: Sequence[str]) -> pd.DataFrame:
    """Return a reader's own measurements as a table, from a table or a list of dictionaries.

    Raises:
        Mistake: if the answer is something else, is empty, or lacks one of the columns.
    """
    import pandas as pd

    try:
        table = pd.DataFrame(answer)
    except (TypeError, ValueError):
        raise Mistake(
            "the answer must be a table, or a list with a dictionary for each row, and you hand in "
            f"{shown(answer)}."
        ) from None
    if missing := [name for name in columns if name not in table]:
        named = functools.reduce(lambda these, one: f"{these} and no column {one}", missing)
        raise Mistake(f"the table has no column {named}. It needs {', '.join(columns)}.")
    if table.empty:
        raise Mistake("the table has no rows.")
    return table


def enough_points(values: Iterable, name: str, least: int, span: float | None = None) -> None:
    """Refuse fewer than `least` values, or positive ones that lie within less than `span` times.

    Raises:
        Mistake: if so.
    """
    values = sorted(set(values))
    if len(values) < least:
        few = f"{len(values)} values of the {name} are"
        if len(values) == 1:
            few = f"1 value of the {name} is"
        raise Mistake(
            f"{few} too few points to see how the result depends on it: take at least {least}."
        )
    if span is None:
        return
    positive = [value for value in values if value > 0]
    if not positive or positive[-1] / positive[0] < span:
        raise Mistake(
            f"the {name} goes only from {values[0]:g} to {values[-1]:g}: what happens outside is "
            f"not seen. Let it range over a factor of at least {span:g}, above zero."
        )


def enough_seeds(table: pd.DataFrame, by: str | list[str], least: int = 3) -> None:
    """Refuse a table where something was tried with too few seeds, or with other ones.

    Args:
        table: A pandas table with a row for each measurement, and the column `seed`.
        by: The column, or columns, that tell what was tried.
        least: How many seeds are enough.

    Raises:
        Mistake: if so.
    """
    by = [by] if isinstance(by, str) else by
    seeds = table.groupby(by, dropna=False).seed.agg(lambda chosen: tuple(sorted(set(chosen))))
    for case, chosen in seeds.items():
        if len(chosen) < least:
            values = case if isinstance(case, tuple) else (case,)
            named = ", ".join(f"{n} {_text(value)}" for n, value in zip(by, values, strict=True))
            raise Mistake(
                f"{named} was tried with {len(chosen)} seed{'s' * (len(chosen) > 1)} only: what is "
                f"effect and what is luck? Take at least {least} seeds for each."
            )
    if seeds.nunique() > 1:
        raise Mistake(
            "the seeds are not the same for all that you compare, so a lucky draw of the weights "
            "can look like an effect. Give everything the same seeds."
        )


def one_change(table: pd.DataFrame, varied: list[str], measured: Iterable[str] = ()) -> None:
    """Refuse a table in which something else changes with what is compared.

    Args:
        table: A pandas table with a row for each measurement, and the column `seed`.
        varied: The columns that are varied on purpose.
        measured: Columns that are no settings.

    Raises:
        Mistake: that names the column.
    """
    from reslib.experiments.result import MEASURES

    measured = {*MEASURES, "epoch", "validation_loss", *measured}
    for name in table.columns.difference([*varied, "seed", *measured]):
        values = table[name].map(str)  # also None, which astype(str) would leave missing
        if values.nunique() > len(table) / 2:
            continue  # different nearly everywhere: a measurement
        cells = values.groupby([table[column] for column in (*varied, "seed")], dropna=False)
        if cells.agg(lambda cell: ", ".join(sorted(set(cell)))).nunique() > 1:
            *some, last = sorted(set(values))[:3]
            other = f"the runs differ in {name} ({' or '.join(some)} or {last})"
            differ = f"{other} as well as in the {varied[-1]}"
            if len(varied) == 2:
                differ = f"{other} as well as in the {varied[0]} and the {varied[1]}"
            raise Mistake(
                f"two things change at once: {differ}. Nobody can tell then what made the "
                "difference: keep everything else the same."
            )


def controlled(table: pd.DataFrame, group: str, subject: str, control: str, factor: str) -> None:
    """Refuse a table without a control, or with one that was not measured at the same places.

    Args:
        table: A pandas table with a row for each measurement.
        group: Name of the column that tells subject and control apart.
        subject, control: Values of this column, as text.
        factor: Name of the column that is varied in both.

    Raises:
        Mistake: that says what is missing.
    """
    found = {kind: set(table[table[group].map(str) == kind][factor]) for kind in (subject, control)}
    for kind, values in found.items():
        if not values:
            raise Mistake(
                f"there is no control: the experiment has no runs with {group} = {kind}, and "
                "without them nothing can be compared."
            )
    if odd := sorted(found[subject] ^ found[control]):
        raise Mistake(
            f"like is not compared with like: {subject} and {control} need the same values of "
            f"{factor}, and only one of them has {', '.join(map(_text, odd))}."
        )


def _text(value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}" if number else str(value)
