"""EfficientNet-Lite0: a light body that ImageNet really trained, with its classifier.

Tan, Le: "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019 (arXiv 1905.11946), in
the authors' Lite edition of 2020 for telephones: ReLU6 instead of swish, no squeeze-and-excitation. Its block is that
of Sandler et al., "MobileNetV2", CVPR 2018 (arXiv 1801.04381).

    stem       3x3 stride 2, 32
    stage 1    1 block   3x3, expansion 1,  16    stride 2
    stage 2    2 blocks  3x3, expansion 6,  24    stride 4
    stage 3    2 blocks  5x5, expansion 6,  40    stride 8
    stage 4    3 blocks  3x3, expansion 6,  80    stride 16, or 8 with rate 2
    stage 5    3 blocks  5x5, expansion 6, 112
    stage 6    4 blocks  5x5, expansion 6, 192    stride 32; or 16 with rate 2; or 8 with rate 4
    stage 7    1 block   3x3, expansion 6, 320
    head       1x1, 1280
    score      1x1 to the classes, averaged over the map
    block      1x1 to `expansion` times as many maps, BN, ReLU6; k x k on each map alone, BN, ReLU6; 1x1, BN;
               plus the input where the shapes agree (an inverted residual: the shortcut joins the thin ends)

Dilation: a stage that gives up its stride multiplies the rate of all later k x k convolutions instead; the one that
strided keeps its own rate. No weight changes, and on the grid of the large stride no value does (a test holds it).
Departs from the authors in: the classifier is a 1x1 convolution whose map is averaged. They average first and then
classify, which gives the same scores, because both are linear; the map before the average is FCN's heat map. Stochastic
depth and the dropout before the classifier are left out: nobody trains it on ImageNet here. BN's momentum is torch's.
Often wrong elsewhere: torch's symmetric padding at a stride. TensorFlow pads an even side at the bottom and at the
right only; the weights were trained with that. BN's eps is 1e-3.
Comes in: N x 3 x H x W, as (value - 127) / 128. Goes out: the low-level feature (stage 2) and the features (stage 7).
"""

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import Convolution, check_image, resize, scaled

EPS = 1e-3
STAGES = (  # blocks, kernel size, stride, expansion, maps
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SameConvolution(Convolution):
    """A convolution padded as TensorFlow's "same": the output has ceil(side / stride) cells."""

    def forward(self, x: Tensor) -> Tensor:
        padding, rest = [], []
        for side, kernel, stride, rate in zip(x.shape[-2:], self.kernel_size, self.stride, self.dilation):
            cells = -(-side // stride)
            total = max((cells - 1) * stride + (kernel - 1) * rate + 1 - side, 0)
            padding.append(total // 2)
            rest.append(total % 2)  # goes to the bottom and to the right
        if any(rest):
            x = F.pad(x, (0, rest[1], 0, rest[0]))
        if self.training and self.groups > 1 and max(self.dilation) > 1 == max(self.stride) and x.device.type == "cpu":
            return in_phases(x, self.weight, self.dilation[0])
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


def in_phases(x: Tensor, weight: Tensor, rate: int) -> Tensor:
    """The dilated convolution of each map alone, as plain ones: it reads only every r-th row and column.

    On a CPU the gradient of a dilated depthwise convolution takes five times as long as that of a plain one.
    """
    batch, maps, height, width = x.shape
    rows, columns = -(-height // rate), -(-width // rate)
    x = F.pad(x, (0, columns * rate - width, 0, rows * rate - height)).permute(0, 2, 3, 1)
    x = x.reshape(batch, rows, rate, columns, rate, maps).permute(2, 4, 0, 1, 3, 5).flatten(0, 2)
    x = F.conv2d(x.permute(0, 3, 1, 2), weight, padding="same", groups=maps).permute(0, 2, 3, 1)
    x = x.unflatten(0, (rate, rate, batch)).permute(2, 3, 0, 4, 1, 5)
    x = x.reshape(batch, rows * rate, columns * rate, maps)[:, :height, :width].contiguous()
    return x.permute(0, 3, 1, 2)


def convolution(before: int, after: int, kernel_size: int = 1, *, relu: bool = True, **options) -> nn.Sequential:
    """Convolution with "same" padding as in TensorFlow, batch norm, and ReLU6 where wanted."""
    layer = SameConvolution(before, after, kernel_size, bias=False, **options)
    layers = nn.Sequential(layer, nn.BatchNorm2d(after, eps=EPS))
    if relu:
        layers.append(nn.ReLU6(inplace=True))
    return layers


class InvertedResidual(nn.Module):
    """Thin, thick, thin: the k x k convolution works on many maps, the shortcut carries few."""

    def __init__(self, before: int, after: int, *, kernel_size: int, expansion: int, stride: int = 1, rate: int = 1):
        super().__init__()
        thick = before * expansion
        options = {"stride": stride, "dilation": rate, "groups": thick}
        self.expand = nn.Identity() if expansion == 1 else convolution(before, thick)
        self.depthwise = convolution(thick, thick, kernel_size, **options)
        self.project = convolution(thick, after, relu=False)
        self.shortcut = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class EfficientNetLite0(nn.Module):
    """The stem and seven stages, without head and classifier; `channels` counts the maps of stages 2 and 7."""

    def __init__(self, *, output_stride: int = 32, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        if output_stride not in (8, 16, 32):
            raise ValueError(f"output_stride must be 8, 16 or 32, got {output_stride!r}")
        before = scaled(32, width)
        self.stem = convolution(in_channels, before, 3, stride=2)
        self.blocks = nn.ModuleList()
        map_stride, rate = 2, 1
        for blocks, kernel_size, stride, expansion, maps in STAGES:
            after, stage, first_rate = scaled(maps, width), nn.Sequential(), rate
            if map_stride * stride > output_stride:
                stride, rate = 1, rate * stride
            map_stride *= stride
            for index in range(blocks):
                first = index == 0
                block = InvertedResidual(
                    before if first else after, after, kernel_size=kernel_size, expansion=expansion,
                    stride=stride if first else 1, rate=first_rate if first else rate,
                )  # fmt: skip
                stage.append(block)
            self.blocks.append(stage)
            before = after
        self.in_channels = in_channels
        self.channels = (scaled(24, width), before)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        _, stage2, *_, stage7 = self.stages(image)
        return stage2, stage7

    def stages(self, image: Tensor) -> list[Tensor]:
        """The maps of stages 1 to 7."""
        maps = [self.stem(image)]
        for stage in self.blocks:
            maps.append(stage(maps[-1]))
        return maps[1:]


class EfficientNetLite0Classifier(nn.Module):
    """The classifier as ImageNet trained it, made convolutional: a heat map for each class, and its mean."""

    def __init__(self, num_classes: int = 1000, *, output_stride: int = 32, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        self.body = EfficientNetLite0(output_stride=output_stride, in_channels=in_channels, width=width)
        maps = scaled(1280, width)
        self.head = convolution(self.body.channels[-1], maps)
        self.score = Convolution(maps, num_classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        """The heat map of every class at the image's size, N x C x H x W, as every network here answers."""
        return resize(self.scores(image), image.shape[-2:], align_corners=True)

    def classify(self, image: Tensor) -> Tensor:
        """One score per class, N x C: the mean of its heat map."""
        return self.scores(image).mean((2, 3))

    def scores(self, image: Tensor) -> Tensor:
        """N x C x h x w: how much each place says for each class."""
        check_image(image, self.body.in_channels)
        return self.score(self.head(self.body(image)[1]))
