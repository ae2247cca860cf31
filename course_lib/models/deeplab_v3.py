"""DeepLab v3: parallel rates, one look at the whole image, and no CRF.

Chen, Papandreou, Schroff, Adam: "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017 (arXiv
1706.05587).

    backbone   ResNet-50 or -101; conv5's blocks at rates 2 * (1, 2, 4)       stride 16, 2048 maps
               (output stride 8: conv4 at rate 2, conv5 at 4 * (1, 2, 4))
    aspp       1x1; 3x3 at rates 6, 12, 18 (12, 24, 36 at output stride 8); image pooling: the average of the whole
               map, 1x1, spread out again. Each 256 maps, BN, ReLU
               concatenated to 1280; 1x1 to 256, BN, ReLU, dropout 0.1
    score      1x1 to the classes; bilinear to the image's size

Departs from the paper: ReLU after every BN and the dropout, from the authors' code. Their released backbones have a
deep stem, and their strides stand on the last block of a stage; here, as in the paper, the stem is 7x7 and a
stage's first block strides, on its 3x3 (`stride_on`). Image pooling averages over the whole map, where their code
averages over a window of the training crop. Resizes align corners, as theirs do.
`variant="torchvision"` is the network of torchvision's checkpoints: output stride 8, no multi-grid, a dilated
stage's first block at the rate before, dropout 0.5, one more 3x3 (256, BN, ReLU) before the score, resizes that do
not align corners, and an auxiliary head on conv4 with `auxiliary=True`.
"""

import torch
from torch import Tensor, nn

from course_lib.models.blocks import check_image, resize, scaled
from course_lib.models.deeplab_v2 import Classifier, check_rates
from course_lib.models.pspnet import AuxiliaryHead, conv_bn_relu, pooled_conv
from course_lib.models.resnet import ResNet
from course_lib.models.xception import SeparableConv

RATES = {8: (12, 24, 36), 16: (6, 12, 18)}


class DeepLabV3(nn.Module):
    """A dilated ResNet with the third ASPP.

    depth: 50 or 101. variant: "paper" or "torchvision", which decides what is not given below.
    output_stride: 8 or 16. multi_grid: the factors of conv5's three rates. rates: of ASPP's 3x3 convolutions.
    stride_on: "3x3" or "1x1", the convolution of a block that strides. auxiliary: a second head on conv4.
    """

    def __init__(
        self,
        depth: int,
        num_classes: int,
        *,
        variant: str = "paper",
        output_stride: int | None = None,
        multi_grid: tuple[int, int, int] | None = None,
        rates: tuple[int, ...] | None = None,
        stride_on: str = "3x3",
        auxiliary: bool = False,
        in_channels: int = 3,
        width: float = 1.0,
    ):
        super().__init__()
        if variant not in ("paper", "torchvision"):
            raise ValueError(f'variant must be "paper" or "torchvision", got {variant!r}')
        torchvision = variant == "torchvision"
        output_stride = output_stride or (8 if torchvision else 16)
        rates = rates or aspp_rates(output_stride)
        self.variant, self.align_corners = variant, not torchvision
        self.backbone = ResNet(
            depth,
            output_stride=output_stride,
            stride_on=stride_on,
            multi_grid=multi_grid or ((1, 1, 1) if torchvision else (1, 2, 4)),
            late_dilation=torchvision,
            in_channels=in_channels,
            width=width,
        )
        *_, conv4, conv5 = self.backbone.channels
        maps = scaled(256, width)
        self.aspp = ASPP(conv5, maps, rates, align_corners=self.align_corners)
        self.dropout = nn.Dropout(0.5 if torchvision else 0.1)
        self.extra = conv_bn_relu(maps, maps, kernel_size=3) if torchvision else nn.Identity()
        self.score = Classifier(maps, num_classes)
        self.auxiliary = AuxiliaryHead(conv4, num_classes) if auxiliary else None

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=self.align_corners)

    def scores(self, image: Tensor) -> Tensor:
        """The score map at the output stride, before it is enlarged."""
        check_image(image, self.backbone.in_channels)
        return self.classify(self.backbone(image))

    def training_logits(self, image: Tensor) -> list[tuple[float, Tensor]]:
        """Pairs of loss weight and logits: one, or two with an auxiliary head."""
        check_image(image, self.backbone.in_channels)
        *_, conv4, conv5 = self.backbone.stages(image)
        heads = [(1.0, self.classify(conv5))]
        if self.auxiliary is not None:
            heads.append((AuxiliaryHead.loss_weight, self.auxiliary(conv4)))
        return [(weight, resize(s, image.shape[-2:], align_corners=self.align_corners)) for weight, s in heads]

    def classify(self, features: Tensor) -> Tensor:
        """Scores from the backbone's last map: ASPP, dropout, and the 1x1 classifier."""
        return self.score(self.extra(self.dropout(self.aspp(features))))


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling, third form: 1x1, dilated 3x3s and the whole image, concatenated and projected."""

    def __init__(
        self, before: int, after: int, rates: tuple[int, ...], *, separable: bool = False, align_corners: bool = True
    ):
        super().__init__()
        self.align_corners = align_corners
        self.branches = nn.ModuleList([conv_bn_relu(before, after, kernel_size=1)])
        for rate in check_rates(rates):
            dilated = SeparableConv(before, after, rate=rate, relu=True, eps=1e-5) if separable else None
            self.branches.append(dilated or conv_bn_relu(before, after, kernel_size=3, rate=rate))
        self.image_pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), *pooled_conv(before, after))
        self.project = conv_bn_relu(after * (len(rates) + 2), after, kernel_size=1)

    def forward(self, features: Tensor) -> Tensor:
        maps = [branch(features) for branch in self.branches]
        maps.append(resize(self.image_pooling(features), features.shape[-2:], align_corners=self.align_corners))
        return self.project(torch.cat(maps, dim=1))


def aspp_rates(output_stride: int) -> tuple[int, int, int]:
    """Half the output stride, twice the rate: the kernels span the same part of the image."""
    if output_stride not in RATES:
        raise ValueError(f"output_stride must be 8 or 16, got {output_stride!r}")
    return RATES[output_stride]
