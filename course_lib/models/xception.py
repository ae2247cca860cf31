"""The modified aligned Xception of DeepLab v3+: no max pools, twice the middle, BN around every depthwise convolution.

Chollet: "Xception", CVPR 2017 (arXiv 1610.02357), changed as in Chen et al., ECCV 2018 (arXiv 1802.02611), section
3.2. A depthwise separable convolution filters each channel alone (3x3), then mixes the channels (1x1).

    entry    3x3 stride 2, 32; 3x3, 64
             block 1    128, 128, 128       stride 2     projected shortcut
             block 2    256, 256, 256       stride 2     projected shortcut
             block 3    728, 728, 728       stride 2     projected shortcut
    middle   16 blocks  728, 728, 728       stride 1     identity
    exit     block 1    728, 1024, 1024     stride 2     projected shortcut
             block 2    1536, 1536, 2048    stride 1     none

A block has three separable convolutions, the third one strides. At output stride 16 exit 1 keeps its stride and
exit 2 has rate 2; at 8 entry 3 does not stride, middle and exit 1 have rate 2, exit 2 rate 4.
Departs from the paper: as in the authors' code, ReLU stands before each separable convolution and only in exit 2
after the depthwise and after the pointwise one. BN has eps 1e-3 as theirs; its momentum is torch's 0.1 and not
0.0003, which needs hundreds of thousands of steps.
Often wrong elsewhere: the low-level feature taken from block 1 (128 maps); the last convolution of exit 1 left at
rate 1.
Comes in: N x 3 x H x W. Goes out: the low-level feature (256 maps at stride 4, after BN, before ReLU: the second
separable convolution of entry block 2) and the features (2048 maps).
"""

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import Convolution, scaled
from course_lib.models.resnet import Pointwise

EPS = 1e-3


class SeparableConv(nn.Sequential):
    """A 3x3 on each channel alone, then a 1x1 over all of them, each with BN; with `relu` also ReLU after each."""

    def __init__(
        self, before: int, after: int, *, stride: int = 1, rate: int = 1, relu: bool = False, eps: float = EPS
    ):
        depthwise = Convolution(before, before, 3, stride, padding=rate, dilation=rate, groups=before, bias=False)
        pointwise = Pointwise(before, after)
        layers: list[nn.Module] = []
        for convolution in (depthwise, pointwise):
            layers += [convolution, nn.BatchNorm2d(convolution.out_channels, eps=eps)]
            layers += [nn.ReLU(inplace=True)] if relu else []
        super().__init__(*layers)


class Block(nn.Module):
    """Three separable convolutions, ReLU before each, and a shortcut around them: identity, or projected by a 1x1."""

    def __init__(self, before: int, widths: tuple[int, int, int], *, stride: int = 1, rate: int = 1):
        super().__init__()
        first, second, third = widths
        self.separable1 = SeparableConv(before, first, rate=rate)
        self.separable2 = SeparableConv(first, second, rate=rate)
        self.separable3 = SeparableConv(second, third, stride=stride, rate=rate)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != third:
            self.shortcut = conv_bn(before, third, kernel_size=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.with_second(x)[1]

    def with_second(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The map after the second separable convolution, and the block's output."""
        first = self.separable1(F.relu(x))
        second = self.separable2(F.relu(first))
        return second, self.separable3(F.relu(second)) + self.shortcut(x)


class Xception65(nn.Module):
    """65 convolutions with a kernel above 1x1, without the classifier."""

    def __init__(self, *, output_stride: int = 16, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        if output_stride not in (8, 16, 32):
            raise ValueError(f"output_stride must be 8, 16 or 32, got {output_stride!r}")
        w32, w64, w128, w256, w728, w1024, w1536, w2048 = (
            scaled(w, width) for w in (32, 64, 128, 256, 728, 1024, 1536, 2048)
        )
        entry3_stride, middle_rate = (1, 2) if output_stride == 8 else (2, 1)
        exit1_stride = 2 if output_stride == 32 else 1
        exit2_rate = {8: 4, 16: 2, 32: 1}[output_stride]
        relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Sequential(*conv_bn(in_channels, w32, kernel_size=3, stride=2), relu)
        self.conv2 = nn.Sequential(*conv_bn(w32, w64, kernel_size=3), relu)
        self.entry1 = Block(w64, (w128, w128, w128), stride=2)
        self.entry2 = Block(w128, (w256, w256, w256), stride=2)
        self.entry3 = Block(w256, (w728, w728, w728), stride=entry3_stride)
        self.middle = nn.Sequential(*(Block(w728, (w728, w728, w728), rate=middle_rate) for _ in range(16)))
        self.exit1 = Block(w728, (w728, w1024, w1024), stride=exit1_stride, rate=middle_rate)
        self.exit2 = nn.Sequential(
            SeparableConv(w1024, w1536, rate=exit2_rate, relu=True),
            SeparableConv(w1536, w1536, rate=exit2_rate, relu=True),
            SeparableConv(w1536, w2048, rate=exit2_rate, relu=True),
        )
        self.in_channels = in_channels
        self.channels = (w256, w2048)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = self.entry1(self.conv2(self.conv1(image)))
        low_level, x = self.entry2.with_second(x)
        x = self.exit1(self.middle(self.entry3(x)))
        return low_level, self.exit2(x)


xception65 = Xception65  # xception65(output_stride=16)


def conv_bn(before: int, after: int, *, kernel_size: int, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (or divides it by the stride), and batch norm."""
    convolution = Convolution(before, after, kernel_size, stride, padding=kernel_size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after, eps=EPS))
