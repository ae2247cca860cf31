"""DeepLab v3+: the encoder of v3, and a small decoder that brings the object's edges back.

Chen, Zhu, Papandreou, Schroff, Adam: "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation", ECCV 2018 (arXiv 1802.02611).

    backbone   modified aligned Xception-65 (2048 maps, stride 16), or a ResNet with v3's multi-grid
               (2048), or EfficientNet-Lite0 (320)
    aspp       as in DeepLab v3, its dilated 3x3s depthwise separable; 256 maps, dropout 0.1
    decoder    low-level feature at stride 4 (256 maps: Xception's entry block 2, ResNet's conv2) -> 1x1 to 48, BN, ReLU
               the encoder's 256 maps, bilinear to stride 4; concatenated behind them the 48: 304
               two 3x3 to 256, depthwise separable
    score      1x1 to the classes; bilinear to the image's size

Departs from the paper: nothing known. A separable convolution in ASPP and decoder has BN and ReLU after the
depthwise and after the pointwise half, as in the authors' code. With a ResNet backbone the 3x3s are plain, as in
the paper's rows for it; `separable` decides otherwise. Resizes align corners, so images of 16k + 1 pixels fit best.
`backbone="efficientnet_lite0"` is ours, in the spirit of the authors' own light variant on MobileNetV2, whose blocks it
shares: 3.3 million parameters. What stands on the light body is light too: 128 maps where the paper has 256, 24
low-level maps where it has 48. Its rates are half of the paper's (3, 6, 9 at output stride 16), because it is meant for
pictures of about 257 pixels, half as long as the paper's 513: each kernel spans the same share of the picture.
Often wrong elsewhere: one 3x3 in the decoder instead of two; no BN and ReLU inside the separable convolutions; a
low-level feature of 128 maps.
"""

import torch
from torch import Tensor, nn

from course_lib.models.blocks import at_least_one, check_image, resize, scaled
from course_lib.models.deeplab_v2 import Classifier
from course_lib.models.deeplab_v3 import ASPP, aspp_rates
from course_lib.models.efficientnet_lite import EfficientNetLite0
from course_lib.models.pspnet import conv_bn_relu
from course_lib.models.resnet import ResNet
from course_lib.models.xception import SeparableConv, Xception65

BACKBONES = ("xception65", "resnet50", "resnet101", "efficientnet_lite0")


class DeepLabV3Plus(nn.Module):
    """DeepLab v3 as an encoder, and a small decoder that adds low-level maps at stride 4."""

    def __init__(
        self,
        num_classes: int,
        *,
        backbone: str = "xception65",
        output_stride: int = 16,
        rates: tuple[int, ...] | None = None,
        separable: bool | None = None,
        low_level_maps: int | None = None,
        in_channels: int = 3,
        width: float = 1.0,
    ):
        super().__init__()
        if backbone not in BACKBONES:
            raise ValueError(f"backbone must be one of {', '.join(BACKBONES)}, got {backbone!r}")
        light = backbone == "efficientnet_lite0"
        rates = rates or tuple(rate // 2 if light else rate for rate in aspp_rates(output_stride))
        if separable is None:
            separable = not backbone.startswith("resnet")
        if low_level_maps is None:
            low_level_maps = 24 if light else 48
        at_least_one(low_level_maps=low_level_maps)
        self.backbone = body(backbone, output_stride=output_stride, in_channels=in_channels, width=width)
        low_level, features = self.backbone.channels[0], self.backbone.channels[-1]
        maps = scaled(128 if light else 256, width)
        self.aspp = ASPP(features, maps, rates, separable=separable)
        self.dropout = nn.Dropout(0.1)
        self.decoder = Decoder(low_level, scaled(low_level_maps, width), maps, separable=separable)
        self.score = Classifier(maps, num_classes)

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=True)

    def scores(self, image: Tensor) -> Tensor:
        """The decoder's score map at stride 4, before it is enlarged."""
        check_image(image, self.backbone.in_channels)
        low_level, features = self.encode(image)
        return self.score(self.decoder(low_level, self.dropout(self.aspp(features))))

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The low-level feature at stride 4 and the last features."""
        if isinstance(self.backbone, ResNet):
            conv2, *_, conv5 = self.backbone.stages(image)
            return conv2, conv5
        return self.backbone(image)


def body(name: str, **options) -> nn.Module:
    """The network under ASPP, by its name."""
    if name == "xception65":
        return Xception65(**options)
    if name == "efficientnet_lite0":
        return EfficientNetLite0(**options)
    return ResNet(int(name.removeprefix("resnet")), multi_grid=(1, 2, 4), **options)


class Decoder(nn.Module):
    """Few low-level maps beside the encoder's many, refined by two 3x3s."""

    def __init__(self, low_level: int, reduced: int, maps: int, *, separable: bool):
        super().__init__()
        self.reduce = conv_bn_relu(low_level, reduced, kernel_size=1)
        self.refine = nn.Sequential(
            refinement(maps + reduced, maps, separable),
            refinement(maps, maps, separable),
        )

    def forward(self, low_level: Tensor, encoded: Tensor) -> Tensor:
        details = self.reduce(low_level)
        encoded = resize(encoded, details.shape[-2:], align_corners=True)
        return self.refine(torch.cat([encoded, details], dim=1))


def refinement(before: int, after: int, separable: bool) -> nn.Module:
    """A 3x3 with BN and ReLU, in one piece or in two."""
    if separable:
        return SeparableConv(before, after, relu=True, eps=1e-5)
    return conv_bn_relu(before, after, kernel_size=3)
