"""Boxes over pictures: what is there, and what detectors find."""

import numpy as np

VERDICTS = {  # colour and line
    "found": ("#0072B2", "-"),
    "wrong class": ("#D55E00", "-"),
    "false alarm": ("#CC79A7", "-"),
    "missed": ("#E69F00", ":"),
}


def detections(pictures, objects, found, title, least_score=0.3):
    """What detectors find in scenes: a row for each scene, a column for each detector.

    An object is found by a box of its class with an IoU of at least .5; a further box for the same
    object is a false alarm.

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

    from reslib.figures.style import panels

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
    """Each answer, the best first, and each object that none of them finds, with its verdict."""
    from reslib.detection import iou

    overlaps = np.asarray(iou(answers[:, None], boxes.astype("float32"))) >= 0.5
    open_, verdicts = np.ones(len(boxes), bool), []
    for answer, label, overlap in zip(answers, answer_labels, overlaps, strict=True):
        hit = np.flatnonzero(overlap & open_ & (labels == label))
        open_[hit[:1]] = False
        if len(hit):
            name = "found"
        else:
            name = "wrong class" if (overlap & (labels != label)).any() else "false alarm"
        verdicts.append((answer, name))
    # Not missed, if under another name.
    named = overlaps.any(axis=0)
    return [*verdicts, *((box, "missed") for box in boxes[open_ & ~named])]
