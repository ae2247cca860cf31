"""What a full-size network costs: parameters, multiply-adds, what it sees, what learning keeps, and how long it takes.

In come names of networks, out go numbers. All but the time are exact, counted on networks without weights.
"""

import math
import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib import models
from course_lib.evidence import probe
from course_lib.evidence.counting import field_of, parameters

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
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.empty(1, 3, side, side, device="meta"))
    return counter.get_total_flops() // 2


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


@torch.no_grad()
def forward_times(names: Sequence[str], beside: str, side: int = SIDE, rounds: int = 1) -> dict[str, float]:
    """CPU time of one forward pass as a multiple of that of `beside`, the two in turn.

    The best of some rounds, after one that does not count.

    Two networks at a time are in memory: the largest has a gigabyte of weights.
    """
    if probe.active():
        return dict.fromkeys(names, math.nan)
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    yardstick = models.build(beside).eval()
    found = {}
    for name in names:
        net = yardstick if name == beside else models.build(name).eval()
        best = {"net": math.inf, "yardstick": math.inf}
        for counts in [False] + [True] * rounds:
            for word, one in (("net", net), ("yardstick", yardstick)):
                began = time.process_time()
                one(image)
                best[word] = min(best[word], time.process_time() - began) if counts else best[word]
        found[name] = best["net"] / best["yardstick"]
    return found
