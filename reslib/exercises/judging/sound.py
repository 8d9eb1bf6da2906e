"""What makes an experiment sound, whatever comes out: a control, repetitions, like with like."""

from reslib.exercises.exercise import Mistake

MEASURES = ("train_loss", "train_error", "test_loss", "test_error")


def final_rows(answer):
    """The last row of each run as a pandas table, from what a sweep returned or a table of it.

    Raises:
        Mistake: if the answer is something else, or has no rows.
    """
    import pandas as pd

    from reslib.experiments.result import Result, Results

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


def enough_points(values, name, least, span):
    """Refuse fewer than `least` values, or positive ones that lie within less than `span` times.

    Raises:
        Mistake: if so.
    """
    values = sorted(set(values))
    if len(values) < least:
        raise Mistake(
            f"{len(values)} values of the {name} are too few to see where anything begins: "
            f"take at least {least}."
        )
    positive = [value for value in values if value > 0]
    if positive[-1] / positive[0] < span:
        raise Mistake(
            f"the {name} goes only from {positive[0]:g} to {positive[-1]:g}: what happens outside "
            f"is not seen. Let it range over a factor of at least {span:g}."
        )


def enough_seeds(table, column, name, least=3):
    """Refuse a table where a value of the column was tried with too few seeds, or other ones.

    Raises:
        Mistake: if so.
    """
    seeds = table.groupby(column, dropna=False).seed.agg(lambda chosen: tuple(sorted(set(chosen))))
    for value, chosen in seeds.items():
        if len(chosen) < least:
            raise Mistake(
                f"the {name} {value:g} was tried with {len(chosen)} seed{'s' * (len(chosen) > 1)}: "
                f"what is effect and what is luck? Take at least {least} seeds for each value."
            )
    if seeds.nunique() > 1:
        raise Mistake(
            f"the seeds are not the same for each {name}, so a lucky draw of the weights can look "
            "like an effect: give every value the same seeds."
        )


def comparable(table, column, name, ignored=()):
    """Refuse a table where more differs than the column and the seed.

    Raises:
        Mistake: if so.
    """
    measured = {*MEASURES, "seed", "epoch", "validation_loss", column, *ignored}
    differing = [
        other
        for other in table.columns
        if other not in measured and table[other].nunique(dropna=False) > 1
    ]
    if differing:
        raise Mistake(
            f"the runs differ in {' and in '.join(differing)} as well as in the {name}: "
            "whose effect is it? Keep everything else the same."
        )


def judge_comparison(table, subject, control, group, factor, points=4, seeds=3):
    """Refuse a table of measurements that does not allow the comparison.

    Args:
        table: A pandas table with a row for each measurement and the columns `group`, `factor`
            and `seed`.
        subject, control: Values of the column `group`, as text.
        group: Name of the column that says what is compared.
        factor: Name of the column that is varied.
        points: Integer, how many values of the factor are enough.
        seeds: Integer, how many seeds are enough.

    Raises:
        Mistake: that says what is missing.
    """
    found = {kind: table[table[group].astype(str) == kind] for kind in (subject, control)}
    for kind, rows in found.items():
        if rows.empty:
            raise Mistake(
                f"there is no control: the experiment has no runs with {group} = {kind}, and "
                "without them nothing can be compared."
            )
    values = {kind: set(rows[factor]) for kind, rows in found.items()}
    if values[subject] != values[control]:
        odd = sorted(values[subject] ^ values[control])
        raise Mistake(
            f"like is not compared with like: {subject} and {control} need the same values of "
            f"{factor}, and only one of them has {', '.join(f'{value:g}' for value in odd)}."
        )
    if len(values[subject]) < points:
        raise Mistake(
            f"{len(values[subject])} values of {factor} are too few to see how the result "
            f"depends on it: take {points} at least."
        )
    counts = [rows.groupby(factor).seed.nunique().min() for rows in found.values()]
    if min(counts) < seeds:
        raise Mistake(
            f"a single run can be luck: each case needs {seeds} seeds at least, and one has "
            f"{min(counts)}."
        )


def judge_settings(table, group, factor, ignore=()):
    """Refuse a table in which something else changes with what is compared.

    Args:
        table: A pandas table with a row for each measurement, and the column `seed`.
        group, factor: Names of the columns that are varied.
        ignore: Names of columns that are no settings.

    Raises:
        Mistake: that names the column.
    """
    for name in table.columns.difference([group, factor, "seed", *ignore]):
        values = table[name].map(str)  # also None, which astype(str) would leave missing
        if values.nunique() > len(table) / 2:
            continue  # different nearly everywhere: a measurement
        cells = values.groupby([table[group], table[factor]])
        if cells.agg(lambda cell: ", ".join(sorted(set(cell)))).nunique() > 1:
            raise Mistake(
                f"two things change at once: {name} is {' or '.join(sorted(set(values))[:3])}, and "
                "not the same for all that is compared. Nobody can tell then what made the "
                "difference."
            )
