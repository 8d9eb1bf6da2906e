"""Runs, remembered on disk by their content.

A record is named after a digest of all that decides its numbers: the run, the data, the code that
builds and trains the network, the versions of the framework and its settings. Whatever changes, the
old record is not found any more and the run is trained again.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import TYPE_CHECKING

from reslib.experiments.recipe import checksum
from reslib.experiments.records.checkpoint import Checkpoint
from reslib.experiments.records.files import (
    ABSENT,
    UNREADABLE,
    folder,
    read_arrays,
    read_facts,
    set_aside,
    write_arrays,
    write_whole,
)
from reslib.experiments.records.surroundings import surroundings
from reslib.experiments.result import MEASURES, Result
from reslib.experiments.run import Run

if TYPE_CHECKING:
    import numpy as np

    from reslib.datasets import Dataset


class Record:
    """What is kept of one run: its result, its weights, and a checkpoint while it is unfinished.

    It is made once for each run of a sweep, and sent to the worker that trains it: so whatever
    changes meanwhile, numbers are never filed under a name that does not fit them.

    Args:
        run: The `Run`.
        where: `surroundings()` of the process that trains it, by default those of this one.

    Attributes:
        name: String, the digest that the files are named after.
        unwritten: The `OSError` that kept the latest checkpoint from being written, or `None`. A
            checkpoint is a convenience: it is no reason to stop a training.
    """

    def __init__(self, run: Run, where: dict | None = None):
        self.run = run
        self.checksum = checksum(run.dataset)
        self.surroundings = surroundings() if where is None else where
        self.unwritten = None
        # Without the path of the data: what they hold is in the checksum.
        self.description = run.to_dict()
        self.description["dataset"][1].pop("path", None)
        self.description["true_seed"] = run.true_seed
        facts = {**self.description, "seed": run.true_seed, "data": self.checksum}
        facts["surroundings"] = self.surroundings
        self.name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]

    def path(self, suffix: str) -> pathlib.Path:
        """Return where the `.json`, the `.npz` with weights or the `.checkpoint` lies."""
        return folder() / f"{self.name}{suffix}"

    def check_data(self, data: Dataset) -> None:
        """Refuse data that are not those the record is named after.

        Raises:
            ValueError: if they are others.
        """
        if data.checksum != self.checksum:
            raise ValueError(
                f"the data of {self.run.dataset} have changed since the training was asked for, or "
                "are others on the machine that trains; start it again"
            )

    def exists(self, keep_weights: bool = False) -> bool:
        """Tell whether a result was written (with weights, if asked)."""
        return self.path(".json").exists() and (not keep_weights or self.path(".npz").exists())

    def read(self, keep_weights: bool = False) -> Result | None:
        """Return the `Result`, or `None` if there is none (with weights, if asked).

        A torn or foreign one is set aside.
        """
        try:
            content = json.loads(self.path(".json").read_text(encoding="utf-8"))
            self._check_owner(content)
            history = _checked_history(content["history"], self.run.epochs)
            weights = None
            if keep_weights:
                facts, weights = read_arrays(self.path(".npz"))
                self._check_owner(facts)
            return Result(self.run, history, float(content["seconds"]), weights)
        except ABSENT:
            return None
        except UNREADABLE:
            set_aside(self.path(".json"), self.path(".npz"))
            return None

    def write(self, result: Result) -> None:
        """Write a result, whole or not at all, and clear its checkpoint away.

        Raises:
            OSError: if it cannot be written.
        """
        if result.weights is not None:
            write_arrays(self.path(".npz"), {"run": self.description}, result.weights)
        content = {
            "run": self.description,
            "history": result.history,
            "seconds": result.seconds,
        }
        content = json.dumps(content, indent=1).encode()
        write_whole(self.path(".json"), lambda file: file.write(content))
        self.path(".checkpoint").unlink(missing_ok=True)

    def read_checkpoint(self, like: list[np.ndarray]) -> Checkpoint | None:
        """Return the `Checkpoint`, or `None` without a sound one.

        A torn or foreign one is set aside.

        Args:
            like: A state of the network: that of the checkpoint has as many arrays of the same
                shapes and types.
        """
        import numpy as np

        try:
            facts, state = read_arrays(self.path(".checkpoint"))
            self._check_owner(facts)
            forms = ([(array.shape, array.dtype) for array in arrays] for arrays in (state, like))
            if next(forms) != next(forms):
                raise ValueError("the state of another network")
            if not 1 <= facts["epochs"] < self.run.epochs:
                raise ValueError("nothing to go on with")
            history = _checked_history(facts["history"], facts["epochs"])
            random = np.random.default_rng()
            random.bit_generator.state = facts["random"]
            return Checkpoint(history, float(facts["seconds"]), random, state)
        except ABSENT:
            return None
        except UNREADABLE:
            set_aside(self.path(".checkpoint"))
            return None

    def read_part(self) -> Result | None:
        """Return the `Result` as far as it has come, finished or not; `None` before an epoch."""
        if (result := self.read()) is not None:
            return result
        try:
            facts = read_facts(self.path(".checkpoint"))
            self._check_owner(facts)
            history = _checked_history(facts["history"], facts["epochs"])
            return Result(self.run, history, float(facts["seconds"]))
        except (*ABSENT, *UNREADABLE):
            return None

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Put a newer checkpoint in the place of the old, whole or not at all."""
        facts = {
            "run": self.description,
            "epochs": checkpoint.epochs,
            "history": checkpoint.history,
            "seconds": checkpoint.seconds,
            "random": checkpoint.random.bit_generator.state,
        }
        try:
            write_arrays(self.path(".checkpoint"), facts, checkpoint.state)
            self.unwritten = None
        except OSError as error:
            self.unwritten = error

    def _check_owner(self, facts):
        """`ValueError` if they are another run's; under another offset the seed may differ."""
        if {**facts["run"], "seed": self.run.seed} != self.description:
            raise ValueError("of another run")


def _checked_history(history, epochs):
    """Return it as plain numbers; `ValueError` or another of `UNREADABLE` if it is not whole."""
    history = {name: [float(value) for value in history[name]] for name in MEASURES}
    if any(len(values) != epochs for values in history.values()):
        raise ValueError("the history is not whole")
    return history
