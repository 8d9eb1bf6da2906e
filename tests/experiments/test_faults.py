"""One fault of each kind, in earnest. The campaign with many is `make faults`."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from reslib.experiments import Result

ROOT = pathlib.Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="faults are signals and limits of POSIX")


@posix
def test_each_kind_of_fault_is_survived():
    """In a process that has not used the framework yet, since readers are forked from it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/inject_faults.py", "--each", "1"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all                   10 injected   10 recovered   10 equal" in done.stdout


@posix
def test_campaign_would_notice_a_difference(tiny):
    """A loss or a weight that differs in its last bit has another digest."""
    import inject_faults

    result = Result(tiny(), {"train_loss": [0.1]}, 1.0, [np.ones(2, "float32")])
    others = (
        dataclasses.replace(result, history={"train_loss": [np.nextafter(0.1, 1)]}),
        dataclasses.replace(result, weights=[np.nextafter(np.ones(2, "float32"), 2)]),
    )
    digest = inject_faults.digest(result)
    assert inject_faults.digest(dataclasses.replace(result, seconds=2.0)) == digest
    assert all(inject_faults.digest(other) != digest for other in others)


def test_record_of_the_campaign_is_whole_and_lost_nothing():
    """Over a hundred faults, of every kind in the number that the tool injects."""
    import inject_faults
    import pandas as pd

    record = pd.read_csv(inject_faults.FILE, comment="#").set_index("kind")
    assert record.injected.to_dict() == inject_faults.COUNTS and record.injected.sum() >= 100
    assert record.recovered.equals(record.injected.rename("recovered"))
    assert record.equal.equals(record.injected.rename("equal"))
