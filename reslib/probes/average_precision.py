"""How well a detector finds objects of each size."""

import contextlib
import io

import numpy as np


def average_precision(detections, objects, names=("small", "medium", "large"), limits=(15, 30)):
    """Average precision and recall as on COCO, by the size of the objects.

    A box counts as found when a detection of its class overlaps it with an IoU of at least .5, .55,
    …, .95 in turn; what is given is the mean over these ten. The evaluator is COCO's own.

    Args:
        detections: `reslib.detection.Detections`, or anything with its `boxes`, `labels` and
            `scores`. A label of 0 is no detection.
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
        ValueError: if detections and objects are not of the same images.

    Reference:
        Lin et al., 2014, "Microsoft COCO: Common Objects in Context", and its evaluation code,
        `pycocotools.cocoeval`, whose areas for sizes are replaced by those above.
    """
    import pandas as pd
    from pycocotools.cocoeval import COCOeval

    if len(detections.boxes) != len(objects.boxes):
        raise ValueError(
            "detections must be of the images that objects are of, received "
            f"{len(detections.boxes)} and {len(objects.boxes)} images"
        )
    # COCO's sizes are areas of boxes. Here an object has the number of its size in place of its
    # area, as has a detection: thin clothes have small areas in every size.
    longer = np.max(detections.boxes[..., 2:] - detections.boxes[..., :2], axis=-1)
    with contextlib.redirect_stdout(io.StringIO()):  # the evaluator talks
        truth = _coco(objects.boxes, objects.labels, objects.sizes)
        found = _coco(
            detections.boxes, detections.labels, np.digitize(longer, limits), detections.scores
        )
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


def _coco(boxes, labels, sizes, scores=None):
    """What the evaluator reads from files, from arrays; where a label is 0 there is no box."""
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
    """Over classes and thresholds; -1 stands for a class that does not occur."""
    values = values[values > -1]
    return float(values.mean()) if values.size else np.nan
