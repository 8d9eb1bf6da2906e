"""What lies between a detector's answers and boxes: targets, losses, and the way back."""

from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
from reslib.detection.boxes import iou
from reslib.detection.detections import Detections, detect
from reslib.detection.grid import Grid
from reslib.detection.losses import distance_loss, focal_loss

__all__ = ["Detections", "Grid", "detect", "distance_loss", "focal_loss", "iou"]
