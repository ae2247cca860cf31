"""Counting what a network has, on networks without weights: parameters, sizes, rates, receptive fields."""

from collections import Counter
from functools import cache

from torch import Tensor, nn

from course_lib import models
from course_lib.receptive_field import theoretical
from course_lib.receptive_field.theoretical import Field


@cache
def empty(name: str, num_classes: int = 21, **options) -> nn.Module:
    """A full-size network on the meta device: every shape and no number."""
    return models.build(name, num_classes, device="meta", **options).eval()


def parameters(net: nn.Module) -> int:
    """How many numbers a network learns or keeps fixed."""
    return sum(parameter.numel() for parameter in net.parameters())


def field_of(net: nn.Module, side: int = 224, channels: int = 3) -> Field:
    """The theoretical receptive field on a square image."""
    return theoretical(net, image_size=(side, side), channels=channels)


def side(field: Field, layer: str | None = None) -> int:
    """The side of a square receptive field."""
    height, width = field.size(layer)
    if height != width:
        raise ValueError(f"the field is {height} x {width}, not a square")
    return int(height)


def convolutions(net: nn.Module) -> list[nn.Conv2d | nn.ConvTranspose2d]:
    """Every convolution of a network, in the order of registration."""
    return [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]


def rates(net: nn.Module) -> dict[int, int]:
    """How many convolutions have which dilation."""
    return dict(Counter(layer.dilation[0] for layer in convolutions(net)))


def weights(*layers: nn.Module) -> int:
    """Weights without biases, of convolutions."""
    return sum(found.weight.numel() for layer in layers for found in convolutions(layer))


def multiply_adds(layer: nn.Conv2d, output: Tensor) -> int:
    """How many products one convolution sums up, for an output of this shape."""
    return layer.weight.numel() * output.shape[-2] * output.shape[-1]
