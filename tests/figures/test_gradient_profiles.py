"""What is drawn of the gradient in each layer."""

import numpy as np
import pytest

from reslib import figures

START = [np.array([4.0, 2.0, 1.0]), np.array([6.0, 2.0, 1.0]), np.array([9.0, 2.0, 3.0])]
LATER = [values / 10 for values in START]


@pytest.fixture
def figure():
    profiles = {"plain-20\nbatch norm": {0: START, "at the end": LATER}, "plain-56": {0: LATER}}
    return figures.gradient_profiles(profiles, "Seen", measure="Update ratio")


def test_a_line_is_the_median_and_its_band_the_range(figure):
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xydata(), [[1, 6], [2, 2], [3, 1]])
    (path,) = figure.axes[0].collections[0].get_paths()
    assert {4.0, 9.0, 2.0, 1.0, 3.0} == set(path.vertices[:, 1])
    assert figure.axes[0].get_yscale() == "log" and figure.axes[0].get_ylabel() == "Update ratio"


def test_a_moment_has_one_colour_in_all_panels(figure):
    (start, end), (other,) = (ax.lines for ax in figure.axes)
    assert np.array_equal(start.get_color(), other.get_color())
    assert not np.array_equal(start.get_color(), end.get_color())
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["after 0 steps", "at the end"]


def test_the_sentence_gives_the_first_layer_over_the_last(figure):
    assert figure.get_label().startswith("Update ratio, first layer over last (median of 3 seeds")
    assert "plain-20 batch norm: after 0 steps 4, at the end 4; plain-56: after 0 steps 4." in (
        figure.get_label()
    )
