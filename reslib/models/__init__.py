"""Networks made of the library's layers."""

from reslib.models.cifar_resnet import cifar_resnet
from reslib.models.mlp import mlp

__all__ = ["cifar_resnet", "mlp"]
