"""How the runs of a sweep are divided among its workers."""

import heapq
from typing import NamedTuple

from reslib.experiments.run import Run

IDLE = 1.05  # a plan may take so many times as long as one without an idle worker


class Share(NamedTuple):
    """What a worker trains in one go: a run, from after epoch `begin` to after epoch `end`."""

    run: Run
    begin: int
    end: int


def whole(runs):
    """One share for each run, the longest first.

    So no worker begins a long run when the others have finished. Seeds of one network stay
    together: a worker then traces few networks.
    """
    return [Share(run, 0, run.epochs) for run in sorted(runs, key=_cost, reverse=True)]


def divide(runs, workers):
    """The shares of workers that can go on with each other's runs, in the order to begin them.

    Whole runs, unless workers would be idle at the end, as with three long ones on two workers.
    Then the runs are laid end to end on a line that is cut into equal pieces, one for each worker.
    A run that a cut falls on is begun by the worker behind the cut, as its first, and finished by
    the one before it, as its last.

    Args:
        runs: Sequence of `Run`s.
        workers: Integer.

    Returns:
        List of `Share`.

    Reference:
        McNaughton, 1959, "Scheduling with Deadlines and Loss Functions": the wrap-around rule.
    """
    shares = whole(runs)
    # In integers: a cost counts once for each worker, and the pieces are whole.
    costs = [_cost(share.run) * workers for share in shares]
    piece = max(sum(costs) // workers, *costs)
    if _duration(costs, workers) <= IDLE * piece:
        return shares
    begun, place = [], 0
    for share, cost in zip(shares, costs, strict=True):
        start, place = place % piece, place + cost
        beyond_cut = max(0, start + cost - piece)
        cut = share.run.epochs * beyond_cut // cost  # rather too early, when the other waits for it
        if cut:
            begun.append((0, share._replace(end=cut)))
        if cut < share.end:
            begun.append((start, share._replace(begin=cut)))
    return [share for _, share in sorted(begun, key=lambda pair: pair[0])]


def _duration(costs, workers):
    """The time until the last is done, where whoever is free takes the next."""
    ends = [0] * workers
    for cost in costs:
        heapq.heapreplace(ends, ends[0] + cost)
    return max(ends)


def _cost(run):
    """A rough measure of how long a run takes, and the same for all seeds of a network."""
    depth = run.model.arguments.get("depth")
    return run.epochs * (depth if isinstance(depth, int) else 1)
