"""The small networks of lecture 01: what it shows, trains and measures."""

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.small_training import Labeller, layer, stack

STRIDES = (32, 16, 8)


class SmallFCN(nn.Module):
    """Five layers, each with a 2x2 pool; scores of stride 32, and those of 16 and 8 added down to the `finest`.

    All three score layers are always there, so that the networks have the same weights at the start.
    """

    def __init__(self, finest: int, classes: int = 4, widths: tuple[int, ...] = (16, 24, 32, 48, 64)):
        super().__init__()
        self.finest = finest
        self.stages = nn.ModuleList(layer(a, b) for a, b in zip((3, *widths), widths))
        self.scores = nn.ModuleList(nn.Conv2d(width, classes, 1) for width in reversed(widths[2:]))

    def forward(self, image: Tensor) -> Tensor:
        x, maps = image, []
        for stage in self.stages:
            x = F.max_pool2d(stage(x), 2)
            maps.append(x)
        answer = self.scores[0](maps[-1])
        for stride, score, finer in zip(STRIDES[1:], self.scores[1:], maps[-2::-1]):
            if stride >= self.finest:
                answer = score(finer) + enlarge(answer, finer)
        return enlarge(answer, image)


def enlarge(x: Tensor, like: Tensor) -> Tensor:
    """`x` at the size of `like`, by bilinear interpolation."""
    return F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)


def local_net(rates: tuple[int, ...]) -> nn.Module:
    """A stack with these dilation rates and a score layer for three classes."""
    return Labeller(stack(rates), nn.Conv2d(16, 3, 1))
