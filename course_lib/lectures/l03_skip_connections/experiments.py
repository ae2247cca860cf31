"""03 Skip connections, measured: gradients that arrive, depth that trains, and what each level's skip is worth."""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.small_training import (
    Labeller,
    answers,
    edge_iou,
    held_out,
    layer,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Comparison, Evidence
from course_lib.scenes import Scenes

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


class Residual(nn.Module):
    """Two layers, and the input added or not."""

    def __init__(self, add: bool, maps: int = 16):
        super().__init__()
        self.add = add
        self.two = nn.Sequential(
            layer(maps, maps), nn.Conv2d(maps, maps, 3, padding=1, bias=False), nn.BatchNorm2d(maps)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.two(x) + x if self.add else self.two(x))


def tower(add: bool, layers: int) -> nn.Module:
    blocks = [Residual(add) for _ in range(layers // 2)]
    return Labeller(layer(3, 16, stride=2), layer(16, 16, stride=2), *blocks, nn.Conv2d(16, 6, 1))


@claim(
    "S3",
    "M",
    "Deeper plain nets train worse than deeper residual ones, at the same budget.",
    seeds=3,
    paper="He et al. 2016, figure 1: 56 plain layers have a higher training error than 20",
)
def depth_that_trains(seeds: Seeds) -> Evidence:
    """Varied: the addition, and 8 or 48 layers. Equal: parameters at each depth, steps, pictures, batch normalisation.

    Scored on pictures of the training, because the statement is about training and not about overfitting.
    """

    def depths(seed: int) -> dict[str, float]:
        row = {}
        for add, layers in ((False, 8), (False, 48), (True, 8), (True, 48)):
            net = train(started(partial(tower, add, layers), seed), "street", steps=120, seed=seed)
            prediction, label, _ = answers(net, Scenes("street", count=128, seed=seed))
            row[f"{'residual' if add else 'plain'}, {layers}"] = mean_iou(prediction, label, 6)
        return row

    return Evidence(
        settings={"scenes": "street", "steps": 120, "score": "mean IoU on pictures of the training"},
        values=over_seeds(seeds, depths),
        comparisons=[
            Comparison("deep residual over deep plain", "residual, 48", "plain, 48", 0.05),
            Comparison("deep plain is worse than shallow plain", "plain, 8", "plain, 48", 0.05),
        ],
    )


class SmallUNet(nn.Module):
    """Four sizes, three skips; a skip that is left out hands over zeros, so that the parameters stay the same."""

    def __init__(self, skips: Sequence[int], classes: int = 6, widths: Sequence[int] = (8, 16, 24, 32)):
        super().__init__()
        self.skips = tuple(skips)
        pairs = list(zip((3, *widths), widths))
        self.down = nn.ModuleList(nn.Sequential(layer(a, b), layer(b, b)) for a, b in pairs)
        self.up = nn.ModuleList(layer(a + b, a) for a, b in pairs[1:])
        self.score = nn.Conv2d(widths[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        copies = []
        for number, stage in enumerate(self.down):
            x = stage(F.max_pool2d(x, 2) if number else x)
            copies.append(x)
        for number in reversed(range(len(self.up))):
            copy = copies[number] if number + 1 in self.skips else torch.zeros_like(copies[number])
            wider = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = self.up[number](torch.cat([copy, wider], 1))
        return self.score(x)


@claim("S6", "M", "Removing the encoder-decoder skips of one net costs boundary IoU, at each level.", seeds=3)
def ablation(seeds: Seeds) -> Evidence:
    """Varied: which skips carry the encoder's maps and which carry zeros. Equal: parameters, steps, pictures.

    Level 1 is the finest, at the picture's own size; level 3 has a quarter of it.
    """
    kept = {"all": (1, 2, 3), "without 1": (2, 3), "without 2": (1, 3), "without 3": (1, 2), "none": ()}

    def levels(seed: int) -> dict[str, float]:
        row = {}
        for word, skips in kept.items():
            net = train(started(partial(SmallUNet, skips), seed), "street", steps=300, seed=seed)
            prediction, label, _ = answers(net, held_out("street"))
            row[f"edge IoU, {word}"] = edge_iou(prediction, label, 6)
            row[f"mIoU, {word}"] = mean_iou(prediction, label, 6)
        return row

    return Evidence(
        settings={"scenes": "street", "steps": 300, "edge": "1 pixel on either side of a boundary"},
        values=over_seeds(seeds, levels),
        comparisons=[
            Comparison("all over none", "edge IoU, all", "edge IoU, none", 0.1),
            *[Comparison(f"level {n}", "edge IoU, all", f"edge IoU, without {n}", 0.01) for n in (1, 2, 3)],
        ],
        remarks={
            "does not reproduce here": "The differences have the stated sign, but the seeds scatter too widely to "
            "tell.",
            "holds in part": "The skips together matter a great deal; one alone can be missed where its neighbours "
            "carry nearly the same detail.",
        },
    )
