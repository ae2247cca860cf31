"""Networks so small that their field of view is all they have: a stem, six layers of 3x3 and a score layer.

For lessons in which one network sees far and its twin does not: whatever the rates, the parameters are the same.
`checkpoints` trains them; FIELDS are their theoretical fields in pixels, before scores are enlarged.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

NEAR, FAR = (1,) * 6, (1, 2, 5, 9, 5, 2)
FIELDS = {NEAR: 27, FAR: 99}


class Stack(nn.Module):
    """Scores at half the image's size, enlarged to it."""

    def __init__(self, num_classes: int, rates: Sequence[int], maps: int = 16):
        super().__init__()
        layers = [layer(3, maps, stride=2), *[layer(maps, maps, rate=rate) for rate in rates]]
        self.layers = nn.Sequential(*layers)
        self.score = nn.Conv2d(maps, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        scores = self.score(self.layers(image))
        return F.interpolate(scores, image.shape[-2:], mode="bilinear", align_corners=False)


def layer(before: int, after: int, *, rate: int = 1, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU."""
    convolution = nn.Conv2d(before, after, 3, stride=stride, padding=rate, dilation=rate, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())
