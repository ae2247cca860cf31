"""FCN: a classifier turned into convolutions, and the way back to the image's size in one, two or three strides.

Shelhamer, Long, Darrell: "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015 (arXiv 1411.4038) and
TPAMI 2017 (arXiv 1605.06211). These are the authors' released networks.

    conv1_1                 64, 3x3, padding 100 (!)        a 500 x 500 image:  698
    conv1_2 .. conv5_3      VGG16, 3x3, padding 1, ReLU
    pool1 .. pool5          maximum of 2x2, rounding up     349, 175, 88, 44, 22
    fc6, fc7                4096, 7x7 unpadded and 1x1, ReLU, dropout 0.5     16
    score_fr                classes, 1x1                    16
    FCN-32s   upscore 64x64, stride 32, crop from 19
    FCN-16s   upscore2 4x4, stride 2; add score_pool4 cropped from 5; upscore16 32x32, stride 16, crop from 27
    FCN-8s    upscore2; add score_pool4 cropped from 5; upscore_pool4 4x4, stride 2; add score_pool3 cropped from 9;
              upscore8 16x16, stride 8, crop from 31
    at once   FCN-8s trained in one go: pool4 times 0.01 and pool3 times 0.0001 before their score layers

Every score layer starts at 0. The upsamplings are transposed convolutions from all classes to all classes that hold
bilinear interpolation on the diagonal; they count as parameters (1,806,336 in FCN-32s) but are not learned.

Departs from the CVPR paper in: the paper learns the upsamplings in the middle (`learn_upsampling=True`); the release
fixes all of them and reports no significant difference.
Often wrong elsewhere: padding 1 instead of 100, which needs fc6 padded by 3 and is another function; crops taken from
the centre; pools that round down.
"""

from torch import Tensor, nn

from course_lib.models.blocks import Convolution, at_least_one, bilinear_upsampling, check_image, crop, scaled
from course_lib.models.vgg import WIDTHS, activated, stage


class FCN(nn.Module):
    """What the four networks share: VGG16 as convolutions, from the image to pool3, pool4 and the scores of fc7."""

    def __init__(self, num_classes: int, *, in_channels: int, width: float):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in WIDTHS)
        w6 = scaled(4096, width)
        self.conv1 = stage(1, in_channels, w1, w1, padding=(100, 1))
        self.pool1 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv2 = stage(2, w1, w2, w2)
        self.pool2 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv3 = stage(3, w2, w3, w3, w3)
        self.pool3 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv4 = stage(4, w3, w4, w4, w4)
        self.pool4 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv5 = stage(5, w4, w5, w5, w5)
        self.pool5 = nn.MaxPool2d(2, ceil_mode=True)
        self.fc6 = activated(Convolution(w5, w6, kernel_size=7))
        self.fc7 = activated(Convolution(w6, w6, kernel_size=1))
        self.dropout = nn.Dropout(0.5)
        self.score_fr = score(w6, num_classes)

    def features(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """pool3, pool4 and the scores at stride 32: what FCN-32s, 16s and 8s fuse."""
        check_image(image, self.in_channels)
        x = self.pool1(self.conv1(image))
        x = self.pool2(self.conv2(x))
        pool3 = self.pool3(self.conv3(x))
        pool4 = self.pool4(self.conv4(pool3))
        x = self.pool5(self.conv5(pool4))
        x = self.dropout(self.fc6(x))
        x = self.dropout(self.fc7(x))
        return pool3, pool4, self.score_fr(x)

    def scores(self, image: Tensor) -> Tensor:
        """The network's own last map has the image's size: the crop is its last layer."""
        return self(image)


class FCN32s(FCN):
    """Scores at stride 32, enlarged in one step."""

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0):
        super().__init__(num_classes, in_channels=in_channels, width=width)
        self.upscore = bilinear_upsampling(num_classes, kernel_size=64, stride=32)

    def forward(self, image: Tensor) -> Tensor:
        _, _, x = self.features(image)
        return crop(self.upscore(x), image.shape[-2:], offset=19)


class FCN16s(FCN):
    """FCN-32s with one skip: scores of pool4 are added at stride 16."""

    def __init__(
        self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0, learn_upsampling: bool = False
    ):
        super().__init__(num_classes, in_channels=in_channels, width=width)
        self.upscore2 = bilinear_upsampling(num_classes, kernel_size=4, stride=2, learned=learn_upsampling)
        self.score_pool4 = score(scaled(512, width), num_classes)
        self.upscore16 = bilinear_upsampling(num_classes, kernel_size=32, stride=16)

    def forward(self, image: Tensor) -> Tensor:
        _, pool4, x = self.features(image)
        x = self.upscore2(x)
        x = x + crop(self.score_pool4(pool4), x.shape[-2:], offset=5)
        return crop(self.upscore16(x), image.shape[-2:], offset=27)


class FCN8s(FCN):
    """FCN-16s with a second skip: scores of pool3 are added at stride 8."""

    scale_pool4, scale_pool3 = 1.0, 1.0

    def __init__(
        self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0, learn_upsampling: bool = False
    ):
        super().__init__(num_classes, in_channels=in_channels, width=width)
        self.upscore2 = bilinear_upsampling(num_classes, kernel_size=4, stride=2, learned=learn_upsampling)
        self.score_pool4 = score(scaled(512, width), num_classes)
        self.upscore_pool4 = bilinear_upsampling(num_classes, kernel_size=4, stride=2, learned=learn_upsampling)
        self.score_pool3 = score(scaled(256, width), num_classes)
        self.upscore8 = bilinear_upsampling(num_classes, kernel_size=16, stride=8)

    def forward(self, image: Tensor) -> Tensor:
        pool3, pool4, x = self.features(image)
        x = self.upscore2(x)
        x = x + crop(self.score_pool4(self.scale_pool4 * pool4), x.shape[-2:], offset=5)
        x = self.upscore_pool4(x)
        x = x + crop(self.score_pool3(self.scale_pool3 * pool3), x.shape[-2:], offset=9)
        return crop(self.upscore8(x), image.shape[-2:], offset=31)


class FCN8sAtOnce(FCN8s):
    """The scales keep the larger features of the early layers from drowning the rest; they are not learned."""

    scale_pool4, scale_pool3 = 0.01, 0.0001


def score(channels: int, num_classes: int) -> nn.Conv2d:
    """A 1x1 convolution to the classes that starts at 0, so that a new skip changes nothing at first."""
    layer = Convolution(channels, num_classes, kernel_size=1)
    nn.init.zeros_(layer.weight)
    return layer
