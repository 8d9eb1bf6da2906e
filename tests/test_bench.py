"""`make bench` compares equal networks, and says where it misses its aims."""

import re

import bench
import bench_contenders
import pandas as pd
import pytest

from reslib import models, probes

SMALL = 8, 9, 2, 4


def test_stock_network_is_the_same_network():
    """As many weights and as many multiply-adds; only the padding of strided layers differs."""
    depth, side, channels, width = SMALL
    stock = bench_contenders.stock_model(*SMALL)
    ours = models.cifar_resnet(depth, width=width, input_shape=(side, side, channels))
    shapes = [sorted(tuple(v.shape) for v in model.trainable_variables) for model in (stock, ours)]
    assert shapes[0] == shapes[1]
    costs = [probes.layer_table(model).multiply_adds.sum() for model in (stock, ours)]
    assert costs[0] == costs[1] == bench.cost(SMALL) / 3


def test_contenders_are_compared_within_each_round(monkeypatch):
    """A machine that is twice as fast in the second round changes no ratio."""
    speeds = {"stock": 100.0, "ours": 300.0, "torch": 200.0}
    calls = []

    def run(name, *network, **options):
        calls.append(name)
        mood = 2.0 ** (calls.count("peak") % 2)
        if name == "peak":
            mood = 3 - mood  # that of the round which it closes
            return {"multiply_adds": 600 * bench.cost(SMALL) * mood}
        return {"rate": speeds[name] * mood, "build": 1.0}

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(bench, "has_torch", lambda: True)
    monkeypatch.setattr(bench, "NETWORKS", [SMALL])
    table, _ = bench.throughput(rounds=2, scale=1)
    (row,) = table.to_dict("records")
    assert row["over stock Keras"] == "3.00 (3.00–3.00)"
    assert row["over the best PyTorch"] == "1.50 (1.50–1.50)"
    assert row["peak over stock Keras"] == "6.00 (6.00–6.00)" and row["share of peak"] == "50%"


@pytest.mark.parametrize(
    "values, aims, text",
    [
        ([2.0, 3.0, 2.5], {"least": 2.5}, "2.50 (2.00–3.00)"),
        ([2.0, 3.0, 2.4], {"least": 2.5}, "**2.40 (2.00–3.00)**, aim ≥ 2.5"),
        (1.2, {"most": 1.1}, "**1.20**, aim ≤ 1.1"),
        (1.0, {"most": 1.1}, "1.00"),
    ],
)
def test_a_missed_aim_is_marked(values, aims, text):
    assert bench.aimed(values, **aims) == text


def test_shares_are_of_kernels_and_not_of_the_frames_around_them():
    proto = pytest.importorskip("tensorflow.tsl.profiler.protobuf.xplane_pb2")
    space = proto.XSpace()
    plane = space.planes.add()
    line = plane.lines.add()
    names = {
        "a/conv:_MklNativeConv2D": 6,
        "a/norm:_FusedBatchNormV3": 3,
        "a:Relu": 1,
        "EagerLocalExecute: train": 50,
        "ExecutorState::Process": 50,
        "Run": 50,
    }
    for number, (name, time) in enumerate(names.items(), start=1):
        plane.event_metadata[number].name = name
        line.events.add(metadata_id=number, duration_ps=time)
    shares = bench_contenders.shares(space.SerializeToString())
    assert shares == pytest.approx(
        {"convolutions": 0.6, "batch normalization": 0.3, "all else": 0.1}
    )


def test_the_page_has_no_sentence_that_the_bench_does_not_print(monkeypatch):
    """All but its numbers, its tables and the names of machines and versions."""
    empty = pd.DataFrame()
    measurements = {
        "throughput": (empty, 1.0),
        "where_time_goes": empty,
        "felt": empty,
        "against_depth": (empty, 1.0),
        "against_runs": empty,
        "against_workers": empty,
        "import_cost": "1",
        "processor": "this one",
        "versions": "Python",
    }
    for name, measured in measurements.items():
        monkeypatch.setattr(bench, name, lambda *_, measured=measured: measured)

    def sentences(part):
        part = re.sub(r"^## .*|^.*; (?=\d rounds)|^\|.*", "", part, flags=re.M)
        part = re.sub(r"[*]*\d[\d.,]*\b( \([\d.,–]+\))?([*]+, aim . [\d.]+\b)?", "#", part)
        return [line for line in part.splitlines() if line]

    page = bench.PAGE.read_text(encoding="utf-8")
    introduction, *parts = re.split(r"^(?=## )", page, flags=re.M)
    assert introduction.strip() == bench.INTRODUCTION.strip() and parts
    for part in parts:
        assert set(sentences(part)) <= set(sentences("\n".join(bench.sections(3, 1.0))))


def test_only_the_part_of_the_same_machine_is_renewed():
    page = bench.renewed(bench.renewed("", "## A\n\nold\n"), "## B\n\nkept\n")
    page = bench.renewed(page, "## A\n\nnew\n")
    assert page == f"{bench.INTRODUCTION}\n## A\n\nnew\n\n## B\n\nkept\n"
