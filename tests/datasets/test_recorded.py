"""Recorded tables and weights: each one whole, from the checkout and from the Colab bundle."""

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import colab
import numpy as np
import pytest

from reslib.datasets import recorded, recorded_weights

ROOT = Path(__file__).parents[2]
TABLES = sorted(path.stem for path in (ROOT / "data").glob("*.csv"))
WEIGHTS = sorted(path.stem for path in (ROOT / "data").glob("detector_*.npz"))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_every_cell_of_its_file(name):
    with (ROOT / f"data/{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(line for line in file if not line.startswith("# "))
    table = recorded(name)
    assert table.columns.tolist() == header and len(table) == len(rows)
    for column, cells in zip(header, zip(*rows, strict=True), strict=True):
        if table[column].dtype.kind in "if":
            np.testing.assert_allclose(table[column], [float(cell or "nan") for cell in cells])
        else:
            assert table[column].fillna("").tolist() == list(cells)


def test_numbers_of_claims_are_strings(tmp_path, monkeypatch):
    assert all(isinstance(number, str) for number in recorded("claims").id)
    (tmp_path / "claims_campaign.csv").write_text("# a note\nclaim,offset\n03.10,1000\n")
    monkeypatch.setattr(sys.modules["reslib.datasets.recorded"], "DATA", tmp_path)
    assert recorded("claims_campaign").values.tolist() == [["03.10", 1000]]


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_those_of_the_file(name):
    with np.load(ROOT / f"data/{name}.npz") as file:
        for one, stored in zip(recorded_weights(name), file.values(), strict=True):
            np.testing.assert_array_equal(one, stored, strict=True)


def test_damaged_weights_are_refused(tmp_path, monkeypatch):
    for name in ("manifest.json", "detector_finest.npz"):
        (tmp_path / name).write_bytes((ROOT / "data" / name).read_bytes())
    content = bytearray((tmp_path / "detector_finest.npz").read_bytes())
    content[1000] ^= 1
    (tmp_path / "detector_finest.npz").write_bytes(content)
    monkeypatch.setattr(sys.modules["reslib.datasets.recorded"], "DATA", tmp_path)
    with pytest.raises(RuntimeError, match="detector_finest.npz is damaged.*git checkout -- data"):
        recorded_weights("detector_finest")


@pytest.mark.parametrize("give, known", [(recorded, TABLES), (recorded_weights, WEIGHTS)])
@pytest.mark.parametrize("name", ["cifar", "../data/claims", None, 3])
def test_an_unknown_name_is_refused_and_the_known_ones_listed(give, known, name):
    with pytest.raises(ValueError) as error:
        give(name)
    listed = ", ".join(map(repr, known))
    assert str(error.value) == f"name must be one of {listed}, received {name!r}"


def test_the_bundle_has_them_too(tmp_path):
    with zipfile.ZipFile(colab.bundle(ROOT, tmp_path)) as bundle:
        bundle.extractall(tmp_path / "course")
    code = (
        "import reslib; from reslib.datasets import recorded, recorded_weights\n"
        f"assert reslib.__file__.startswith({str(tmp_path)!r})\n"
        f"print(*[len(recorded(name)) for name in {TABLES}])\n"
        f"print(*[len(recorded_weights(name)) for name in {WEIGHTS}])"
    )
    command = [sys.executable, "-c", code]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=tmp_path / "course", env=environment, capture_output=True, text=True
    )
    lines = [map(recorded, TABLES), map(recorded_weights, WEIGHTS)]
    expected = [" ".join(str(len(one)) for one in line) for line in lines]
    assert done.stdout.splitlines() == expected, done.stderr
