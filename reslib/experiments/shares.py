"""How the runs of a sweep are divided among its workers."""

import heapq
from typing import NamedTuple

from reslib.experiments.run import Run

WORTH_IT = 1.05  # cutting runs must save one part in twenty: a worker may have to trace one more


class Share(NamedTuple):
    """What a worker trains in one go: a run, from after epoch `begin` to after epoch `end`.

    Where no other worker has come so far yet, it begins earlier.
    """

    run: Run
    begin: int
    end: int


def whole(runs):
    """One share for each run, the longest first, by a rough estimate.

    So no worker begins a long run when the others have finished (Graham 1969, "Bounds on
    Multiprocessing Timing Anomalies").
    """
    return sorted((Share(run, 0, run.epochs) for run in runs), key=_cost, reverse=True)


def divide(runs, workers):
    """The shares of workers that can go on with each other's runs, in the order to begin them.

    Whole runs, unless workers would be idle at the end, as with three long ones on two workers.
    Then a run is begun by one worker and finished by another, where that saves time.

    Args:
        runs: Sequence of `Run`s.
        workers: Integer.

    Returns:
        List of `Share`.
    """
    shares = whole(runs)
    cut = _wrap_around(shares, workers)
    finished, in_time = _carry_out(cut, workers)
    if in_time and finished * WORTH_IT < _carry_out(shares, workers)[0]:
        return cut
    return shares


def _wrap_around(shares, workers):
    """Cut shares between two epochs so that all workers finish at about the same time.

    The runs are laid end to end on a line that is cut into equal pieces, one for each worker. A run
    that a cut falls on is begun by the worker behind the cut, as its first, and finished by the one
    before it, as its last (McNaughton 1959, "Scheduling with Deadlines and Loss Functions").
    """
    # In integers: a cost counts once for each worker, so that the pieces are whole.
    costs = [_cost(share) * workers for share in shares]
    piece = max(sum(costs) // workers, *costs)
    placed, end = [], 0
    for share, cost in zip(shares, costs, strict=True):
        start, end = end % piece, end + cost
        beyond_cut = max(0, start + cost - piece)
        epochs = share.end * beyond_cut // cost  # rather too few: they should be done in time
        if epochs:
            placed.append((0, share._replace(end=epochs)))
        placed.append((start, share._replace(begin=epochs)))
    return [share for _, share in sorted(placed, key=lambda pair: pair[0])]


def _carry_out(shares, workers):
    """When the last share is done, if whoever is free takes the next one; and whether each is begun
    only when what comes before it in its run is done."""
    free, done, in_time = [0] * workers, {}, True
    for share in shares:
        begin = free[0]
        in_time &= share.begin == 0 or done[share.run] <= begin
        done[share.run] = begin + _cost(share)
        heapq.heapreplace(free, done[share.run])
    return max(free), in_time


def _cost(share):
    """A rough measure of how long a share takes, and the same for all seeds of a network."""
    depth = share.run.model.arguments.get("depth")
    return (share.end - share.begin) * (max(1, depth) if isinstance(depth, int) else 1)
