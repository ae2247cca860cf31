"""FC-DenseNet, the One Hundred Layers Tiramisu: a U of dense blocks that passes on little and keeps much.

Jegou, Drozdzal, Vazquez, Romero, Bengio: "The One Hundred Layers Tiramisu: Fully Convolutional DenseNets for Semantic
Segmentation", CVPR workshops 2017 (arXiv 1611.09326).

    first              48, 3x3
    layer              BN, ReLU, 3x3 to the growth rate, dropout 0.2; its maps join the stack
    down1 .. down5     a dense block, whose whole stack goes on and across;
                       then BN, ReLU, 1x1 to as many maps, dropout 0.2, maximum of 2x2, rounding down
    bottleneck         a dense block that passes on only its new maps
    up5 .. up1         transposed 3x3 with stride 2, cropped to the copy, beside it the copy;
                       a dense block that passes on only its new maps (up1: the whole stack)
    score              classes, 1x1

    layers in          down1 .. down5        bottleneck    up5 .. up1              growth
    FC-DenseNet56      4  4  4  4  4         4             4  4  4  4  4           12
    FC-DenseNet67      5  5  5  5  5         5             5  5  5  5  5           16
    FC-DenseNet103     4  5  7  10 12        15            12 10 7  5  4           16
    maps of the 103    112 192 304 464 656   896           1088 816 576 384 256

Departs from the paper in: the paper's table of maps is 16 too small at four places, as the authors' own code shows. In
evaluation BN uses running statistics, as everywhere; the authors' code uses those of the batch in hand.
Often wrong elsewhere: the stack passed on in the bottleneck and on the way up, which lets the maps explode;
convolutions without bias.
"""

from functools import partial

import torch
from torch import Tensor, nn

from course_lib.models.blocks import (
    BatchNorm,
    Convolution,
    TransposedConvolution,
    at_least_one,
    centre_crop,
    check_image,
    scaled,
)


class FCDenseNet(nn.Module):
    """`down`, `bottleneck` and `up` count the layers of the dense blocks; there may be any number of levels."""

    def __init__(
        self,
        num_classes: int = 21,
        *,
        down: tuple[int, ...] = (4, 5, 7, 10, 12),
        bottleneck: int = 15,
        up: tuple[int, ...] = (12, 10, 7, 5, 4),
        growth: int = 16,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.2,
    ):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        if len(down) != len(up) or min(*down, *up, bottleneck) < 1:
            raise ValueError(
                f"down and up need equally many blocks of one layer or more, got {down}, {bottleneck}, {up}"
            )
        self.in_channels = in_channels
        self.smallest = max(33, 2 ** len(down))  # each level halves, and one cell must be left
        k = scaled(growth, width)
        maps = scaled(48, width)
        self.first = Convolution(in_channels, maps, kernel_size=3, padding=1)
        self.down = nn.ModuleList()
        copies = []
        for layers in down:
            self.down.append(Down(maps, layers, k, dropout))
            maps += layers * k
            copies.append(maps)
        self.bottleneck = DenseBlock(maps, bottleneck, k, dropout)
        self.up = nn.ModuleList()
        new = bottleneck * k
        for layers in up:
            self.up.append(Up(new, copies[-1], layers, k, dropout))
            new, maps = layers * k, new + copies.pop() + layers * k
        self.score = Convolution(maps, num_classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        check_image(image, self.in_channels, self.smallest)
        x, copies = self.first(image), []
        for down in self.down:
            x, stack = down(x)
            copies.append(stack)
        maps = self.bottleneck(x)
        for up in self.up:
            new = torch.cat(maps[1:], dim=1)
            maps = up(new, copies.pop())
        return self.score(torch.cat(maps, dim=1))

    def scores(self, image: Tensor) -> Tensor:
        """FC-DenseNet answers at the image's own size."""
        return self(image)


class DenseBlock(nn.Module):
    """Each layer reads the input and all layers before it. Go out: the input and each layer's new maps."""

    def __init__(self, before: int, layers: int, growth: int, dropout: float):
        super().__init__()
        widths = [before + index * growth for index in range(layers)]
        self.layers = nn.ModuleList(normalised(Convolution(w, growth, 3, padding=1), dropout) for w in widths)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, dim=1)))
        return maps


class Down(nn.Module):
    """A dense block, passed on whole. Go out: half the size for the next level, and the copy across."""

    def __init__(self, before: int, layers: int, growth: int, dropout: float):
        super().__init__()
        after = before + layers * growth
        self.block = DenseBlock(before, layers, growth, dropout)
        self.transition = normalised(Convolution(after, after, kernel_size=1), dropout)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        stack = torch.cat(self.block(x), dim=1)
        return self.pool(self.transition(stack)), stack


class Up(nn.Module):
    """Twice the size, the copy beside it, a dense block. Go out: the block's input and its new maps."""

    def __init__(self, before: int, copied: int, layers: int, growth: int, dropout: float):
        super().__init__()
        self.enlarge = TransposedConvolution(before, before, kernel_size=3, stride=2)
        self.block = DenseBlock(before + copied, layers, growth, dropout)

    def forward(self, x: Tensor, copy: Tensor) -> list[Tensor]:
        x = centre_crop(self.enlarge(x), copy.shape[-2:])
        return self.block(torch.cat([x, copy], dim=1))


def normalised(convolution: nn.Conv2d, dropout: float) -> nn.Sequential:
    """DenseNet's order: BN and ReLU come before the convolution."""
    return nn.Sequential(BatchNorm(convolution.in_channels), nn.ReLU(), convolution, nn.Dropout(dropout))


fc_densenet56 = partial(FCDenseNet, down=(4,) * 5, bottleneck=4, up=(4,) * 5, growth=12)
fc_densenet67 = partial(FCDenseNet, down=(5,) * 5, bottleneck=5, up=(5,) * 5, growth=16)
fc_densenet103 = FCDenseNet
