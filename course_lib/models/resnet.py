"""ResNet-50 and ResNet-101 as segmentation networks use them: dilated, so that the map stays large.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", CVPR 2016 (arXiv 1512.03385).

    stem     7x7 stride 2, 64 maps; or "deep" (PSPNet): three 3x3, 64, 64, 128, the first with stride 2
    pool1    3x3 max pool, stride 2
    conv2    3 blocks to 256 maps             stride 4
    conv3    4 blocks to 512 maps             stride 8
    conv4    6 or 23 blocks to 1024 maps      stride 16, or 8 with rate 2
    conv5    3 blocks to 2048 maps            stride 32; or 16 with rate 2; or 8 with rate 4
    block    1x1, 3x3, 1x1, each with BN, ReLU between; plus the input (through a 1x1 where shapes differ); ReLU

Dilation: a stage that gives up its stride multiplies its rate instead, in every block. `multi_grid` multiplies the
rates of conv5's three blocks once more.
Where published networks part, one argument each: `stride_on`, the convolution that strides in a stage's first block
(the paper, DeepLab v2 and PSPNet-50: the first 1x1; torchvision, PSPNet-101: the 3x3); `ceil_mode`, a pool that
rounds up (Caffe); `late_dilation`, torchvision's habit of giving the first block of a dilated stage the rate of the
stage before. All of these have the same parameters and are different functions.
Comes in: N x 3 x H x W. Goes out: conv5's map; `stages` gives those of conv2 to conv5.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import Convolution, scaled

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
EXPANSION = 4


class Pointwise(Convolution):
    """A 1x1 convolution without bias, on the faster of torch's kernels.

    On one CPU thread torch gives plain 1x1 convolutions to a matrix product, and dilated ones to oneDNN, which takes
    up to half as long. A single tap cannot be spread, so a rate of 2 changes the kernel and nothing else.
    """

    def __init__(self, before: int, after: int, *, stride: int = 1):
        super().__init__(before, after, kernel_size=1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or self.stride != (1, 1):
            return super().forward(x)
        return F.conv2d(x, self.weight, dilation=2)


class Bottleneck(nn.Module):
    """1x1 to few maps, 3x3, 1x1 to four times as many, added to the input."""

    def __init__(self, before: int, middle: int, *, stride: int = 1, rate: int = 1, stride_on: str = "3x3"):
        super().__init__()
        after = EXPANSION * middle
        first, second = (stride, 1) if stride_on == "1x1" else (1, stride)
        self.conv1 = Pointwise(before, middle, stride=first)
        self.bn1 = nn.BatchNorm2d(middle)
        self.conv2 = Convolution(middle, middle, kernel_size=3, stride=second, padding=rate, dilation=rate, bias=False)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = Pointwise(middle, after)
        self.bn3 = nn.BatchNorm2d(after)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            projection = Pointwise(before, after, stride=stride)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return F.relu(y + self.shortcut(x), inplace=True)


class ResNet(nn.Module):
    """The stem and four stages, without the classifier; `channels` counts the maps of conv2 to conv5."""

    def __init__(
        self,
        depth: int,
        *,
        output_stride: int = 32,
        stride_on: str = "3x3",
        stem: str = "plain",
        multi_grid: tuple[int, int, int] = (1, 1, 1),
        late_dilation: bool = False,
        ceil_mode: bool = False,
        in_channels: int = 3,
        width: float = 1.0,
    ):
        super().__init__()
        check_options(depth, output_stride, stride_on, stem, multi_grid)
        first = scaled(64, width)
        self.stem = deep_stem(in_channels, first) if stem == "deep" else plain_stem(in_channels, first)
        self.pool1 = nn.MaxPool2d(kernel_size=3, stride=2, padding=1, ceil_mode=ceil_mode)
        before, map_stride, rate, stages = first * (2 if stem == "deep" else 1), 4, 1, []
        for index, blocks in enumerate(BLOCKS[depth]):
            stride, rate_before = 1 if index == 0 else 2, rate
            if map_stride * stride > output_stride:
                stride, rate = 1, rate * stride
            map_stride *= stride
            rates = [rate * grid for grid in multi_grid] if index == 3 else [rate] * blocks
            if late_dilation:
                rates[0] = rate_before
            middle = scaled(64 * 2**index, width)
            stages.append(stage(before, middle, stride, rates, stride_on))
            before = EXPANSION * middle
        self.conv2, self.conv3, self.conv4, self.conv5 = stages
        self.depth, self.stride_on, self.in_channels = depth, stride_on, in_channels
        self.channels = tuple(EXPANSION * scaled(64 * 2**index, width) for index in range(4))

    def stages(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The maps after conv2 (stride 4), conv3, conv4 and conv5."""
        conv2 = self.conv2(self.pool1(self.stem(image)))
        conv3 = self.conv3(conv2)
        conv4 = self.conv4(conv3)
        return conv2, conv3, conv4, self.conv5(conv4)

    def forward(self, image: Tensor) -> Tensor:
        return self.stages(image)[-1]


resnet = ResNet  # resnet(101, output_stride=8)


def stage(before: int, middle: int, stride: int, rates: list[int], stride_on: str) -> nn.Sequential:
    """One block for each rate; the first one strides."""
    blocks = [Bottleneck(before, middle, stride=stride, rate=rates[0], stride_on=stride_on)]
    blocks += [Bottleneck(EXPANSION * middle, middle, rate=rate) for rate in rates[1:]]
    return nn.Sequential(*blocks)


def plain_stem(before: int, after: int) -> nn.Sequential:
    """One 7x7 convolution with stride 2, BN, ReLU."""
    convolution = Convolution(before, after, kernel_size=7, stride=2, padding=3, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def deep_stem(before: int, first: int) -> nn.Sequential:
    """Three 3x3 convolutions instead of the 7x7, the last one twice as wide."""
    layers: list[nn.Module] = []
    for inputs, outputs, stride in ((before, first, 2), (first, first, 1), (first, 2 * first, 1)):
        layers += [Convolution(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def check_options(depth: int, output_stride: int, stride_on: str, stem: str, multi_grid: tuple[int, ...]) -> None:
    """Refuses options that no ResNet here has, and says which there are."""
    for name, found, allowed in (
        ("depth", depth, tuple(BLOCKS)),
        ("output_stride", output_stride, (8, 16, 32)),
        ("stride_on", stride_on, ("1x1", "3x3")),
        ("stem", stem, ("plain", "deep")),
    ):
        if found not in allowed:
            choices = " or ".join(repr(choice) for choice in allowed)
            raise ValueError(f"{name} must be {choices}, got {found!r}")
    if len(multi_grid) != 3 or min(multi_grid) < 1:
        raise ValueError(f"multi_grid needs three factors of at least 1, one for each block of conv5, got {multi_grid}")
