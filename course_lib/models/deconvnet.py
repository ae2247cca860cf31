"""DeconvNet: VGG16 down to one cell, and its mirror image back up.

Noh, Hong, Han: "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015 (arXiv 1505.04366). This is the
authors' released network.

    conv1_1 .. conv5_3    VGG16, each 3x3, BN, ReLU
    pool1 .. pool5        maximum of 2x2, keeps the places (the paper's switches): 224, 112, 56, 28, 14, 7
    fc6, fc7              4096, 7x7 unpadded (7 to 1) and 1x1, BN, ReLU
    fc6_deconv            512, transposed 7x7 (1 to 7), BN, ReLU
    unpool5               then deconv5_1 512, deconv5_2 512, deconv5_3 512
    unpool4               then deconv4_1 512, deconv4_2 512, deconv4_3 256     transposed 3x3, padding 1, BN, ReLU
    unpool3               then deconv3_1 256, deconv3_2 256, deconv3_3 128
    unpool2               then deconv2_1 128, deconv2_2 64
    unpool1               then deconv1_1 64, deconv1_2 64
    seg_score             classes, 1x1

A 224 x 224 image passes through a single cell, so every score depends on the whole image.

Departs from the paper in: the start. The decoder's weights come from He et al. instead of N(0, 0.01); BN follows every
one of them and takes the scale out. The paper adds the answers of many proposals and a CRF, which are no part of the
network. Pools round up, so sides need not be multiples of 32.
Often wrong elsewhere: BN left out after fc6, fc7 and fc6_deconv; convolutions in the decoder (the same function, but
the released weights do not fit); the places of one pool used by another.
"""

from itertools import pairwise

from torch import Tensor, nn

from course_lib.models.blocks import (
    BatchNorm,
    Convolution,
    RememberingPool,
    TransposedConvolution,
    Unpool,
    at_least_one,
    check_image,
    scaled,
)
from course_lib.models.vgg import WIDTHS, activated, stage


class DeconvNet(nn.Module):
    """`fc6_kernel=7` needs images of 193 pixels or more, as pool5 must have 7 cells; 2 is enough for 33 pixels.

    In training, a single image that reaches fc6 as one cell is normalised there as in evaluation: see `BatchNorm`.
    """

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0, fc6_kernel: int = 7):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels, fc6_kernel=fc6_kernel)
        self.in_channels = in_channels
        self.smallest = max(33, 32 * (fc6_kernel - 1) + 1)
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in WIDTHS)
        w6 = scaled(4096, width)
        self.conv1 = stage(1, in_channels, w1, w1, norm=True)
        self.pool1 = RememberingPool()
        self.conv2 = stage(2, w1, w2, w2, norm=True)
        self.pool2 = RememberingPool()
        self.conv3 = stage(3, w2, w3, w3, w3, norm=True)
        self.pool3 = RememberingPool()
        self.conv4 = stage(4, w3, w4, w4, w4, norm=True)
        self.pool4 = RememberingPool()
        self.conv5 = stage(5, w4, w5, w5, w5, norm=True)
        self.pool5 = RememberingPool()
        self.fc6 = activated(Convolution(w5, w6, fc6_kernel), norm=True)
        self.fc7 = activated(Convolution(w6, w6, kernel_size=1), norm=True)
        self.fc6_deconv = activated(TransposedConvolution(w6, w5, fc6_kernel), norm=True)
        self.unpool5 = Unpool()
        self.deconv5 = mirrored_stage(5, w5, w5, w5, w5)
        self.unpool4 = Unpool()
        self.deconv4 = mirrored_stage(4, w5, w4, w4, w3)
        self.unpool3 = Unpool()
        self.deconv3 = mirrored_stage(3, w3, w3, w3, w2)
        self.unpool2 = Unpool()
        self.deconv2 = mirrored_stage(2, w2, w2, w1)
        self.unpool1 = Unpool()
        self.deconv1 = mirrored_stage(1, w1, w1, w1)
        self.seg_score = Convolution(w1, num_classes, kernel_size=1)
        for layer in self.modules():
            if isinstance(layer, BatchNorm):
                nn.init.constant_(layer.bias, 0.001)

    def forward(self, image: Tensor) -> Tensor:
        check_image(image, self.in_channels, self.smallest, "a smaller fc6_kernel reads smaller images")
        x, switches1 = self.pool1(self.conv1(image))
        x, switches2 = self.pool2(self.conv2(x))
        x, switches3 = self.pool3(self.conv3(x))
        x, switches4 = self.pool4(self.conv4(x))
        x, switches5 = self.pool5(self.conv5(x))
        x = self.fc6_deconv(self.fc7(self.fc6(x)))
        x = self.deconv5(self.unpool5(x, switches5))
        x = self.deconv4(self.unpool4(x, switches4))
        x = self.deconv3(self.unpool3(x, switches3))
        x = self.deconv2(self.unpool2(x, switches2))
        x = self.deconv1(self.unpool1(x, switches1))
        return self.seg_score(x)

    def scores(self, image: Tensor) -> Tensor:
        """DeconvNet answers at the image's own size."""
        return self(image)


def mirrored_stage(number: int, *widths: int) -> nn.Sequential:
    """A stage of the decoder: a transposed 3x3 convolution, BN and ReLU for each step from width to width."""
    layers = nn.Sequential()
    for index, (before, after) in enumerate(pairwise(widths), start=1):
        deconvolution = TransposedConvolution(before, after, kernel_size=3, padding=1)
        layers.add_module(f"deconv{number}_{index}", activated(deconvolution, norm=True))
    return layers
