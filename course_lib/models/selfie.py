"""MediaPipe's selfie segmenter: person against background in 106 thousand parameters, used in video calls by millions.

Google, MediaPipe Selfie Segmentation, model of 2021 (Apache-2.0), read off the released file. Its body follows Howard
et al., "Searching for MobileNetV3", ICCV 2019 (arXiv 1905.02244); the gate on its head is that paper's Lite R-ASPP.

    stem       3x3 stride 2, 16, hard swish                          stride 2     copy 1
    bneck 1    16 ->  16 -> 16, 3x3 stride 2, excitation             stride 4     copy 2
    bneck 2    16 ->  72 -> 24, 3x3 stride 2
    bneck 3    24 ->  88 -> 24, 3x3                                  stride 8     copy 3
    bneck 4    24 ->  96 -> 32, 5x5 stride 2, excitation
    bneck 5-6  32 -> 128 -> 32, 5x5, excitation
    bneck 7-8  32 ->  96 -> 32, 5x5, excitation                      stride 16
    head       1x1 to 128, ReLU; times the sigmoid of a 1x1 on the average of the whole map
    up3 up2 up1  bilinear times two; 1x1 to the copy's maps; the copy, gated, is added; 1x1, ReLU; plus 3x3 on each map
    score      transposed 2x2, stride 2, to one map: the logit of "person"
    bneck      1x1, k x k on each map alone, excitation, 1x1; ReLU in 1 to 3, hard swish from 4 on; plus the input
               where the shapes agree
    excitation each map times a number between 0 and 1, computed from the averages of all maps (squeeze and excitation)

BN is folded into the weights of the released file, so there is none here. Padding is TensorFlow's "same".
Departs from the release in: `net(image)` gives two logits, 0 for background and the score for person, so that softmax
over both is the released sigmoid and the highest is the label, as for every network here. Any size goes in; the
released file takes 256 x 256 pixels.
Comes in: N x 3 x H x W in [0, 1].
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import TransposedConvolution, check_image, crop, resize, scaled
from course_lib.models.efficientnet_lite import SameConvolution

BNECKS = (  # thick, after, kernel size, stride, excitation divided by, activation
    (16, 16, 3, 2, 2, nn.ReLU),
    (72, 24, 3, 2, None, nn.ReLU),
    (88, 24, 3, 1, None, nn.ReLU),
    (96, 32, 5, 2, 4, nn.Hardswish),
    (128, 32, 5, 1, 4, nn.Hardswish),
    (128, 32, 5, 1, 4, nn.Hardswish),
    (96, 32, 5, 1, 4, nn.Hardswish),
    (96, 32, 5, 1, 4, nn.Hardswish),
)


class Selfie(nn.Module):
    """The selfie segmenter; its two classes are background and person."""

    def __init__(self, num_classes: int = 2, *, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        if num_classes != 2:
            raise ValueError(f"selfie knows 2 classes, background and person; got num_classes={num_classes}")
        self.in_channels = in_channels
        first, head = scaled(16, width), scaled(128, width)
        self.stem = nn.Sequential(SameConvolution(in_channels, first, 3, stride=2), nn.Hardswish())
        self.bnecks = nn.ModuleList()
        before, copies = first, [first]
        for thick, after, kernel_size, stride, squeezed, activation in BNECKS:
            block = Bneck(before, scaled(thick, width), scaled(after, width), kernel_size, stride, squeezed, activation)
            self.bnecks.append(block)
            before = scaled(after, width)
            copies.append(before)
        self.head = Head(before, head)
        self.up3 = Up(head, copies[3])
        self.up2 = Up(copies[3], copies[1])
        self.up1 = Up(copies[1], copies[0])
        self.score = TransposedConvolution(copies[0], 1, kernel_size=2, stride=2)

    def forward(self, image: Tensor) -> Tensor:
        """Two logits, background and person, at the image's size."""
        person = crop(self.scores(image), image.shape[-2:], offset=0)
        return torch.cat([torch.zeros_like(person), person], dim=1)

    def scores(self, image: Tensor) -> Tensor:
        """The logit of "person"; an odd side comes out one longer."""
        check_image(image, self.in_channels)
        copy1 = self.stem(image)
        copy2 = self.bnecks[0](copy1)
        copy3 = self.bnecks[2](self.bnecks[1](copy2))
        x = copy3
        for block in self.bnecks[3:]:
            x = block(x)
        x = self.head(x)
        x = self.up3(x, copy3)
        x = self.up2(x, copy2)
        x = self.up1(x, copy1)
        return self.score(x)


class Bneck(nn.Module):
    """MobileNetV3's block: thin, thick, thin."""

    def __init__(self, before: int, thick: int, after: int, kernel_size: int, stride: int, squeezed: int | None, act):
        super().__init__()
        self.expand = SameConvolution(before, thick, 1)
        self.depthwise = SameConvolution(thick, thick, kernel_size, stride=stride, groups=thick)
        self.excitation = Excitation(thick, thick // squeezed) if squeezed else None
        self.project = SameConvolution(thick, after, 1)
        self.act = act()
        self.shortcut = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.depthwise(self.act(self.expand(x))))
        if self.excitation is not None:
            y = y * self.excitation(y)
        y = self.project(y)
        return x + y if self.shortcut else y


class Excitation(nn.Module):
    """A number between 0 and 1 for each map, from the averages of all of them."""

    def __init__(self, maps: int, squeezed: int):
        super().__init__()
        self.squeeze = SameConvolution(maps, max(squeezed, 1), 1)
        self.excite = SameConvolution(max(squeezed, 1), maps, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.excite(F.relu(self.squeeze(average(x)))).sigmoid()


class Head(nn.Module):
    """Lite R-ASPP's: what is where, times what the whole image allows."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.local = SameConvolution(before, after, 1)
        self.whole = SameConvolution(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.local(x)) * self.whole(average(x)).sigmoid()


class Up(nn.Module):
    """One level of the way up; the gate sees both maps and decides how much of the copy joins."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.reduce = SameConvolution(before, after, 1)
        self.gate = Excitation(after, after)
        self.mix = SameConvolution(after, after, 1)
        self.depthwise = SameConvolution(after, after, 3, groups=after)

    def forward(self, x: Tensor, copy: Tensor) -> Tensor:
        up = self.reduce(resize(x, copy.shape[-2:], align_corners=False))
        y = F.relu(self.mix(up + copy * self.gate(up + copy)))
        return y + F.relu(self.depthwise(y))


def average(x: Tensor) -> Tensor:
    """The mean of each channel, with height and width 1."""
    return x.mean((2, 3), keepdim=True)
