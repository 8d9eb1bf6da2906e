"""How far an unfinished run has come, so that a rerun goes on as if nothing had happened."""

import dataclasses

import numpy as np

from reslib.experiments import records


@dataclasses.dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run between two epochs.

    Attributes:
        history: The values of `Result.history` so far.
        seconds: Float, time spent so far.
        random: The NumPy generator that draws the order of the images.
        state: Array of `uint8`, the content of the network's variables and of the optimizer's.
    """

    history: dict
    seconds: float
    random: np.random.Generator
    state: np.ndarray

    @property
    def epochs(self):
        """How many are done."""
        return len(next(iter(self.history.values())))


class Checkpoints:
    """The checkpoint of one run, on disk beside its record and named by the same digest.

    A checkpoint is a convenience: that it cannot be written is no reason to stop a training.

    Attributes:
        error: The `OSError` that kept the latest from being written, or `None`.
    """

    def __init__(self, run, devices=1):
        self.run = run
        self.path = records.path_of(run, ".checkpoint", devices)
        self.error = None

    def read(self, size):
        """The checkpoint of a network with a state of so many bytes, or `None` without a sound one.

        A torn or foreign one is set aside.
        """
        if not self.path.exists():
            return None
        try:
            facts, arrays = records.read_arrays(self.path, self.run)
            state = arrays["state"]
            if state.dtype != "uint8" or state.shape != (size,):
                raise ValueError("the state of another network")
            if not 1 <= facts["epochs"] < self.run.epochs:
                raise ValueError("nothing to go on with")
            history = records.checked_history(facts["history"], facts["epochs"])
            random = np.random.default_rng()
            random.bit_generator.state = facts["random"]
            return Checkpoint(history, float(facts["seconds"]), random, state)
        except records.UNREADABLE:
            records.set_aside(self.path)
            return None

    def write(self, checkpoint):
        """Put a newer one in the place of the old, whole or not at all."""
        facts = {
            "run": records.description(self.run),
            "epochs": checkpoint.epochs,
            "history": checkpoint.history,
            "seconds": checkpoint.seconds,
            "random": checkpoint.random.bit_generator.state,
        }
        try:
            records.write_arrays(self.path, facts, {"state": checkpoint.state})
            self.error = None
        except OSError as error:
            self.error = error

    def remove(self):
        """Clear it away, when the record of the finished run is written."""
        self.path.unlink(missing_ok=True)
