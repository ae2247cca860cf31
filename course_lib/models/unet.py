"""U-Net: no padding anywhere, and every level of the way down is copied across to the way up.

Ronneberger, Fischer, Brox: "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015
(arXiv 1505.04597).

    down1 .. down4    64, 128, 256, 512: two 3x3 without padding, ReLU; then the maximum of 2x2
    bottom            1024: two 3x3 without padding, ReLU
    up4 .. up1        transposed 2x2 with stride 2 to half the channels (512, 256, 128, 64);
                      the level's copy, cropped in the centre, beside it; two 3x3 without padding, ReLU
    score             classes, 1x1

    572  570 568 | 284 282 280 | 140 138 136 | 68 66 64 | 32 30 28
    388  390 392 | 196 198 200 | 100 102 104 | 52 54 56

The valid output is 184 pixels smaller than the input, and the input must be 16k + 12 so that no pool meets an odd side:
`scores` asks for such images. `net(image)` does what the paper does at the border of a large image: it mirrors the
image outwards until one fits, and gives the scores of the image's own pixels.

Departs from the paper in: the paper puts dropout "at the end of the contracting path" without place and rate; here it
is 0.5 after down4 and after bottom.
`variant="release"` is the authors' Caffe network as others have transcribed it: ReLU after each transposed convolution,
and the concatenation begins with the upsampled maps. By default both follow the paper's figure.
Often wrong elsewhere: padded convolutions, BN, and the small map padded with zeros instead of the large one cropped.
"""

import torch
from torch import Tensor, nn

from course_lib.models.blocks import (
    Convolution,
    TransposedConvolution,
    at_least_one,
    centre_crop,
    check_image,
    crop,
    mirror,
    one_of,
    scaled,
)

LOST = 184  # pixels of height and of width that the unpadded convolutions cost


class UNet(nn.Module):
    """Unpadded convolutions down and up, with each level's copy cropped and concatenated on the way up."""

    def __init__(
        self,
        num_classes: int = 21,
        *,
        in_channels: int = 3,
        width: float = 1.0,
        variant: str = "paper",
        dropout: float = 0.5,
    ):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        one_of(("paper", "release"), variant=variant)
        self.in_channels = in_channels
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in (64, 128, 256, 512, 1024))
        self.down1 = two_convolutions(in_channels, w1)
        self.down2 = two_convolutions(w1, w2)
        self.down3 = two_convolutions(w2, w3)
        self.down4 = two_convolutions(w3, w4)
        self.bottom = two_convolutions(w4, w5)
        self.up4 = Up(w5, w4, variant)
        self.up3 = Up(w4, w3, variant)
        self.up2 = Up(w3, w2, variant)
        self.up1 = Up(w2, w1, variant)
        self.score = Convolution(w1, num_classes, kernel_size=1)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(dropout)

    def scores(self, image: Tensor) -> Tensor:
        """The valid output: 572 x 572 pixels give 388 x 388."""
        check_image(image, self.in_channels)
        check_sides(image)
        copy1 = self.down1(image)
        copy2 = self.down2(self.pool(copy1))
        copy3 = self.down3(self.pool(copy2))
        copy4 = self.dropout(self.down4(self.pool(copy3)))
        x = self.dropout(self.bottom(self.pool(copy4)))
        x = self.up4(x, copy4)
        x = self.up3(x, copy3)
        x = self.up2(x, copy2)
        x = self.up1(x, copy1)
        return self.score(x)

    def forward(self, image: Tensor) -> Tensor:
        check_image(image, self.in_channels)
        height, width = image.shape[-2:]
        before = LOST // 2
        bottom, right = (fitting(side) - side - before for side in (height, width))
        x = self.scores(mirror(image, top=before, bottom=bottom, left=before, right=right))
        return crop(x, (height, width), offset=0)


class Up(nn.Module):
    """One level of the way up: enlarge, put the copy from the way down beside it, convolve twice."""

    def __init__(self, before: int, after: int, variant: str):
        super().__init__()
        self.release = variant == "release"
        self.enlarge = TransposedConvolution(before, after, kernel_size=2, stride=2)
        self.convolutions = two_convolutions(2 * after, after)

    def forward(self, x: Tensor, copy: Tensor) -> Tensor:
        up = self.enlarge(x)
        copy = centre_crop(copy, up.shape[-2:])
        if self.release:
            return self.convolutions(torch.cat([up.relu(), copy], dim=1))
        return self.convolutions(torch.cat([copy, up], dim=1))


def two_convolutions(before: int, after: int) -> nn.Sequential:
    """Two 3x3 convolutions without padding, each with ReLU: four pixels fewer."""
    return nn.Sequential(
        Convolution(before, after, kernel_size=3), nn.ReLU(), Convolution(after, after, kernel_size=3), nn.ReLU()
    )


def fitting(side: int) -> int:
    """The smallest legal input, 16k + 12, whose valid output covers `side` pixels."""
    return side + LOST + (12 - side - LOST) % 16


def check_sides(image: Tensor) -> None:
    """Refuses sides whose maps a pool could not halve, and names the next that fits."""
    if torch.compiler.is_compiling():
        return
    for side in image.shape[-2:]:
        if side % 16 != 12 or side < 188:
            raise ValueError(
                f"U-Net's unpadded map needs sides of 16k + 12 from 188 up, got {side}; the next is "
                f"{fitting(max(side - LOST, 4))}, and net(image) mirrors the border of any image instead"
            )
