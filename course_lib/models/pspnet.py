"""PSPNet: a pyramid of averages, from the whole image down to sixths, beside the features they summarise.

Zhao, Shi, Qi, Wang, Jia: "Pyramid Scene Parsing Network", CVPR 2017 (arXiv 1612.01105).

    backbone  ResNet-50 or -101, deep stem, conv4 rate 2, conv5 rate 4        stride 8, 2048 maps
    pyramid   averages over 1x1, 2x2, 3x3 and 6x6 bins; each 1x1 to 2048/4 = 512 maps, BN, ReLU, bilinear to stride 8;
              concatenated with the features: 2048 + 4 * 512 = 4096 maps
    conv5_4   3x3 to 512, BN, ReLU, dropout 0.1
    conv6     1x1 to the classes; bilinear x8
    training  an auxiliary head on conv4: 3x3 to 256, BN, ReLU, dropout 0.1, 1x1; its loss counts 0.4

Departs from the paper: nothing known. As in the authors' release conv3 strides on the 1x1 in PSPNet-50 and on the
3x3 in PSPNet-101, pools round up, and every resize aligns corners, so images of 8k + 1 pixels fit best.
The maps are concatenated as features, bins 1, 2, 3, 6, the order of the authors' PyTorch code; their Caffe code has
features, 6, 3, 2, 1: the same functions with conv5_4's input channels permuted.
Often wrong elsewhere: each level reduced to one channel; an undilated backbone with a 7x7 stem.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import BatchNorm, Convolution, at_least_one, check_image, resize, scaled
from course_lib.models.resnet import Pointwise, ResNet

BINS = (1, 2, 3, 6)


class PSPNet(nn.Module):
    """A dilated ResNet with pyramid pooling; in training an auxiliary head reads conv4."""

    def __init__(
        self,
        depth: int,
        num_classes: int,
        *,
        stride_on: str,
        stem: str = "deep",
        bins: tuple[int, ...] = BINS,
        auxiliary: bool = True,
        in_channels: int = 3,
        width: float = 1.0,
    ):
        super().__init__()
        backbone = {"stride_on": stride_on, "stem": stem, "in_channels": in_channels, "width": width}
        self.backbone = ResNet(depth, output_stride=8, ceil_mode=True, **backbone)
        *_, conv4, conv5 = self.backbone.channels
        self.pyramid_pooling = PyramidPooling(conv5, bins)
        self.conv5_4 = conv_bn_relu(self.pyramid_pooling.channels, scaled(512, width), kernel_size=3)
        self.dropout = nn.Dropout(0.1)
        self.conv6 = Convolution(scaled(512, width), num_classes, kernel_size=1)
        self.auxiliary = AuxiliaryHead(conv4, num_classes) if auxiliary else None

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=True)

    def scores(self, image: Tensor) -> Tensor:
        """The score map at stride 8, before it is enlarged."""
        check_image(image, self.backbone.in_channels)
        return self.score(self.backbone(image))

    def training_logits(self, image: Tensor) -> list[tuple[float, Tensor]]:
        """Pairs of loss weight and logits: the network's own and the auxiliary head's."""
        check_image(image, self.backbone.in_channels)
        *_, conv4, conv5 = self.backbone.stages(image)
        heads = [(1.0, self.score(conv5))]
        if self.auxiliary is not None:
            heads.append((AuxiliaryHead.loss_weight, self.auxiliary(conv4)))
        return [(weight, resize(scores, image.shape[-2:], align_corners=True)) for weight, scores in heads]

    def score(self, conv5: Tensor) -> Tensor:
        """Scores from conv5: pyramid pooling, a 3x3 convolution, dropout and the classifier."""
        return self.conv6(self.dropout(self.conv5_4(self.pyramid_pooling(conv5))))


class PyramidPooling(nn.Module):
    """Averages over ever smaller bins, each reduced to 1/N of the channels, beside the features themselves."""

    def __init__(self, channels: int, bins: tuple[int, ...] = BINS):
        super().__init__()
        for bin_count in bins:
            at_least_one(bins=bin_count)
        if channels < len(bins):
            raise ValueError(f"{len(bins)} levels cannot share {channels} channels; use a larger width or fewer bins")
        level = channels // len(bins)
        self.bins = tuple(bins)
        self.levels = nn.ModuleList(pooled_conv(channels, level) for _ in bins)
        self.channels = channels + level * len(bins)

    def forward(self, features: Tensor) -> Tensor:
        maps = [features]
        for bin_count, reduce in zip(self.bins, self.levels):
            average = F.adaptive_avg_pool2d(features, bin_count)
            maps.append(resize(reduce(average), features.shape[-2:], align_corners=True))
        return torch.cat(maps, dim=1)


class AuxiliaryHead(nn.Sequential):
    """A second, shallow classifier half-way up, which helps the deep layers below it to learn."""

    loss_weight = 0.4

    def __init__(self, before: int, num_classes: int):
        hidden = max(1, before // 4)
        score = Convolution(hidden, num_classes, kernel_size=1)
        super().__init__(conv_bn_relu(before, hidden, kernel_size=3), nn.Dropout(0.1), score)


def pooled_conv(before: int, after: int) -> nn.Sequential:
    """1x1, BN, ReLU on averages, which may be a single pixel."""
    return nn.Sequential(Pointwise(before, after), BatchNorm(after), nn.ReLU(inplace=True))


def conv_bn_relu(before: int, after: int, *, kernel_size: int, rate: int = 1) -> nn.Sequential:
    """A convolution that keeps the size, batch norm and ReLU."""
    if kernel_size == 1:
        convolution: nn.Module = Pointwise(before, after)
    else:
        convolution = Convolution(before, after, kernel_size, padding=rate, dilation=rate, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
