"""The small networks of lecture 07: what it shows, trains and measures."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.small_training import Labeller, layer
from course_lib.models.xception import SeparableConv

WAYS = ("plain 16x", "plain 4x", "zeroed decoder", "decoder")


class SmallV3Plus(nn.Module):
    """A low level of stride 4, an encoder with a small ASPP, and one of four ways from there to the picture's size.

    plain 16x        scores of stride 16, enlarged at once
    plain 4x         the encoder keeps stride 4, its strides replaced by rates, and the scores are enlarged at once
    decoder          features of stride 16 enlarged 4x beside 8 maps of the low level, two layers, scores enlarged 4x
    zeroed decoder   the same, but the 8 maps are zeros
    """

    def __init__(self, way: str, classes: int = 6):
        super().__init__()
        self.way = way
        dense = way == "plain 4x"
        one, two, four = (1, 2, 4) if dense else (1, 1, 1)
        stride = 1 if dense else 2
        self.low = nn.Sequential(layer(3, 16, stride=2), layer(16, 24, stride=2))
        self.encoder = nn.Sequential(
            layer(24, 32, stride=stride, rate=one), layer(32, 32, rate=two),
            layer(32, 32, stride=stride, rate=two), layer(32, 32, rate=four),
        )  # fmt: skip
        self.branches = nn.ModuleList(
            [layer(32, 16, kernel=1), *[layer(32, 16, rate=rate * four) for rate in (1, 2, 3)]]
        )
        self.join = layer(64, 32, kernel=1)
        if "decoder" in way:
            self.fewer = layer(24, 8, kernel=1)
            self.refine = nn.Sequential(layer(32 + 8, 32), layer(32, 32))
        self.score = nn.Conv2d(32, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        low = self.low(image)
        x = self.encoder(low)
        x = self.join(torch.cat([branch(x) for branch in self.branches], 1))
        if "decoder" in self.way:
            borrowed = self.fewer(low)
            borrowed = torch.zeros_like(borrowed) if self.way == "zeroed decoder" else borrowed
            x = self.refine(torch.cat([borrowed, enlarge(x, low)], 1))
        return enlarge(self.score(x), image)


def enlarge(x: Tensor, like: Tensor) -> Tensor:
    """`x` at the size of `like`, by bilinear interpolation."""
    return F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)


MAPS = 48


NARROW, WIDE = 21, 127  # plain with the parameters of separable at 48 maps; separable with those of plain at 48


def body(separable: bool, maps: int = MAPS) -> nn.Module:
    """A stem of two strided layers, then four 3x3 layers on maps of stride 4, plain or separable."""
    one = partial(SeparableConv, maps, maps, relu=True) if separable else partial(layer, maps, maps)
    return Labeller(
        layer(3, 16, stride=2), layer(16, maps, stride=2), *[one() for _ in range(4)], nn.Conv2d(maps, 6, 1)
    )


NETS = {
    "plain": partial(body, separable=False),
    "separable": partial(body, separable=True),
    "plain and narrow": partial(body, separable=False, maps=NARROW),
    "separable and wide": partial(body, separable=True, maps=WIDE),
}
