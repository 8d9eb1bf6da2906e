"""What makes an experiment sound, whatever comes out: a control, repetitions, like with like."""

from reslib.exercises.exercise import Mistake


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
        values = table[name].astype(str)
        if values.nunique() > len(table) / 2:
            continue  # different nearly everywhere: a measurement
        cells = values.groupby([table[group], table[factor]])
        if cells.agg(lambda cell: ", ".join(sorted(set(cell)))).nunique() > 1:
            raise Mistake(
                f"two things change at once: {name} is {' or '.join(sorted(set(values))[:3])}, and "
                "not the same for all that is compared. Nobody can tell then what made the "
                "difference."
            )
