import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reslib.datasets.stratification import stratified_order

labels = st.lists(st.integers(0, 9), min_size=1, max_size=200).map(np.array)


@given(labels)
def test_every_position_is_dealt_once(labels):
    assert sorted(stratified_order(labels)) == list(range(len(labels)))


@given(labels)
def test_each_class_keeps_its_order(labels):
    order = stratified_order(labels)
    for label in np.unique(labels):
        assert (np.diff(order[labels[order] == label]) > 0).all()


@given(labels, st.data())
def test_every_beginning_holds_the_classes_as_evenly_as_can_be(labels, data):
    n = data.draw(st.integers(0, len(labels)))
    there = np.bincount(labels, minlength=10)
    taken = np.bincount(labels[stratified_order(labels)[:n]], minlength=10)
    # A class may be behind another by more than one only because it has no more.
    assert all(
        taken[label] >= taken.max() - 1 for label in range(10) if taken[label] < there[label]
    )


@given(labels)
def test_what_is_dealt_already_stays(labels):
    again = stratified_order(labels[stratified_order(labels)])
    assert np.array_equal(again, np.arange(len(labels)))
