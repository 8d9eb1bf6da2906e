"""Shares: every epoch once, and nobody idle at the end."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reslib.experiments import Run
from reslib.experiments.shares import divide, whole


def run(depth=8, epochs=4, seed=0):
    return Run(("cifar_resnet", {"depth": depth}), "fashion_mnist", epochs=epochs, seed=seed)


def runs_of(pairs):
    return [run(*pair, seed=seed) for seed, pair in enumerate(pairs)]


def carry_out(shares, workers):
    """When each share begins and ends, where whoever is free takes the next."""
    free, times = [0] * workers, []
    for share in shares:
        begin = heapq.heappop(free)
        end = begin + (share.end - share.begin) * share.run.model.arguments["depth"]
        heapq.heappush(free, end)
        times.append((share, begin, end))
    return times


def duration(shares, workers):
    return max(end for _, _, end in carry_out(shares, workers))


SWEEPS = st.lists(st.tuples(st.sampled_from([8, 14, 20, 32, 56]), st.integers(1, 12)), min_size=1)
WORKERS = st.integers(1, 6)


@given(SWEEPS, WORKERS)
def test_every_epoch_is_trained_once(pairs, workers):
    runs = runs_of(pairs)
    shares = divide(runs, workers)
    epochs = [(share.run, epoch) for share in shares for epoch in range(share.begin, share.end)]
    assert sorted(epochs, key=repr) == sorted(
        ((run, epoch) for run in runs for epoch in range(run.epochs)), key=repr
    )
    assert all(share.begin < share.end for share in shares)


@given(SWEEPS, WORKERS)
def test_no_run_is_gone_on_with_before_it_is_left(pairs, workers):
    left = {}
    for share, begin, end in carry_out(divide(runs_of(pairs), workers), workers):
        assert share.begin == 0 or left[share.run] <= begin
        left[share.run] = end


@given(SWEEPS, WORKERS)
def test_nobody_is_idle_for_long(pairs, workers):
    """All end within an epoch of the best there can be: even pieces, or the longest run."""
    runs = runs_of(pairs)
    costs = [run.epochs * run.model.arguments["depth"] for run in runs]
    best = max(sum(costs) / workers, *costs)
    took = duration(divide(runs, workers), workers)
    assert took <= 1.05 * best + max(run.model.arguments["depth"] for run in runs)


@pytest.mark.parametrize("count, workers, time", [(3, 2, 6), (5, 4, 5), (7, 2, 14), (4, 3, 16 / 3)])
def test_equal_runs_take_no_longer_than_even_pieces(count, workers, time):
    """To an epoch; whole runs would take 8, 8, 16 and 8."""
    shares = divide(runs_of([(8, 4)] * count), workers)
    assert duration(shares, workers) / 8 < time + 1


def test_even_work_is_not_cut():
    runs = runs_of([(56, 4), (8, 4)] * 4)
    assert divide(runs, 2) == whole(runs)


def test_longest_runs_go_first():
    """And the seeds of one network stay together."""
    shares = whole([run(8, 2, 0), run(20, 2, 0), run(8, 2, 1), run(20, 2, 1), run(8, 9)])
    assert [(share.run.model.arguments["depth"], share.end) for share in shares] == [
        (8, 9),
        (20, 2),
        (20, 2),
        (8, 2),
        (8, 2),
    ]
