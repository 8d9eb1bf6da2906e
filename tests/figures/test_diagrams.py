"""The diagrams: nothing lies on anything else, and the words name what is drawn."""

import doctest
import importlib
import itertools
import math
import re

import keras
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from reslib import figures, layers
from reslib.experiments import diagnose
from reslib.figures import diagrams
from reslib.figures.diagrams.blocks import BLOCKS

STAGES = [
    [(1, "16 channels")],
    [(9, "16 channels")],
    [(27, "16 channels, 64 cells")],
    [(2, "16 channels"), (7, "32 channels")],
    [(3, "16 channels\n32×32"), (3, "32 channels\n16×16"), (3, "64 channels\n8×8")],
    [(9, "16 channels\n32×32"), (9, "32 channels\n16×16"), (9, "64 channels\n8×8")],
    [(3, "64 channels"), (4, "128 channels"), (6, "256 channels"), (1, "512 channels")],
]
EDGES = [("x", "+", -2, -4), ("y", "+", 5, -4), ("+", "f", 3, 1)]
GRAPH = {"x": (0, 2), "y": (0, 0), "+": (1.8, 1), "f": (3.6, 1)}
FIGURES = {
    **{
        f"blocks {kinds}": (diagrams.blocks, kinds, {})
        for number in (1, 3)
        for kinds in itertools.combinations(BLOCKS, number)
        if not {"shortcut A", "shortcut B"} < set(kinds)
    },
    "blocks A and B": (diagrams.blocks, ("shortcut A", "shortcut B"), {}),
    **{
        f"network {i} {shortcut}": (diagrams.network, (stages, shortcut), {})
        for i, stages in enumerate(STAGES)
        for shortcut in (True, False)
    },
    **{
        f"nesting {sizes}": (diagrams.nesting, sizes, {})
        for sizes in itertools.product((2, 5), (1, 4))
    },
    **{f"unrolled {blocks}": (diagrams.unrolled, (blocks,), {}) for blocks in range(1, 5)},
    **{
        f"pyramid {levels} {lateral} {top_down}": (
            diagrams.feature_pyramid,
            (levels, lateral, top_down),
            {"finest": 6 - levels if levels < 5 else 3},
        )
        for levels in (2, 4, 5)
        for lateral, top_down in ((True, True), (True, False), (False, True))
    },
    "diagnosis": (diagrams.diagnosis, (), {}),
    "diagnosis, other thresholds": (diagrams.diagnosis, (0.025, 0.125), {}),
    "graph": (diagrams.computation_graph, (GRAPH, EDGES, "The gradient enters as 1"), {}),
}


@pytest.fixture(scope="module", params=FIGURES.values(), ids=FIGURES.keys())
def figure(request):
    draw, arguments, options = request.param
    figure = draw(*arguments, **options)
    FigureCanvasAgg(figure).draw()
    return figure


def written(figure):
    """Each text with the box around its ink."""
    texts = [*figure.texts, *(text for ax in figure.axes for text in ax.texts)]
    return {text: text.get_window_extent() for text in texts if text.get_text()}


def test_no_text_lies_on_another_or_leaves_the_figure(figure):
    boxes = written(figure)
    for (one, box), (other, beside) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(beside), (one.get_text(), other.get_text())
    for text, box in boxes.items():
        corners = [(box.x0, box.y0), (box.x1, box.y1)]
        assert all(figure.bbox.contains(*corner) for corner in corners), text.get_text()


def test_no_line_crosses_a_text(figure):
    (ax,) = figure.axes
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    arrows += [text.arrow_patch for text in ax.texts if getattr(text, "arrow_patch", None)]
    paths = [
        Path(points)
        for artist in [*arrows, *ax.lines]
        for points in artist.get_path().to_polygons(artist.get_transform(), closed_only=False)
    ]
    assert len(paths) >= len(arrows) > 0
    for text, box in written(figure).items():
        assert not any(path.intersects_bbox(box, filled=False) for path in paths), text.get_text()


def test_what_is_written_in_a_box_fits_into_it(figure):
    for patch in figure.axes[0].patches:
        if isinstance(patch, FancyBboxPatch):
            outline = patch.get_window_extent()
            for text, box in written(figure).items():
                if outline.overlaps(box):
                    inside = outline.x0 < box.x0 and box.x1 < outline.x1
                    assert inside and outline.y0 < box.y0 and box.y1 < outline.y1, text.get_text()


def test_letters_can_be_read_at_a_width_of_400_pixels(figure):
    shrunk = min(1, 400 / figure.bbox.width)
    for text in written(figure):
        assert text.get_size() / 72 * figure.dpi * shrunk >= 9, text.get_text()


def test_background_is_light_whatever_the_page(figure):
    """And nothing on it is: letters and lines are dark or coloured."""
    image = np.asarray(figure.canvas.buffer_rgba()) / 255
    assert (image[..., 3] == 1).all()
    assert image[0, 0, :3].min() == 1 and image[..., :3].min() < 0.2


def test_each_has_a_title_and_words_of_its_own(figure):
    assert figure.get_suptitle()
    assert len(figure.get_label()) > 50 and figure.get_label().endswith(".")


def convolutions_and_normalizations(block):
    block.build((None, 8, 8, 16))
    parts = list(block._flatten_layers())
    return [
        sum(isinstance(part, kind) for part in parts)
        for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization)
    ]


@pytest.mark.parametrize(
    "kind, block",
    [
        ("plain", layers.ResidualBlock(16, shortcut=None)),
        ("residual", layers.ResidualBlock(16)),
        ("shortcut A", layers.ResidualBlock(32, strides=2, shortcut="A")),
        ("shortcut B", layers.ResidualBlock(32, strides=2, shortcut="B")),
        ("pre-activation", layers.PreActivationBlock(16)),
        ("bottleneck", layers.BottleneckBlock(16)),
    ],
)
def test_a_block_has_the_layers_of_the_library(kind, block):
    figure = diagrams.blocks(kind)
    shown = [text.get_text() for text in figure.axes[0].texts]
    drawn = [sum(word in text for text in shown) for word in ("conv", "batch norm")]
    said = [figure.get_label().count(word) for word in ("conv", "batch norm")]
    assert drawn == said == convolutions_and_normalizations(block)
    assert ("no shortcut" in figure.get_label()) == (kind == "plain")


def test_words_name_every_block():
    words = diagrams.blocks("plain", "residual", "bottleneck").get_label()
    assert re.findall(r"(Plain|Residual|Bottleneck): ", words) == [
        "Plain",
        "Residual",
        "Bottleneck",
    ]


@pytest.mark.parametrize("stages", STAGES)
def test_a_network_names_its_stages(stages):
    residual, plain = diagrams.network(stages), diagrams.network(stages, shortcut=False)
    for number, text in stages:
        name = f"{number} block{'' if number == 1 else 's'} ({' '.join(text.split())})"
        assert name in residual.get_label() and name in plain.get_label()
    assert "A shortcut leads over each block." in residual.get_label()
    assert "There is no shortcut." in plain.get_label()
    assert str(sum(number for number, _ in stages)) in residual.get_suptitle()


def test_a_plain_network_has_no_arcs():
    stages = [(3, "16 channels")]
    arrows = [
        sum(isinstance(patch, FancyArrowPatch) for patch in figure.axes[0].patches)
        for figure in (diagrams.network(stages), diagrams.network(stages, shortcut=False))
    ]
    assert arrows == [4 + 3, 4]


def test_nesting_counts_its_layers():
    figure = diagrams.nesting(4, 2)
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert [shown.count(str(i)) for i in range(1, 6)] == [2, 2, 2, 2, 0] and shown.count("=") == 2
    assert "has 4 layers" in figure.get_label() and "2 more, the identity" in figure.get_label()


@pytest.mark.parametrize("good, margin", [(0.1, 0.05), (0.025, 0.125)])
def test_the_questions_lead_to_the_verdicts_of_the_library(good, margin):
    figure = diagrams.diagnosis(good, margin)
    shown = [" ".join(text.get_text().split()) for text in figure.axes[0].texts]
    asked = re.findall(r"(Is .+?\?) If so, the verdict is: (.+?)\.", figure.get_label())
    otherwise = re.search(r"If none is so: (.+)\.", figure.get_label())[1]
    assert {*sum(asked, ()), otherwise} < set(shown)
    assert f"above {100 * good:g}%?" in figure.get_label()
    assert figure.get_label().count(f"more than {100 * margin:g} points") == 2
    for train, test, nested in itertools.product(np.linspace(0, 1, 14), repeat=3):
        answers = {
            "a nested network": nested < train - margin,
            "training error above": train > good,
            "the test error more": test > train + margin,
        }
        yes = [
            verdict
            for question, verdict in asked
            if next(is_so for words, is_so in answers.items() if words in question)
        ]
        assert diagnose(train, test, nested, good=good, margin=margin) == [*yes, otherwise][0]


@pytest.mark.parametrize("blocks", range(1, 5))
def test_unrolled_network_has_a_path_for_every_choice(blocks):
    """A block is met once in the row, and once by each way there is from it to the output."""
    figure = diagrams.unrolled(blocks)
    shown = [text.get_text() for text in figure.axes[0].texts]
    for block in range(1, blocks + 1):
        assert shown.count(f"$F_{block}$") == 1 + 2 ** (blocks - block)
    numbers = [int(number) for number in re.findall(r"(\d+) through", figure.get_label())]
    assert numbers == [math.comb(blocks, length) for length in range(blocks + 1)]
    assert f"{2**blocks} paths" in figure.get_label() and f"{2**blocks} paths" in (
        figure.get_suptitle()
    )


@pytest.mark.parametrize("lateral, top_down", [(True, True), (True, False), (False, True)])
def test_a_pyramid_shows_the_connections_that_it_has(lateral, top_down):
    figure = diagrams.feature_pyramid(4, lateral, top_down)
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert {f"${letter}_{i}$" for letter in "CP" for i in (2, 3, 4, 5)} <= set(shown)
    assert shown.count("1×1") == (4 if lateral else 1)
    assert shown.count("×2") == (3 if top_down else 0)
    assert ("Only C5" in figure.get_label()) == (not lateral)
    assert ("no level is handed down" in figure.get_label()) == (not top_down)


@pytest.mark.parametrize(
    "draw, name",
    [
        (lambda: diagrams.blocks("dense"), "kinds"),
        (lambda: diagrams.blocks(), "kinds"),
        (lambda: diagrams.blocks(*["plain"] * 4), "kinds"),
        (lambda: diagrams.blocks("plain", "shortcut A", "shortcut B"), "kinds"),
        (lambda: diagrams.network([]), "stages"),
        (lambda: diagrams.network([(1, "")] * 5), "stages"),
        (lambda: diagrams.network([(0, "16 channels")]), "blocks"),
        (lambda: diagrams.nesting(1, 1), "layers"),
        (lambda: diagrams.nesting(2, 0), "added"),
        (lambda: diagrams.diagnosis(good=1.5), "good"),
        (lambda: diagrams.diagnosis(margin="a tenth"), "margin"),
        (lambda: diagrams.unrolled(5), "blocks"),
        (lambda: diagrams.feature_pyramid(6), "levels"),
        (lambda: diagrams.feature_pyramid(finest=0), "finest"),
        (lambda: diagrams.feature_pyramid(lateral=False, top_down=False), "lateral"),
    ],
)
def test_what_could_not_be_read_is_refused(draw, name):
    with pytest.raises(ValueError, match=name):
        draw()


def test_a_diagram_is_shown_with_its_own_words(monkeypatch):
    shown = []

    def display(what, metadata=None):
        shown.append(metadata["image/png"]["alt"] if metadata else what.data)

    monkeypatch.setattr("IPython.display.display", display)
    figure = diagrams.nesting()
    figures.show(figure)
    figures.show(figure, "Other words.")
    own = figure.get_label()
    assert own and shown == [own, f"*{own}*", "Other words.", "*Other words.*"]
    with pytest.raises(ValueError, match="text"):
        figures.show(figures.panels(title="No words")[0])


def test_example():
    # Not by attribute: what is named like its file is the function there.
    result = doctest.testmod(importlib.import_module("reslib.figures.diagrams.networks"))
    assert result.attempted and not result.failed
