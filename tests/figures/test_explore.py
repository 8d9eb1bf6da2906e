"""Controls that move the settings of a figure."""

import ipywidgets
import pytest

from reslib import figures


@pytest.fixture
def explored():
    seen = []
    settings = {"gain": (1.0, 0.25, 4.0, 0.05), "depth": (30, 5, 100, 5)}
    box = figures.explore(
        lambda **chosen: seen.append(chosen), kind=["a", "b"], batch_norm=True, **settings
    )
    rows = [row.children for row in box.children[:-1]]
    return rows, seen


def test_each_setting_has_a_control_with_a_label_that_a_screen_reader_finds(explored):
    rows, _ = explored
    labelled = ipywidgets.Dropdown, ipywidgets.BoundedFloatText, ipywidgets.BoundedIntText
    assert [row[0].description for row in rows] == ["Kind", "Batch norm", "Gain", "Depth"]
    assert all(isinstance(row[0], labelled) for row in rows)


def test_the_figure_is_drawn_at_the_start_and_at_each_move_of_field_or_slider(explored):
    (kind, _, gain, depth), seen = explored
    start = {"kind": "a", "batch_norm": True, "gain": 1.0, "depth": 30}
    assert seen == [start]
    gain[1].value = 2.5  # the slider
    depth[0].value = 80  # the field
    kind[0].value = "b"
    assert seen[-1] == {"kind": "b", "batch_norm": True, "gain": 2.5, "depth": 80}
    assert gain[0].value == 2.5 and depth[1].value == 80
    assert isinstance(seen[-1]["depth"], int)
