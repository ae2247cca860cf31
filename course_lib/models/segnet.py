"""SegNet: a mirror of VGG16 that remembers where each maximum was.

Badrinarayanan, Kendall, Cipolla: "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation",
TPAMI 2017 (arXiv 1511.00561).

    SegNet         conv1_1 .. conv5_3    the 13 convolutions of VGG16, each 3x3, BN, ReLU
                   pool1 .. pool5        maximum of 2x2, keeps the places; 360x480 ends at 12x15
                   upsample5             unpool by pool5's places, then 512, 512, 512
                   upsample4             unpool by pool4's places, then 512, 512, 256     3x3, BN, ReLU
                   upsample3             unpool by pool3's places, then 256, 256, 128
                   upsample2             unpool by pool2's places, then 128, 64
                   upsample1             unpool by pool1's places, then 64 and
                   conv1_1_D             classes, 3x3, without BN and ReLU
    SegNet-Basic   norm                  each pixel divided by its channels' energy (LRN 5, 1e-4, 0.75)
                   conv1 .. conv4        64, 7x7, BN, ReLU, each followed by its pool
                   conv_decode4 .. 1     unpool, then 64, 7x7, BN, without ReLU
                   conv_classifier       classes, 1x1

Departs from the paper in: SegNet-Basic's convolutions have biases, as in the authors' release; the paper says they have
none. The pools round up, as the authors' Caffe does. SegNet: nothing known.
Often wrong elsewhere: BN and ReLU on conv1_1_D, which forbids negative scores; pools that round down; fc6 and fc7 kept.
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import (
    BatchNorm,
    Convolution,
    RememberingPool,
    Unpool,
    at_least_one,
    check_image,
    scaled,
)
from course_lib.models.vgg import WIDTHS, activated, stage


class SegNet(nn.Module):
    """VGG16's encoder and its mirror image; only the places of the maxima cross between them."""

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in WIDTHS)
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
        self.upsample5 = Unpool()
        self.conv5_D = mirrored_stage(5, w5, w5, w5, w4)
        self.upsample4 = Unpool()
        self.conv4_D = mirrored_stage(4, w4, w4, w4, w3)
        self.upsample3 = Unpool()
        self.conv3_D = mirrored_stage(3, w3, w3, w3, w2)
        self.upsample2 = Unpool()
        self.conv2_D = mirrored_stage(2, w2, w2, w1)
        self.upsample1 = Unpool()
        self.conv1_D = mirrored_stage(1, w1, w1, num_classes)
        self.conv1_D.conv1_1_D = self.conv1_D.conv1_1_D.conv  # the scores: no BN, no ReLU

    def forward(self, image: Tensor) -> Tensor:
        check_image(image, self.in_channels)
        x, memory1 = self.pool1(self.conv1(image))
        x, memory2 = self.pool2(self.conv2(x))
        x, memory3 = self.pool3(self.conv3(x))
        x, memory4 = self.pool4(self.conv4(x))
        x, memory5 = self.pool5(self.conv5(x))
        x = self.conv5_D(self.upsample5(x, memory5))
        x = self.conv4_D(self.upsample4(x, memory4))
        x = self.conv3_D(self.upsample3(x, memory3))
        x = self.conv2_D(self.upsample2(x, memory2))
        return self.conv1_D(self.upsample1(x, memory1))

    def scores(self, image: Tensor) -> Tensor:
        """SegNet answers at the image's own size."""
        return self(image)


def mirrored_stage(number: int, *widths: int) -> nn.Sequential:
    """The decoder's stage: the encoder's layers in reverse order, conv5_3_D before conv5_1_D."""
    layers = nn.Sequential()
    for index, (before, after) in enumerate(pairwise(widths)):
        name = f"conv{number}_{len(widths) - 1 - index}_D"
        layers.add_module(name, activated(Convolution(before, after, kernel_size=3, padding=1), norm=True))
    return layers


class SegNetBasic(nn.Module):
    """The small SegNet of four 7x7 stages each way."""

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        w = scaled(64, width)
        self.conv1 = activated(wide(in_channels, w), norm=True)
        self.pool1 = RememberingPool()
        self.conv2 = activated(wide(w, w), norm=True)
        self.pool2 = RememberingPool()
        self.conv3 = activated(wide(w, w), norm=True)
        self.pool3 = RememberingPool()
        self.conv4 = activated(wide(w, w), norm=True)
        self.pool4 = RememberingPool()
        self.upsample4 = Unpool()
        self.conv_decode4 = nn.Sequential(wide(w, w), BatchNorm(w))
        self.upsample3 = Unpool()
        self.conv_decode3 = nn.Sequential(wide(w, w), BatchNorm(w))
        self.upsample2 = Unpool()
        self.conv_decode2 = nn.Sequential(wide(w, w), BatchNorm(w))
        self.upsample1 = Unpool()
        self.conv_decode1 = nn.Sequential(wide(w, w), BatchNorm(w))
        self.conv_classifier = Convolution(w, num_classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        check_image(image, self.in_channels)
        x, memory1 = self.pool1(self.conv1(local_response_norm(image)))
        x, memory2 = self.pool2(self.conv2(x))
        x, memory3 = self.pool3(self.conv3(x))
        x, memory4 = self.pool4(self.conv4(x))
        x = self.conv_decode4(self.upsample4(x, memory4))
        x = self.conv_decode3(self.upsample3(x, memory3))
        x = self.conv_decode2(self.upsample2(x, memory2))
        x = self.conv_decode1(self.upsample1(x, memory1))
        return self.conv_classifier(x)

    def scores(self, image: Tensor) -> Tensor:
        """SegNet-Basic answers at the image's own size."""
        return self(image)


def wide(before: int, after: int) -> nn.Conv2d:
    """The 7x7 convolution of SegNet-Basic, which keeps the size."""
    return Convolution(before, after, kernel_size=7, padding=3)


def local_response_norm(x: Tensor) -> Tensor:
    """Divide by (1 + 1e-4 times the mean square of five neighbouring channels) to the power 0.75.

    torch has it, but not for bfloat16.
    """
    squares = F.pad(x.square(), (0, 0, 0, 0, 2, 2))
    energy = sum(squares[:, shift : shift + x.shape[1]] for shift in range(5))
    return x / (1 + 1e-4 / 5 * energy) ** 0.75
