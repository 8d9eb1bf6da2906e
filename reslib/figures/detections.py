"""Boxes over pictures: what a detector has to say, what is there, and what detectors find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.style import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reslib.datasets import SceneObjects
    from reslib.detection import Detections, Grid

VERDICTS = {  # colour and line
    "found": ("#0072B2", "-"),
    "wrong class": ("#D55E00", "-"),
    "false alarm": ("#CC79A7", "-"),
    "missed": ("#E69F00", "--"),
}


def detections(
    pictures: np.ndarray,
    objects: SceneObjects,
    found: Mapping[str, Detections],
    title: str,
    least_score: float = 0.3,
) -> Figure:
    """Draw what detectors find in scenes: a row for each scene, a column for each detector.

    Of boxes that overlap with an IoU of .5, whatever their classes, only the best is drawn. An
    object is found by a box of its class with such an IoU.

    Args:
        pictures: Array `(N, height, width, 1)`.
        objects: Their `reslib.datasets.SceneObjects` (it may hold more than those N).
        found: Dictionary from the name of a detector to its `reslib.detection.Detections`.
        title: String that says what is seen.
        least_score: Float, the score below which a box is not drawn.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    columns = 1 + len(found)
    size = {"width": 10, "height": 10 / columns + 0.2}
    figure, axes = panels(columns, rows=len(pictures), title=title, squeeze=False, **size)
    counts = {name: dict.fromkeys(VERDICTS, 0) for name in found}
    for n, row in enumerate(axes):
        truth = objects.boxes[n], objects.labels[n]
        drawn = [[(box, ("black", "-")) for box in truth[0]]]
        for name, detector in found.items():
            shown = (detector.labels[n] > 0) & (detector.scores[n] >= least_score)
            answers = detector.boxes[n][shown], detector.labels[n][shown]
            judged = _judged(*truth, *answers)
            drawn.append([(box, VERDICTS[verdict]) for box, verdict in judged])
            for _, verdict in judged:
                counts[name][verdict] += 1
        for ax, boxes in zip(row, drawn, strict=True):
            ax.imshow(pictures[n, ..., 0], cmap="gray_r", vmin=0, vmax=1)
            ax.axis("off")
            for (top, left, bottom, right), (color, line) in boxes:
                # The middle of the first pixel is 0, so its edge is at -0.5.
                place = (left - 0.5, top - 0.5), right - left, bottom - top
                ax.add_patch(Rectangle(*place, fc="none", ec=color, ls=line, lw=1.8))
    for ax, name in zip(axes[0], ("what is there", *found), strict=True):
        ax.set_title(name)
    handles = [Line2D([], [], color=c, ls=line, label=name) for name, (c, line) in VERDICTS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=10)
    said = [
        f"'{name}' {', '.join(f'{number} {verdict}' for verdict, number in of.items())}"
        for name, of in counts.items()
    ]
    figure.set_label(
        f"Boxes with a score of at least {least_score:g} in {len(pictures)} scenes, and in dashed "
        f"lines the objects without one: {'; '.join(said)}."
    )
    return figure


def four_distances(
    picture: np.ndarray, box: Sequence[int], grid: Grid, title: str, position: int | None = None
) -> Figure:
    """Draw what a detector says of one position inside an object: how far its four sides are.

    Args:
        picture: Array `(height, width, 1)`.
        box: Top, left, bottom and right of the object.
        grid: The `reslib.detection.Grid`, which says to what level the object belongs.
        title: String that says what is seen.
        position: Integer, a position of the grid that answers for the object; by default the one
            nearest to its middle.

    Returns:
        The figure, with a sentence of its own.
    """
    from matplotlib.patches import Rectangle

    box = np.asarray(box)
    owners = grid.owners(box[None, None])[0]
    if position is None:
        room = grid.encode(box[None, None], [[1]])[1][0].prod(axis=-1)
        position = int(np.where(owners == 0, room, -1).argmax())
    stride = grid.strides[grid.level_of(box)]
    row, column = grid.centres[position]
    top, left, bottom, right = box
    figure, ax = panels(title=title, width=5, height=4.6)
    ax.imshow(0.6 * picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
    ax.axis("off")
    dots = {"color": "#0072B2", "markersize": 6, "markeredgecolor": "white", "zorder": 4}
    ax.plot(*(grid.centres[owners == 0, ::-1] - 0.5).T, "o", **dots)  # above the arrows
    corner = left - 0.5, top - 0.5
    ax.add_patch(Rectangle(corner, right - left, bottom - top, fc="none", ec="black", lw=1.8))
    ends = {  # of the arrows, and where the words stand
        "top": ((top, column), {"ha": "center", "va": "bottom"}, (0, 4)),
        "left": ((row, left), {"ha": "right", "va": "center"}, (-4, 0)),
        "bottom": ((bottom, column), {"ha": "center", "va": "top"}, (0, -4)),
        "right": ((row, right), {"ha": "left", "va": "center"}, (4, 0)),
    }
    said = []
    for name, ((end_row, end_column), side, shift) in ends.items():
        cells = (abs(end_row - row) + abs(end_column - column)) / stride
        look = {"arrowstyle": "-|>", "color": "#D55E00", "lw": 2, "shrinkA": 0, "shrinkB": 0}
        end, start = (end_column - 0.5, end_row - 0.5), (column - 0.5, row - 0.5)
        ax.annotate("", end, start, arrowprops=look)
        words = {"color": "#D55E00", "textcoords": "offset points", **side}
        ax.annotate(f"{name} {cells:.1f}", end, shift, **words)
        said.append(f"{name} {cells:.1f}")
    figure.set_label(
        "An object, the positions of its level that are responsible for it, and what one of them "
        f"says: the distances to the four sides, in cells of {stride} pixels: {', '.join(said)}."
    )
    return figure


def positions(
    picture: np.ndarray, objects: SceneObjects, grids: Mapping[str, Grid], title: str
) -> Figure:
    """Draw which positions of some grids are responsible for the objects of a scene.

    Args:
        picture: Array `(height, width, 1)`, the first scene.
        objects: The `reslib.datasets.SceneObjects`.
        grids: Dictionary from the title of a panel to a `reslib.detection.Grid`.
        title: String that says what is seen.

    Returns:
        The figure, with a sentence of its own: which share of the objects has a position.
    """
    from reslib.datasets.scenes import SIZE_NAMES
    from reslib.figures.scenes import BOXES

    figure, axes = panels(len(grids), title=title, squeeze=False, width=10, height=3.4)
    said = []
    for ax, (name, grid) in zip(axes[0], grids.items(), strict=True):
        owners = grid.owners(objects.boxes[:1])[0]
        ax.imshow(0.6 * picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
        for size, color in enumerate(BOXES):
            own = (owners >= 0) & (objects.sizes[0, owners] == size)
            dots = (grid.centres[own, ::-1] - 0.5).T
            ax.plot(*dots, "o", color=color, markersize=4, label=SIZE_NAMES[size])
        ax.set_title(name)
        ax.axis("off")
        numbers = np.arange(objects.boxes.shape[1])
        seen = (grid.owners(objects.boxes)[..., None] == numbers).any(axis=1)
        shares = [seen[objects.sizes == size].mean() for size in range(len(SIZE_NAMES))]
        said.append(f"{name} {', '.join(f'{share:.0%}' for share in shares)}")
    axes[0, -1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.set_label(
        "Positions responsible for the objects of one scene. Over all scenes this share of the "
        f"{', '.join(SIZE_NAMES[:-1])} and {SIZE_NAMES[-1]} objects has a position: "
        f"{'; '.join(said)}."
    )
    return figure


def _judged(boxes, labels, answers, answer_labels):
    """Give each answer that is drawn, and each object that has none, with its verdict."""
    from reslib.detection import iou

    boxes, kept, verdicts = boxes.astype("float32"), [], []
    for answer, label in zip(answers, answer_labels, strict=True):  # the best first
        if any(iou(answer, other) >= 0.5 for other in kept):
            continue
        kept.append(answer)
        there = np.asarray(iou(answer, boxes)) >= 0.5
        if there.any():
            name = "found" if (labels[there] == label).any() else "wrong class"
        else:
            name = "false alarm"
        verdicts.append((answer, name))
    missed = [box for box in boxes if not any(iou(box, answer) >= 0.5 for answer in kept)]
    return [*verdicts, *((box, "missed") for box in missed)]
