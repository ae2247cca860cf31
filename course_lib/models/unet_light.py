"""U-Net's way up on a body that ImageNet trained: what remains of the paper when few photographs are at hand.

Ronneberger, Fischer, Brox: "U-Net", MICCAI 2015 (arXiv 1505.04597), on the body of `efficientnet_lite`.

    backbone   EfficientNet-Lite0; copies 1 to 4 of its stages 1, 2, 3, 5    strides 2, 4, 8, 16: 16, 24, 40, 112 maps
               bottom: stage 7                                               stride 32: 320 maps
    up4 .. up1 transposed 2x2 with stride 2 to 112, 56, 28, 16; the level's copy beside it; two 3x3, BN, ReLU
    score      1x1 to the classes at stride 2; bilinear to the image's size

What is U-Net's: four levels, each copied across and concatenated; transposed 2x2s; two 3x3s a level.
Departs from the paper in: the way down is a classifier's body with its weights, where the paper trains all from random
weights. The finest copy is that of stride 2, because the body has no map of stride 1. The convolutions are padded, as
the body's are, so nothing is mirrored, and the larger map is cropped only by the odd row that a pool rounded up. BN
follows each convolution of the way up, which learns ten times faster with it on few photographs.
`build("unet", backbone="efficientnet_lite0")` makes it; 3.6 million parameters.
"""

import torch
from torch import Tensor, nn

from course_lib.models.blocks import Convolution, TransposedConvolution, at_least_one, check_image, crop, resize, scaled
from course_lib.models.efficientnet_lite import STAGES, EfficientNetLite0
from course_lib.models.pspnet import conv_bn_relu

COPIED = (0, 1, 2, 4)  # the last stage of each stride: 2, 4, 8, 16
UPWARDS = (112, 56, 28, 16)


class LightUNet(nn.Module):
    """U-Net's decoder on EfficientNet-Lite0."""

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0, dropout: float = 0.1):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        self.backbone = EfficientNetLite0(in_channels=in_channels, width=width)
        copies = [scaled(STAGES[stage][-1], width) for stage in COPIED]
        widths = [self.backbone.channels[-1], *(scaled(maps, width) for maps in UPWARDS)]
        self.dropout = nn.Dropout(dropout)
        self.up4 = Up(widths[0], copies[3], widths[1])
        self.up3 = Up(widths[1], copies[2], widths[2])
        self.up2 = Up(widths[2], copies[1], widths[3])
        self.up1 = Up(widths[3], copies[0], widths[4])
        self.score = Convolution(widths[4], num_classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=True)

    def scores(self, image: Tensor) -> Tensor:
        """The scores at stride 2."""
        check_image(image, self.backbone.in_channels)
        maps = self.backbone.stages(image)
        copy1, copy2, copy3, copy4 = (maps[stage] for stage in COPIED)
        x = self.dropout(maps[-1])
        x = self.up4(x, copy4)
        x = self.up3(x, copy3)
        x = self.up2(x, copy2)
        x = self.up1(x, copy1)
        return self.score(x)


class Up(nn.Module):
    """One level of the way up: enlarge, put the copy from the way down beside it, convolve twice."""

    def __init__(self, before: int, copied: int, after: int):
        super().__init__()
        self.enlarge = TransposedConvolution(before, after, kernel_size=2, stride=2)
        self.convolutions = nn.Sequential(
            conv_bn_relu(copied + after, after, kernel_size=3), conv_bn_relu(after, after, kernel_size=3)
        )

    def forward(self, x: Tensor, copy: Tensor) -> Tensor:
        up = crop(self.enlarge(x), copy.shape[-2:], offset=0)
        return self.convolutions(torch.cat([copy, up], dim=1))
