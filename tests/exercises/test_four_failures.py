"""The networks of exercise 07.5: what was measured leaves no doubt, and shows each failure."""

import numpy as np
import pytest

from reslib.datasets import recorded
from reslib.exercises.what_skips_choose.experiments import FAILURES, failures

NETWORKS = recorded("four_failures").set_index("network").to_dict("index")


@pytest.mark.parametrize("network", NETWORKS)
def test_no_network_is_near_a_limit(network):
    """Else a reader's limit, as good as the check's, would be called wrong."""
    numbers = NETWORKS[network]
    gap = numbers["test_error"] - numbers["train_error"]
    behind = numbers["train_error"] - numbers["nested_train_error"]
    power = abs(np.log10(numbers["gradient_ratio"]))
    assert not 0.06 < gap < 0.22 and not 0.06 < behind < 0.35
    assert not 1 < power < 2.7 and not 0.15 < numbers["correlation"] < 0.5


def test_each_failure_is_there_with_and_without_others():
    found = [failures(**numbers) for numbers in NETWORKS.values()]
    assert set() in found and any(len(names) > 1 for names in found)
    for failure in FAILURES:
        assert 2 <= sum(failure in names for names in found) < len(found) - 2
