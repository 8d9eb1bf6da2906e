"""Networks made of the library's layers."""

from reslib.models.cifar_resnet import cifar_resnet
from reslib.models.conversion import load_keras_applications as load_keras_applications
from reslib.models.mlp import mlp
from reslib.models.resnet import resnet
from reslib.models.stage_outputs import stage_outputs as stage_outputs

__all__ = ["cifar_resnet", "mlp", "resnet"]  # what a Run can name: functions that make a network
