"""What a network costs: parameters, multiply-adds, what it sees, and what learning keeps.

All is exact, counted on networks without weights.
"""

import math

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from course_lib import models
from course_lib.evidence.counting import field_of, parameters
from course_lib.receptive_field.tracing import shapes

SIDE = 224


def costs(name: str, side: int = SIDE, **options: object) -> dict[str, float | str]:
    """The exact numbers for one picture of side x side and 21 classes."""
    net = models.build(name, device="meta", **options)
    high, wide = field_of(net.eval(), side).size()
    return {
        "parameters": parameters(net),
        "multiply-adds": multiply_adds(net, side),
        "receptive field": "all" if math.isinf(max(high, wide)) else int(max(high, wide)),
        "bytes kept to learn": kept_to_learn(net.train(), side),
    }


def multiply_adds(net: nn.Module, side: int) -> int:
    """Of all convolutions, plain and transposed."""
    with Products() as counted, torch.no_grad():
        net(torch.empty(1, 3, side, side, device="meta"))
    return counted.products


class Products(TorchDispatchMode):
    """Counts as torch's FlopCounterMode does, which would load Triton's compiler: 80 MB of a lecture's kernel."""

    products = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:  # else torch loads the whole compiler to leave the next function out
        return False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        answer = shapes.called(function, args, kwargs or {})
        if function is torch.ops.aten.convolution.default:
            image, filters, transposed = args[0], args[1], args[6]
            places = image if transposed else answer  # where the filters are laid
            self.products += filters.numel() * places.numel() // places.shape[1]
        return answer


def kept_to_learn(net: nn.Module, side: int) -> int:
    """Bytes that the forward pass keeps for the backward pass, for one picture, weights left out."""
    weights = {value.untyped_storage()._cdata for value in (*net.parameters(), *net.buffers())}
    kept: dict[int, Tensor] = {}

    def keep(value: Tensor) -> Tensor:
        if (place := value.untyped_storage()._cdata) not in weights:
            kept[place] = value
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        answer = net(torch.empty(1, 3, side, side, device="meta"))
    del answer
    return sum(value.untyped_storage().nbytes() for value in kept.values())
