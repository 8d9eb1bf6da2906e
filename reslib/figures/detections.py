"""Boxes over pictures: what is there, and what detectors find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reslib.figures.style import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reslib.datasets import SceneObjects
    from reslib.detection import Detections

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
        The figure, ready for `figures.show`.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    columns = 1 + len(found)
    size = {"width": 10, "height": 10 / columns + 0.2}
    figure, axes = panels(columns, rows=len(pictures), title=title, squeeze=False, **size)
    for n, row in enumerate(axes):
        truth = objects.boxes[n], objects.labels[n]
        drawn = [[(box, ("black", "-")) for box in truth[0]]]
        for detector in found.values():
            shown = (detector.labels[n] > 0) & (detector.scores[n] >= least_score)
            answers = detector.boxes[n][shown], detector.labels[n][shown]
            drawn.append([(box, VERDICTS[name]) for box, name in _judged(*truth, *answers)])
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
