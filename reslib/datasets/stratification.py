"""An order in which every beginning of a data set is a small copy of the whole."""

import numpy as np


def stratified_order(labels: np.ndarray) -> np.ndarray:
    """Order labels as cards are dealt: the first of each class, then the second of each.

    The first `n` images of a data set stand for all of it only if they hold the classes in the same
    shares, and files are sometimes sorted by class. In this order any run of images holds each
    class as often as any other, as nearly as can be, until the rarest class runs out. It draws no
    lots, so it needs no seed, and a data set that is in this order already stays as it is.

    Args:
        labels: Integer array of shape `(N,)`, none below zero.

    Returns:
        An integer array of shape `(N,)`, the positions of the labels, every one once.

    Example:

    >>> labels = np.array([0, 0, 0, 1, 1, 2])
    >>> labels[stratified_order(labels)]
    array([0, 1, 2, 0, 1, 0])
    """
    by_class = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    firsts = np.cumsum(counts) - counts  # where each class begins among the sorted
    rounds = np.empty(len(labels), dtype=int)
    rounds[by_class] = np.arange(len(labels)) - np.repeat(firsts, counts)
    return np.lexsort((labels, rounds))  # by round, then by class
