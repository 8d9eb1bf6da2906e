"""Whether an experiment of the reader's own can show what it is meant to show."""

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
