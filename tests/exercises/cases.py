"""What every exercise is tested with: right answers, and the mistakes that people make."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    """The test material of one exercise.

    Attributes:
        right: At least two right answers that are written differently, by a name of each.
        mistakes: At least three wrong answers by a name of each, with words of the diagnosis that
            only this mistake gets: `{"adds too late": (answer, "after the last ReLU")}`.
        unanswered: What the stub in the exercise notebook amounts to, beside `...`.
    """

    right: dict
    mistakes: dict
    unanswered: tuple = ()
