"""The small networks of lecture 05: what it shows, trains and measures."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.small_training import Labeller, layer
from course_lib.models.blocks import bilinear_upsampling
from course_lib.models.deeplab_v2 import Sum

STRIDE, CLASSES = 8, 6


class Enlarged(nn.Module):
    """Scores of stride 8, and one of three ways up: bilinear, or a transposed convolution from either start."""

    def __init__(self, way: str, classes: int = CLASSES, stride: int = STRIDE):
        super().__init__()
        self.stride = stride
        widths = (16, 24, 32) if stride == 8 else (16, 24)
        down = [layer(a, b, stride=2) for a, b in zip((3, *widths), widths)]
        last = widths[-1]
        self.scores = nn.Sequential(*down, layer(last, last), layer(last, last), nn.Conv2d(last, classes, 1))
        self.up = transposed(classes, stride, bilinear=way.startswith("bilinear start")) if way != "bilinear" else None

    def forward(self, image: Tensor) -> Tensor:
        return self.enlarge(self.scores(image))

    def enlarge(self, scores: Tensor) -> Tensor:
        """Scores at full size, by interpolation or by the transposed convolution."""
        if self.up is None:
            return F.interpolate(scores, scale_factor=self.stride, mode="bilinear", align_corners=False)
        edge = self.stride // 2
        return self.up(scores)[..., edge:-edge, edge:-edge]


def transposed(classes: int, stride: int, *, bilinear: bool) -> nn.Module:
    """From all classes to all classes, twice the stride wide, as FCN's; the random start keeps the variance."""
    up = bilinear_upsampling(classes, kernel_size=2 * stride, stride=stride, learned=True)
    if not bilinear:
        nn.init.normal_(up.weight, std=(4 * classes) ** -0.5)  # each output adds four cells of every class
    return up


WAYS = ("bilinear", "transposed", "bilinear start, learned")


def aspp(rates: Sequence[int], classes: int) -> nn.Module:
    """DeepLab v2's head on a map of stride 4: a branch for each rate, and their scores summed."""
    branches = Sum(nn.Sequential(layer(24, 16, rate=rate), nn.Conv2d(16, classes, 1)) for rate in rates)
    return Labeller(layer(3, 16, stride=2), layer(16, 24, stride=2), layer(24, 24), branches)
