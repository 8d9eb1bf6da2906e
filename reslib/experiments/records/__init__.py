"""What is kept of runs on disk: finished ones, and how far unfinished ones have come."""

from reslib.experiments.records.checkpoint import Checkpoint
from reslib.experiments.records.files import folder
from reslib.experiments.records.record import Record
from reslib.experiments.records.surroundings import surroundings

__all__ = ["Checkpoint", "Record", "folder", "surroundings"]
