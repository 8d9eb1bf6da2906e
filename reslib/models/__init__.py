"""Networks made of the library's layers."""

from reslib.models.cifar_resnet import cifar_resnet

__all__ = ["cifar_resnet"]
