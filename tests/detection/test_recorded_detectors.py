"""The recorded detectors: complete, and the weights fit the networks they are for."""

import numpy as np
import pandas as pd
import pytest
from train_detector import DATA, KEPT, KINDS, RECORD, SEEDS

from reslib.datasets.scenes import SIZE_NAMES
from reslib.models import pyramid_detector


def test_the_record_holds_every_kind_seed_and_size_once():
    record = pd.read_csv(DATA / RECORD)
    expected = {(k, s, size) for k in KINDS for s in range(SEEDS) for size in ("all", *SIZE_NAMES)}
    assert sorted(zip(record["kind"], record["seed"], record["size"], strict=True)) == sorted(
        expected
    )
    assert record[["AP", "AP50", "AR"]].stack().between(0, 1).all()
    assert (record["AP"] <= record["AP50"]).all()


@pytest.mark.parametrize("kind", KEPT)
def test_the_weights_fit_their_network(kind):
    path = DATA / f"detector_{kind}.npz"
    assert path.stat().st_size < 300_000
    model = pyramid_detector(**KINDS[kind][0])
    with np.load(path) as file:
        weights = list(file.values())
    model.set_weights(weights)  # or it raises
    assert all(weight.dtype == "float16" and np.isfinite(weight).all() for weight in weights)
