"""The families of the benches, and how networks of equal cost are found.

A family puts its decoder on a body. `maps_for` searches the width of the decoder at which the network takes as much as
all others; the body is the same for all. It is at output stride 16 under all but U-Net, whose own fourth level needs a
stride of 32; what U-Net saves there, its decoder spends. SegNet and DeconvNet are not here: no body has the pools whose
places they could remember. The benches: `bench_photographs`, `bench_painted`.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import nn

from course_lib.evidence import probe
from course_lib.evidence.cost import kept_to_learn, multiply_adds
from course_lib.evidence.counting import parameters
from course_lib.lectures.l08_the_whole_picture.networks import (
    Channels,
    FCN8sDecoder,
    OnBody,
    UNetDecoder,
    V3Decoder,
    V3PlusDecoder,
)

WITHIN = 0.1  # how far a network may lie from another in what is equal


@dataclass(frozen=True)
class Family:
    """What one paper puts on the body, and the output stride that it asks of the body."""

    name: str
    decoder: Callable[[Channels, int, int], nn.Module]
    output_stride: int = 16

    def build(self, maps: int, body: Callable[..., nn.Module], classes: int) -> nn.Module:
        """The network with a decoder of so many maps, from random weights."""
        return OnBody(body(output_stride=self.output_stride), partial(self.decoder, classes=classes, maps=maps))


def maps_for(counted: Callable[[int], float], wanted: float) -> int:
    """The width whose network comes nearest to the wanted count, which grows with the width."""
    with torch.device("meta"):
        counted = cache(counted)
        low, high = 8, 16
        while counted(high) < wanted:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if counted(middle) < wanted else (low, middle)
        return min((low, high), key=lambda maps: abs(counted(maps) - wanted))


def costs(build: Callable[[int], nn.Module], maps: int, side: int) -> dict[str, float]:
    """What a network of this width costs for one picture of side x side: exact numbers."""
    with torch.device("meta"):
        net = build(maps)
    return {
        "maps": maps,
        "parameters": parameters(net),
        "multiply-adds": multiply_adds(net.eval(), side),
        "bytes kept to learn": kept_to_learn(net.train(), side),
    }


FAMILIES = {
    one.name: one
    for one in (
        Family("FCN-8s", FCN8sDecoder),
        Family("U-Net", UNetDecoder, output_stride=32),
        Family("DeepLab v3", V3Decoder),
        Family("DeepLab v3+", V3PlusDecoder),
    )
}

NO_SKIPS = "FCN without skips"
CONTROLS = {NO_SKIPS: Family(NO_SKIPS, partial(FCN8sDecoder, skips=False))}


@torch.no_grad()
def forward_times(nets: dict[str, nn.Module], side: int, beside: str, rounds: int = 3) -> dict[str, float]:
    """CPU time of one forward pass as a multiple of `beside`'s: the best of some rounds, all in turn, one uncounted."""
    if probe.active():
        return dict.fromkeys(nets, math.nan)
    image = torch.rand(1, 3, side, side).to(memory_format=torch.channels_last)
    nets = {name: net.eval().to(memory_format=torch.channels_last) for name, net in nets.items()}
    best = dict.fromkeys(nets, math.inf)
    for counts in [False] + [True] * rounds:
        for name, net in nets.items():
            began = time.process_time()
            net(image)
            best[name] = min(best[name], time.process_time() - began) if counts else best[name]
    return {name: took / best[beside] for name, took in best.items()}
