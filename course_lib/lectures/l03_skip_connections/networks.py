"""The small networks of lecture 03: what it shows, trains and measures."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.small_training import Labeller, layer
from course_lib.models.selfie import Selfie
from course_lib.models.unet_light import LightUNet


@contextmanager
def silenced(net: LightUNet | Selfie, levels: Iterable[int]) -> Iterator[LightUNet | Selfie]:
    """Meanwhile the skips of these levels carry zeros; level 1 is the finest, at stride 2."""
    ups = {level: getattr(net, f"up{level}") for level in range(1, 5) if hasattr(net, f"up{level}")}
    if unknown := set(levels) - set(ups):
        raise ValueError(f"the skips have levels 1 to {max(ups)}, got {sorted(unknown)}")
    hooks = [ups[level].register_forward_pre_hook(lambda _, maps: (maps[0], maps[1] * 0)) for level in levels]
    try:
        yield net
    finally:
        for hook in hooks:
            hook.remove()


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
        """How a block's output joins its input: concatenated, added, or instead of it."""
        if self.joined == "dense":
            return torch.cat([x, new], 1)
        return x + new if self.joined == "residual" else new


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
    """A network of residual blocks whose shortcuts can be left out."""
    blocks = [Residual(add) for _ in range(layers // 2)]
    return Labeller(layer(3, 16, stride=2), layer(16, 16, stride=2), *blocks, nn.Conv2d(16, 6, 1))


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
