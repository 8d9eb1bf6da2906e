"""Shares: every epoch once, and nobody idle at the end."""

import heapq

import pytest
from hypothesis import example, given
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


# Such that the plain rule would begin a share before what comes before it is done.
EARLY = [(8, 5), (8, 4), (56, 1), (8, 7), (56, 1)], 4


@given(SWEEPS, WORKERS)
@example(*EARLY)
def test_no_run_is_gone_on_with_before_it_is_left(pairs, workers):
    left = {}
    for share, begin, end in carry_out(divide(runs_of(pairs), workers), workers):
        assert share.begin == 0 or left[share.run] <= begin
        left[share.run] = end


@given(SWEEPS, WORKERS)
@example([(20, 1), (20, 1), (32, 1), (32, 1), (32, 1)], 2)  # cut to whole epochs, it would be worse
def test_cutting_saves_time_or_is_not_done(pairs, workers):
    runs = runs_of(pairs)
    shares = divide(runs, workers)
    assert shares == whole(runs) or duration(shares, workers) < duration(whole(runs), workers)


@pytest.mark.parametrize("count, workers, epochs", [(3, 2, 6), (5, 4, 5), (7, 2, 14), (3, 1, 12)])
def test_equal_runs_keep_all_workers_busy(count, workers, epochs):
    """Whole runs of four epochs would take 8, 8, 16 and 12."""
    shares = divide(runs_of([(8, 4)] * count), workers)
    assert duration(shares, workers) == 8 * epochs


def test_even_work_is_not_cut():
    runs = runs_of([(56, 4), (8, 4)] * 4)
    assert divide(runs, 2) == whole(runs)


def test_a_depth_that_the_network_will_refuse_is_no_matter_here():
    assert len(divide(runs_of([(0, 4), (-4, 4), (8, 4)]), 2)) >= 3
    assert len(divide([Run(("cifar_resnet", {"depth": "deep"}), "fashion_mnist")] * 3, 2)) >= 3


def test_longest_runs_go_first():
    shares = whole([run(8, 2, 0), run(20, 2, 0), run(8, 2, 1), run(20, 2, 1), run(8, 9)])
    assert [(share.run.model.arguments["depth"], share.end) for share in shares] == [
        (8, 9),
        (20, 2),
        (20, 2),
        (8, 2),
        (8, 2),
    ]
