"""Heads that differ only in what they pool, for the claims on context (06 and 07).

One backbone of stride 4 whose receptive field is 15 pixels, then a head. Each branch sees the features through a 1x1
layer, after it has averaged them over bins or looked at neighbours; bins 0 leave them where they are. Branches share
the channels, so that every pooling head has the same parameters, the one without any pooling too.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.small_training import Labeller, answers, held_out, iou, layer, started, train

MAPS = 24
STEPS = 200


class Pooling(nn.Module):
    """The features beside averages of them over bins x bins parts of the picture."""

    def __init__(self, bins: Sequence[int], maps: int = MAPS):
        super().__init__()
        self.bins = tuple(bins)
        self.branches = nn.ModuleList(layer(maps, maps // len(bins), kernel=1) for _ in bins)

    def forward(self, x: Tensor) -> Tensor:
        found = [x]
        for bins, branch in zip(self.bins, self.branches):
            pooled = branch(F.adaptive_avg_pool2d(x, bins) if bins else x)
            found.append(F.interpolate(pooled, x.shape[-2:], mode="bilinear", align_corners=False))
        return torch.cat(found, 1)


class SmallASPP(nn.Module):
    """Branches of 1x1 and of rates 1, 2 and 3; the last branch is image pooling, or another 1x1 in its place."""

    def __init__(self, pooling: bool, maps: int = MAPS):
        super().__init__()
        dilated = [layer(maps, maps // 2, rate=rate) for rate in (1, 2, 3)]
        self.branches = nn.ModuleList([layer(maps, maps // 2, kernel=1), *dilated])
        self.last = Pooling((1 if pooling else 0,), maps)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches] + [self.last(x)], 1)


def backbone() -> nn.Sequential:
    """Three layers with an output stride of 4, the same for every head."""
    return nn.Sequential(layer(3, 16, stride=2), layer(16, MAPS, stride=2), layer(MAPS, MAPS))


def pooling_net(classes: int, bins: Sequence[int]) -> nn.Module:
    """The backbone with average pooling into the given bins."""
    return Labeller(backbone(), Pooling(bins), nn.Conv2d(2 * MAPS, classes, 1))


def aspp_net(classes: int, pooling: bool) -> nn.Module:
    """The backbone with ASPP, with or without image pooling."""
    return Labeller(backbone(), SmallASPP(pooling), nn.Conv2d(4 * MAPS, classes, 1))


def far_net(classes: int, rates: Sequence[int] = (2, 4, 4)) -> nn.Module:
    """No pooling, but a field that covers the picture: the rival of every claim on context."""
    return Labeller(backbone(), *[layer(MAPS, MAPS, rate=rate) for rate in rates], nn.Conv2d(MAPS, classes, 1))


def pair(net: nn.Module, family: str, first: int, second: int, **knobs: object) -> dict[str, float]:
    """IoU of two classes that look alike, and the share of their pixels that get the other's name."""
    scenes = held_out(family, **knobs)
    prediction, label, _ = answers(net, scenes)
    swapped = ((label == first) & (prediction == second)) | ((label == second) & (prediction == first))
    among = (label == first) | (label == second)
    return {
        "pair IoU": iou(prediction, label, scenes.num_classes, first, second),
        "swapped": float(swapped.sum() / among.sum()),
    }


def trained(build, family: str, seed: int, **knobs: object) -> nn.Module:
    """A network trained on one scene family; seed and steps are the same for every head."""
    return train(started(build, seed), family, steps=STEPS, seed=seed, **knobs)
