"""What comes out of training runs."""

from __future__ import annotations

import collections.abc
import dataclasses
from typing import TYPE_CHECKING

from reslib.experiments.recipe import build
from reslib.experiments.run import Run

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

MEASURES = ("train_loss", "train_error", "test_loss", "test_error")


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """What one training run gave.

    Attributes:
        run: The `Run`.
        history: Dictionary from `"train_loss"`, `"train_error"`, `"test_loss"` and `"test_error"`
            to a list with one value per epoch. All are measured after the epoch, in inference mode:
            the test values on all test images, the training values on as many training images (the
            first ones), so that both carry the same sampling error. A loss is a mean cross-entropy
            in nats, an error the share of images classified wrongly (of pixels, where labels are
            dense).
        seconds: Float, time spent in training and measuring, without building the network.
        weights: The trained weights as a list of arrays in the order of `model.get_weights()`, or
            `None` where they were not kept.
    """

    run: Run
    history: dict[str, list[float]]
    seconds: float
    weights: list[np.ndarray] | None = None

    @property
    def train_error(self) -> float:
        """Training error after the last epoch."""
        return self.history["train_error"][-1]

    @property
    def test_error(self) -> float:
        """Test error after the last epoch."""
        return self.history["test_error"][-1]

    def model(self) -> keras.Model:
        """Rebuild the trained network.

        Returns:
            A new `keras.Model` with the trained weights.

        Raises:
            ValueError: if the weights were not kept.
        """
        if self.weights is None:
            raise ValueError(
                "the weights were not kept: train with keep_weights=True to get the model back"
            )
        model = build(self.run.model, self.run.dataset)
        model.set_weights(self.weights)
        return model


class Results(collections.abc.Sequence[Result]):
    """The results of a sweep in the order of its runs, and a table of all.

    Example: `results[0].train_error`, `results.table.query("depth == 20")`.
    """

    def __init__(self, results: collections.abc.Iterable[Result]):
        self._results = tuple(results)

    def __getitem__(self, index):
        picked = self._results[index]
        return Results(picked) if isinstance(index, slice) else picked

    def __len__(self):
        return len(self._results)

    def __repr__(self):
        return f"<Results of {len(self)} runs>"

    @property
    def table(self) -> pd.DataFrame:
        """A pandas table with a row for each run and epoch.

        Its columns are the arguments of the model, the fields of the run, the epoch (from 1) and
        the four measures of `Result.history`.
        """
        import pandas as pd

        fields = [field.name for field in dataclasses.fields(Run)]
        fields = [name for name in fields if name not in ("model", "dataset")]
        rows = [
            {
                "model": result.run.model.name,
                **result.run.model.arguments,
                "dataset": result.run.dataset.name,
                **{f"dataset_{key}": value for key, value in result.run.dataset.items},
                **{name: getattr(result.run, name) for name in fields},
                "epoch": epoch + 1,
                **{name: result.history[name][epoch] for name in MEASURES},
            }
            for result in self
            for epoch in range(len(result.history["test_error"]))
        ]
        empty = ["model", "dataset", *fields, "epoch", *MEASURES]
        return pd.DataFrame(rows, columns=None if rows else empty)

    @property
    def final(self) -> pd.DataFrame:
        """The rows of `table` after the last epoch of each run."""
        table = self.table
        return table[table.epoch == table.epochs].reset_index(drop=True)
