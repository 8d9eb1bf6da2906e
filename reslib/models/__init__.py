"""Networks made of the library's layers."""

from reslib import framework  # noqa: F401  # isort: skip  (keeps the import of Keras quiet)
from reslib.models.cifar_resnet import cifar_resnet
from reslib.models.conversion import load_keras_applications
from reslib.models.mlp import mlp
from reslib.models.pyramid_detector import pyramid_detector
from reslib.models.pyramid_segmenter import pyramid_segmenter
from reslib.models.resnet import resnet
from reslib.models.row_resnet import row_resnet
from reslib.models.stage_outputs import stage_outputs

__all__ = [
    "cifar_resnet",
    "load_keras_applications",
    "mlp",
    "pyramid_detector",
    "pyramid_segmenter",
    "resnet",
    "row_resnet",
    "stage_outputs",
]
