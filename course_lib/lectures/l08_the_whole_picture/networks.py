"""The networks of the bench: one body, and on it what each paper stands there; `maps` sets how much that costs.

Every decoder reads the body's last maps of strides 2, 4, 8 and 16 (2 where it has one) and the very last, whatever the
body. All learn from random weights; dropout is v3's 0.1. The rates of ASPP and the low-level maps are those of the
course's light DeepLab v3+, made for pictures of about 129 pixels, a quarter of the paper's 513.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from course_lib.evidence.small_training import layer
from course_lib.models.blocks import Convolution, resize
from course_lib.models.deeplab_v3 import ASPP
from course_lib.models.deeplab_v3plus import Decoder
from course_lib.models.efficientnet_lite import STAGES
from course_lib.models.fcn import score
from course_lib.models.pspnet import PyramidPooling, conv_bn_relu
from course_lib.models.resnet import ResNet
from course_lib.models.unet_light import UPWARDS, Up

RATES = (2, 3, 5)
DROPOUT = 0.1
STRIDES = (2, 4, 8, 16, "last")
SMALL = (8, 16, 32, 64, 96)  # maps of the small body
Channels = dict[int | str, int]  # of the body's maps, by their stride; "last": of the very last
Maps = dict[int | str, Tensor]


class OnBody(nn.Module):
    """A body, a decoder on it, and bilinear upsampling to the picture's size."""

    def __init__(self, body: nn.Module, decoder: Callable[[Channels], nn.Module]):
        super().__init__()
        self.backbone = body
        self.decoder = decoder(channels(body))

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.decoder(maps_of(self.backbone, image)), image.shape[-2:], align_corners=True)


class SmallBody(nn.Module):
    """Two 3x3s at each stride, the first of which strides: VGG's rhythm, small enough to begin from random weights.

    At output stride 16 the last two keep the size, and have rate 2 instead.
    """

    def __init__(self, output_stride: int = 16):
        super().__init__()
        self.pairs, before = nn.ModuleList(), 3
        for power, after in enumerate(SMALL, 1):
            stride, rate = (2, 1) if 2**power <= output_stride else (1, 2)
            first = layer(before, after, stride=stride, rate=rate)
            self.pairs.append(nn.Sequential(first, layer(after, after, rate=rate)))
            before = after

    def stages(self, image: Tensor) -> list[Tensor]:
        """The maps after each pair."""
        maps = [image]
        for pair in self.pairs:
            maps.append(pair(maps[-1]))
        return maps[1:]


def channels(body: nn.Module) -> Channels:
    """How many maps the body has at each stride."""
    if isinstance(body, SmallBody):
        return dict(zip(STRIDES, SMALL))
    if isinstance(body, ResNet):
        return dict(zip((4, 8, 16, "last"), body.channels))
    return {2: STAGES[0][-1], 4: STAGES[1][-1], 8: STAGES[2][-1], 16: STAGES[4][-1], "last": body.channels[-1]}


def maps_of(body: nn.Module, image: Tensor) -> Maps:
    """The body's maps by their stride."""
    stages: Sequence[Tensor] = body.stages(image)
    if isinstance(body, SmallBody):
        return dict(zip(STRIDES, stages))
    if isinstance(body, ResNet):
        return dict(zip((4, 8, 16, "last"), stages))
    return {2: stages[0], 4: stages[1], 8: stages[2], 16: stages[4], "last": stages[6]}


class FCN8sDecoder(nn.Module):
    """fc6 and fc7 on the last maps, and the scores of strides 16 and 8 added to theirs. BN, so that they learn fast.

    Without `skips` only the scores of fc7 are left, as in FCN-32s.
    """

    def __init__(self, before: Channels, classes: int, maps: int, *, skips: bool = True):
        super().__init__()
        self.skips = skips
        self.fc6 = conv_bn_relu(before["last"], maps, kernel_size=3)
        self.fc7 = conv_bn_relu(maps, maps, kernel_size=1)
        self.dropout = nn.Dropout(DROPOUT)
        self.score_fr = score(maps, classes)
        if skips:
            self.score_pool4 = score(before[16], classes)
            self.score_pool3 = score(before[8], classes)

    def forward(self, maps: Maps) -> Tensor:
        x = self.score_fr(self.dropout(self.fc7(self.fc6(maps["last"]))))
        if not self.skips:
            return x
        x = resize(x, maps[16].shape[-2:], align_corners=True) + self.score_pool4(maps[16])
        return resize(x, maps[8].shape[-2:], align_corners=True) + self.score_pool3(maps[8])


class UNetDecoder(nn.Module):
    """Four levels: a transposed 2x2, the body's maps of that stride beside it, two 3x3s."""

    def __init__(self, before: Channels, classes: int, maps: int):
        super().__init__()
        widths = [before["last"], *(max(1, round(maps * level / UPWARDS[0])) for level in UPWARDS)]
        self.dropout = nn.Dropout(DROPOUT)
        self.levels = nn.ModuleList(
            Up(below, before[stride], after) for below, after, stride in zip(widths, widths[1:], (16, 8, 4, 2))
        )
        self.score = Convolution(widths[-1], classes, kernel_size=1)

    def forward(self, maps: Maps) -> Tensor:
        x = self.dropout(maps["last"])
        for level, stride in zip(self.levels, (16, 8, 4, 2)):
            x = level(x, maps[stride])
        return self.score(x)


class PSPDecoder(nn.Module):
    """The averages over 1, 2, 3 and 6 bins beside the last maps, and a 3x3."""

    def __init__(self, before: Channels, classes: int, maps: int):
        super().__init__()
        self.pyramid_pooling = PyramidPooling(before["last"])
        self.conv5_4 = conv_bn_relu(self.pyramid_pooling.channels, maps, kernel_size=3)
        self.dropout = nn.Dropout(DROPOUT)
        self.score = Convolution(maps, classes, kernel_size=1)

    def forward(self, maps: Maps) -> Tensor:
        return self.score(self.dropout(self.conv5_4(self.pyramid_pooling(maps["last"]))))


class V3Decoder(nn.Module):
    """ASPP with image pooling. DeepLab v3 has no decoder: this is its head."""

    def __init__(self, before: Channels, classes: int, maps: int):
        super().__init__()
        self.aspp = ASPP(before["last"], maps, RATES, separable=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.score = Convolution(maps, classes, kernel_size=1)

    def forward(self, maps: Maps) -> Tensor:
        return self.score(self.dropout(self.aspp(maps["last"])))


class V3PlusDecoder(nn.Module):
    """ASPP, and few maps of stride 4 beside its own before two 3x3s."""

    def __init__(self, before: Channels, classes: int, maps: int):
        super().__init__()
        self.aspp = ASPP(before["last"], maps, RATES, separable=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.decoder = Decoder(before[4], max(1, maps * 3 // 16), maps, separable=True)
        self.score = Convolution(maps, classes, kernel_size=1)

    def forward(self, maps: Maps) -> Tensor:
        return self.score(self.decoder(maps[4], self.dropout(self.aspp(maps["last"]))))
