"""Scenes, with what is in them and with what networks make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.style import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reslib.datasets import SceneObjects

BOXES = ("#E69F00", "#56B4E9", "#009E73")  # small, medium and large
VERDICTS = {
    "right": "#0072B2",
    "wrong class": "#D55E00",
    "taken for background": "#F0E442",
    "background taken for an object": "#CC79A7",
}


def labelled_scenes(
    pictures: np.ndarray,
    labels: np.ndarray,
    objects: SceneObjects,
    class_names: Sequence[str],
    title: str,
) -> Figure:
    """Draw pictures with the boxes of their objects, and under each its dense labels.

    Args:
        pictures: Array `(N, height, width, 1)`.
        labels: Integers `(N, height, width)`, 0 for the background.
        objects: Their `reslib.datasets.SceneObjects` (it may hold more than those N).
        class_names: Sequence of strings, that of the background first.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    from matplotlib import colormaps
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Rectangle

    from reslib.datasets.scenes import SIZE_NAMES

    figure, axes = panels(len(pictures), rows=2, title=title, width=10, height=2.3, squeeze=False)
    palette = np.array([(1, 1, 1), *colormaps["tab10"].colors])
    for n, (above, below) in enumerate(axes.T):
        _picture(above, pictures[n])
        for (top, left, bottom, right), kind in zip(
            objects.boxes[n] - 0.5,  # a pixel reaches half a unit to each side
            objects.sizes[n],
            strict=True,
        ):
            size = right - left, bottom - top
            above.add_patch(Rectangle((left, top), *size, fc="none", ec=BOXES[kind], lw=1.5))
        below.imshow(palette[labels[n]])
        below.set(xticks=[], yticks=[])
        below.spines[:].set_visible(True)
    sizes = [Line2D([], [], color=c, label=name) for c, name in zip(BOXES, SIZE_NAMES, strict=True)]
    axes[0, -1].legend(handles=sizes, loc="upper left", bbox_to_anchor=(1, 1))
    classes = [
        Patch(color=color, label=name)
        for color, name in zip(palette[1:], class_names[1:], strict=True)
    ]
    axes[1, -1].legend(handles=classes, loc="upper left", bbox_to_anchor=(1, 1.1), fontsize=8)
    return figure


def verdicts(
    pictures: np.ndarray,
    labels: np.ndarray,
    predictions: Mapping[str, np.ndarray],
    title: str,
) -> Figure:
    """Draw what networks make of scenes: a row for each scene, a column for each network.

    Args:
        pictures: Array `(N, height, width, 1)`.
        labels: Integers `(N, height, width)`, 0 for the background.
        predictions: Dictionary from the name of a network to integers like `labels`.
        title: String that says what is seen.

    Returns:
        The figure, ready for `figures.show`.
    """
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    columns = 1 + len(predictions)
    size = {"width": 10, "height": 10 / columns + 0.25}
    figure, axes = panels(columns, rows=len(pictures), title=title, squeeze=False, **size)
    for row, picture, truth, *answers in zip(
        axes, pictures, labels, *predictions.values(), strict=True
    ):
        _picture(row[0], picture)
        for ax, answer in zip(row[1:], answers, strict=True):
            _picture(ax, picture)
            there, seen = truth > 0, answer > 0
            masks = there & (answer == truth), there & seen & (answer != truth)
            overlay = np.zeros((*truth.shape, 4))
            for color, mask in zip(
                VERDICTS.values(), (*masks, there & ~seen, ~there & seen), strict=True
            ):
                overlay[mask] = (*to_rgb(color), 0.65)
            ax.imshow(overlay)
    for ax, name in zip(axes[0], ("picture", *predictions), strict=True):
        ax.set_title(name)
    handles = [Patch(color=color, alpha=0.65, label=name) for name, color in VERDICTS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=10)
    return figure


def _picture(ax, picture):
    ax.imshow(picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
    ax.axis("off")
