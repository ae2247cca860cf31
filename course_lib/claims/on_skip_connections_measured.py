"""03 Skip connections, measured: gradients that arrive."""

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.claims.claim import Seeds, claim
from course_lib.claims.evidence import Comparison, Evidence
from course_lib.claims.experiment import (
    held_out,
    over_seeds,
    started,
)

DEPTHS = (2, 32)


class Depth(nn.Module):
    """Layers of 3x3 with ReLU, joined in one of three ways; no batch normalisation, which hides the effect."""

    def __init__(self, joined: str, depth: int, *, he: bool = False, maps: int = 8):
        super().__init__()
        self.joined = joined
        wide = [maps * number if joined == "dense" else maps for number in range(1, depth + 1)]
        self.first = nn.Conv2d(3, maps, 3, padding=1)
        self.layers = nn.ModuleList(nn.Conv2d(before, maps, 3, padding=1) for before in wide)
        self.score = nn.Conv2d(maps * (depth + 1) if joined == "dense" else maps, 6, 1)
        for one in (self.first, *self.layers) if he else ():
            nn.init.kaiming_normal_(one.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for one in self.layers:
            x = self.join(x, F.relu(one(x)))
        return self.score(x)

    def join(self, x: Tensor, new: Tensor) -> Tensor:
        if self.joined == "dense":
            return torch.cat([x, new], 1)
        return x + new if self.joined == "residual" else new


@claim(
    "S2",
    "M",
    "Skips ease gradient flow: with depth the gradient that reaches the first layer fades in a plain network, and not "
    "in a residual or a dense one.",
    seeds=5,
)
def gradient_flow(seeds: Seeds) -> Evidence:
    """Varied: how the layers are joined, and the depth. Equal: width, start, pictures; nothing is trained.

    Values are decades: log10 of the first layer's gradient norm at depth 32 over that at depth 2. The control starts
    the plain network as He et al. prescribe: how much of the fading is the start's fault?
    """
    image, label, _ = held_out("street", 4, size=32).batch(range(4))

    def decades(seed: int) -> dict[str, float]:
        row = {}
        for word, joined, he in (("plain", "plain", False), ("residual", "residual", False),
                                 ("dense", "dense", False), ("plain, He's start", "plain", True)):  # fmt: skip
            norms = {}
            for depth in DEPTHS:
                net = started(partial(Depth, joined, depth, he=he), seed)
                F.cross_entropy(net(image), label).backward()
                norms[depth] = float(net.first.weight.grad.norm())
            row[word] = math.log10(max(norms[32], 1e-30) / norms[2])
        return row

    return Evidence(
        settings={"depths": DEPTHS, "start": "torch's own, but for the control", "unit": "decades"},
        values=over_seeds(seeds, decades),
        comparisons=[
            Comparison("residual over plain", "residual", "plain", 2.0),
            Comparison("dense over plain", "dense", "plain", 2.0),
        ],
        remarks={
            "holds": "A good start does much of the same: plain layers with He's start lose few decades. Without batch "
            "normalisation the residual network's gradient grows instead."
        },
    )
