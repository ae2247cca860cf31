"""DeepLab v1: VGG16 made dense. Two pools give up their stride, and holes in the kernels make up for it.

Chen, Papandreou, Kokkinos, Murphy, Yuille: "Semantic Image Segmentation with Deep Convolutional Nets and Fully
Connected CRFs", ICLR 2015 (arXiv 1412.7062). This is the authors' release of DeepLab-LargeFOV.

    conv1_x 64 .. conv4_x 512     3x3, ReLU
    pool1, pool2, pool3           maximum of 3x3, stride 2, padding 1
    pool4                         maximum of 3x3, stride 1, padding 1
    conv5_1, conv5_2, conv5_3     512, 3x3 with rate 2, ReLU
    pool5                         maximum of 3x3, stride 1, padding 1
    pool5a                        average of 3x3, stride 1, padding 1 (the padding counts as zeros)
    fc6                           1024, 3x3 with rate 12, ReLU, dropout 0.5     receptive field 435
    fc7                           1024, 1x1, ReLU, dropout 0.5
    fc8                           classes, 1x1, weights from N(0, 0.01)
    net(image)                    bilinear x8, corners aligned

The score map has stride 8: 321 pixels give 41 cells, and sizes of 8k + 1 fit exactly. The CRF comes after the network
and lives in `course_lib.crf`.

Departs from the paper in: the 3x3 pools and pool5a, which its text does not mention, but the release has. The paper's
other fields of view (its Table 2) differ in fc6 and fc7: `fc6_kernel=7, fc6_rate=4, fc6_channels=4096` (134.3 M
parameters), `4, 4, 4096` and `4, 8, 4096` (both 65.1 M). The release of the 4x4 net also has pools of 2x2; those are
not here.
Often wrong elsewhere: pools that round down (100 pixels end at 13 cells instead of 14); dropout after fc7 only. The
paper's "receptive field" of 224 or 128 is the span of fc6 in input pixels, not the receptive field.
"""

from torch import Tensor, nn

from course_lib.models.blocks import Convolution, at_least_one, check_image, resize, scaled
from course_lib.models.vgg import WIDTHS, activated, stage


class VGG16LargeFOV(nn.Module):
    """VGG16 at stride 8, from the image to pool5; DeepLab v1 and the VGG16 form of DeepLab v2 begin with it."""

    def __init__(self, *, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in WIDTHS)
        self.out_channels = w5
        self.conv1 = stage(1, in_channels, w1, w1)
        self.pool1 = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.conv2 = stage(2, w1, w2, w2)
        self.pool2 = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.conv3 = stage(3, w2, w3, w3, w3)
        self.pool3 = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.conv4 = stage(4, w3, w4, w4, w4)
        self.pool4 = nn.MaxPool2d(3, stride=1, padding=1)
        self.conv5 = stage(5, w4, w5, w5, w5, dilation=2, padding=2)
        self.pool5 = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.pool1(self.conv1(image))
        x = self.pool2(self.conv2(x))
        x = self.pool3(self.conv3(x))
        x = self.pool4(self.conv4(x))
        return self.pool5(self.conv5(x))


class DeepLabV1(nn.Module):
    """VGG16 at stride 8 with a dilated fc6; the fc6 options give the paper's other fields of view."""

    def __init__(
        self,
        num_classes: int = 21,
        *,
        in_channels: int = 3,
        width: float = 1.0,
        fc6_kernel: int = 3,
        fc6_rate: int = 12,
        fc6_channels: int = 1024,
    ):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels, fc6_kernel=fc6_kernel, fc6_rate=fc6_rate)
        span = (fc6_kernel - 1) * fc6_rate
        if span % 2:
            raise ValueError(f"fc6_kernel {fc6_kernel} needs an even fc6_rate to stay centred, got {fc6_rate}")
        self.in_channels = in_channels
        w6 = scaled(fc6_channels, width)
        self.vgg = VGG16LargeFOV(in_channels=in_channels, width=width)
        self.pool5a = nn.AvgPool2d(3, stride=1, padding=1)
        self.fc6 = activated(Convolution(self.vgg.out_channels, w6, fc6_kernel, dilation=fc6_rate, padding=span // 2))
        self.fc7 = activated(Convolution(w6, w6, kernel_size=1))
        self.fc8 = Convolution(w6, num_classes, kernel_size=1)
        self.dropout = nn.Dropout(0.5)
        nn.init.normal_(self.fc8.weight, std=0.01)

    def scores(self, image: Tensor) -> Tensor:
        """The score map at stride 8, on which the authors train."""
        check_image(image, self.in_channels)
        x = self.pool5a(self.vgg(image))
        x = self.dropout(self.fc6(x))
        x = self.dropout(self.fc7(x))
        return self.fc8(x)

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=True)
