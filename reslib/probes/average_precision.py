"""How well a detector finds objects of each size."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reslib import arguments

if TYPE_CHECKING:
    import pandas as pd

    from reslib.datasets import SceneObjects
    from reslib.detection import Detections


def average_precision(
    detections: Detections,
    objects: SceneObjects,
    names: Sequence[str] = ("small", "medium", "large"),
    limits: Sequence[float] = (15, 30),
) -> pd.DataFrame:
    """Measure average precision and recall as on COCO, by the size of the objects.

    A box counts as found when a detection of its class overlaps it with an IoU of at least .5, .55,
    …, .95 in turn; what is given is the mean over these ten. The evaluator is COCO's own.

    Args:
        detections: `reslib.detection.Detections`, or anything with its `boxes`, `labels` and
            `scores`. A label of 0 is no detection. A box that is not finite, or has its bottom
            above its top, is one that overlaps nothing: a false alarm.
        objects: `reslib.datasets.SceneObjects`, or anything with its `boxes`, `labels` and `sizes`.
        names: Strings, what the sizes 0, 1, … are called.
        limits: Numbers, the longer side in pixels from which on a *detection* counts as of size 1,
            2, …: a false alarm is held against the size that it claims. (An object's size is
            given.)

    Returns:
        A pandas table with a row for each size and one for `"all"`, and the columns `"AP"`, the
        average precision (the mean over classes of the area below precision against recall);
        `"AP50"`, the same at an IoU of .5 only; and `"AR"`, the average recall (the mean share of
        the objects that is found at all). NaN where there is no object of a size.

    Raises:
        ValueError: if detections and objects are not of the same images, or their arrays not of
            one shape; if an object's box is none, or its size has no name; for limits that do not
            part as many sizes as there are names.

    Reference:
        Lin et al., 2014, "Microsoft COCO: Common Objects in Context", and its evaluation code,
        `pycocotools.cocoeval`, whose areas for sizes are replaced by those above.
    """
    import pandas as pd
    from pycocotools.cocoeval import COCOeval

    _check(detections, objects, names, limits)
    # The evaluator takes any comparison with NaN for a match, so that such a box would be perfect.
    is_box = _are_boxes(detections.boxes) & np.isfinite(detections.scores)
    boxes = np.where(is_box[..., None], detections.boxes, 0)
    # COCO's sizes are areas of boxes. Here an object has the number of its size in place of its
    # area, as has a detection: thin clothes have small areas in every size.
    longer = np.max(boxes[..., 2:] - boxes[..., :2], axis=-1)
    with contextlib.redirect_stdout(io.StringIO()):  # the evaluator talks
        truth = _coco(objects.boxes, objects.labels, objects.sizes)
        found = _coco(boxes, detections.labels, np.digitize(longer, limits), detections.scores)
        evaluator = COCOeval(truth, found, "bbox")
        # Not only the classes of `truth`: a wrong class is a false alarm only where it is known.
        evaluator.params.imgIds = list(range(len(objects.boxes)))
        evaluator.params.areaRng = [[0, len(names)], *([i, i] for i in range(len(names)))]
        evaluator.params.areaRngLbl = ["all", *names]
        evaluator.evaluate()
        evaluator.accumulate()

    precision, recall = evaluator.eval["precision"], evaluator.eval["recall"]
    at_half = evaluator.params.iouThrs == 0.5
    rows = {
        name: {
            "AP": _mean(precision[..., i, -1]),
            "AP50": _mean(precision[at_half][..., i, -1]),
            "AR": _mean(recall[..., i, -1]),
        }
        for i, name in enumerate(evaluator.params.areaRngLbl)
    }
    return pd.DataFrame(rows).T


def _check(detections, objects, names, limits):
    """Refuse what the evaluator would not notice, or notice in words of its own."""
    images = len(objects.boxes)
    if len(detections.boxes) != images:
        raise ValueError(
            "detections must be of the images that objects are of, received "
            f"{len(detections.boxes)} and {images} images"
        )
    for owner, holder, others in (
        ("detections", detections, ("labels", "scores")),
        ("objects", objects, ("labels", "sizes")),
    ):
        shape = arguments.array_shape(f"{owner}.boxes", holder.boxes, "N", "number", 4).shape[:2]
        for other in others:
            arguments.array_shape(f"{owner}.{other}", getattr(holder, other), *shape)
    there = objects.labels > 0
    if not _are_boxes(objects.boxes)[there].all():
        raise ValueError(
            "objects.boxes must be finite, with bottom and right behind top and left, received "
            f"{objects.boxes[there & ~_are_boxes(objects.boxes)][0].tolist()}"
        )
    if len(limits) != len(names) - 1 or (np.diff(limits) <= 0).any():
        raise ValueError(
            f"limits must be {len(names) - 1} growing numbers between the {len(names)} sizes, "
            f"received {limits!r}"
        )
    if not np.isin(objects.sizes[there], range(len(names))).all():
        raise ValueError(
            f"objects.sizes must be from 0 to {len(names) - 1}, received "
            f"{np.unique(objects.sizes[there]).tolist()}"
        )


def _are_boxes(boxes):
    return np.isfinite(boxes).all(axis=-1) & (boxes[..., 2:] >= boxes[..., :2]).all(axis=-1)


def _coco(boxes, labels, sizes, scores=None):
    """Make of arrays what the evaluator reads from files; where a label is 0 there is no box."""
    from pycocotools.coco import COCO

    images, places = np.nonzero(labels)
    corners, extents = boxes[..., :2], boxes[..., 2:] - boxes[..., :2]
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i} for i in range(len(boxes))],
        "categories": [{"id": int(label)} for label in np.unique(labels[labels > 0])],
        "annotations": [
            {
                "id": number + 1,  # the evaluator takes 0 for "not matched"
                "image_id": int(i),
                "category_id": int(labels[i, j]),
                # x, y, width, height
                "bbox": [*corners[i, j, ::-1].tolist(), *extents[i, j, ::-1].tolist()],
                "area": int(sizes[i, j]),
                "iscrowd": 0,
                **({} if scores is None else {"score": float(scores[i, j])}),
            }
            for number, (i, j) in enumerate(zip(images, places, strict=True))
        ],
    }
    coco.createIndex()
    return coco


def _mean(values):
    """Average over classes and thresholds; -1 stands for a class that does not occur."""
    values = values[values > -1]
    return float(values.mean()) if values.size else np.nan
