"""VGG16: the trunk of the first segmentation networks.

Simonyan, Zisserman: "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015 (arXiv 1409.1556),
configuration D.

    conv1_1, conv1_2             64      pool1
    conv2_1, conv2_2            128      pool2
    conv3_1, conv3_2, conv3_3   256      pool3     every convolution 3x3, padded by 1, with bias and ReLU;
    conv4_1, conv4_2, conv4_3   512      pool4     every pool the maximum of 2x2
    conv5_1, conv5_2, conv5_3   512      pool5
    fc6, fc7                   4096      dropout after each; as a convolution, fc6 is 7x7
    fc8                     classes

Departs from the paper: nothing known. VGG16 itself rounds down in its pools; each segmentation network says what it
does.
Often wrong elsewhere: fc6 and fc7 taken for part of every descendant. SegNet has neither, and so keeps 15 M of VGG16's
138 M parameters.

FCN, DeconvNet, SegNet, DeepLab and DilatedNet build their trunks from `stage` below, so all of them have layers named
conv1_1 to conv5_3 and can start from torchvision's weights through `from_torchvision`.
"""

import re
from collections.abc import Mapping

from torch import Tensor, nn

from course_lib.models.blocks import BatchNorm, Convolution, at_least_one, check_image, scaled

WIDTHS = (64, 128, 256, 512, 512)


def stage(
    number: int, *widths: int, norm: bool = False, padding: int | tuple[int, ...] = 1, dilation: int = 1
) -> nn.Sequential:
    """Stage `number` of VGG16: a 3x3 convolution (then BN, if asked) and ReLU for each step from width to width.

    `padding` is one number for all, or one for each convolution.
    """
    at_least_one(dilation=dilation)
    paddings = (padding,) * (len(widths) - 1) if isinstance(padding, int) else padding
    layers = nn.Sequential()
    for index, (before, after, border) in enumerate(zip(widths, widths[1:], paddings), start=1):
        convolution = Convolution(before, after, kernel_size=3, padding=border, dilation=dilation)
        layers.add_module(f"conv{number}_{index}", activated(convolution, norm=norm))
    return layers


def activated(convolution: nn.Module, *, norm: bool = False) -> nn.Sequential:
    """A convolution of either direction with its ReLU, and with BN between the two if asked."""
    layers = nn.Sequential()
    layers.add_module("conv", convolution)
    if norm:
        layers.add_module("norm", BatchNorm(convolution.out_channels))
    layers.add_module("relu", nn.ReLU())
    return layers


class VGG16(nn.Module):
    """The classifier of the paper; with `num_classes=None` the thirteen convolutions alone, which end at stride 32.

    138,357,544 parameters for 1000 classes; 14,714,688 without the classifier.
    """

    def __init__(self, num_classes: int | None = 1000, *, in_channels: int = 3, width: float = 1.0, norm: bool = False):
        super().__init__()
        at_least_one(in_channels=in_channels, num_classes=1 if num_classes is None else num_classes)
        self.in_channels, self.num_classes = in_channels, num_classes
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in WIDTHS)
        self.conv1 = stage(1, in_channels, w1, w1, norm=norm)
        self.conv2 = stage(2, w1, w2, w2, norm=norm)
        self.conv3 = stage(3, w2, w3, w3, w3, norm=norm)
        self.conv4 = stage(4, w3, w4, w4, w4, norm=norm)
        self.conv5 = stage(5, w4, w5, w5, w5, norm=norm)
        self.pool = nn.MaxPool2d(2)
        if num_classes is not None:
            w6 = scaled(4096, width)
            self.to_7x7 = nn.AdaptiveAvgPool2d(7)
            self.fc6 = activated(Convolution(w5, w6, kernel_size=7))
            self.fc7 = activated(Convolution(w6, w6, kernel_size=1))
            self.fc8 = Convolution(w6, num_classes, kernel_size=1)
            self.dropout = nn.Dropout(0.5)

    def features(self, image: Tensor) -> Tensor:
        """pool5, at stride 32."""
        check_image(image, self.in_channels)
        x = image
        for convolutions in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            x = self.pool(convolutions(x))
        return x

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image)
        if self.num_classes is None:
            return x
        x = self.dropout(self.fc6(self.to_7x7(x)))
        x = self.dropout(self.fc7(x))
        return self.fc8(x).flatten(1)


vgg16 = VGG16  # as a part it goes by the same kind of name as `resnet.resnet` and `xception.xception65`


def from_torchvision(state: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """torchvision's VGG16 weights (`vgg16`, or `vgg16_bn` for SegNet and DeconvNet) under the names of `network`.

    Covers conv1_1 to conv5_3 and, where the shapes allow, fc6 and fc7. Load with `strict=False`: the rest starts anew.
    """
    own = network.state_dict()
    trunk = [name for name in own if is_trunk(name)]
    theirs = [name for name in state if name.startswith("features.")]
    if len(trunk) != len(theirs):
        found = f"{len(trunk)} tensors in conv1_1 to conv5_3 and the weights {len(theirs)}"
        raise ValueError(f"the network has {found}; try {'vgg16_bn' if len(trunk) > len(theirs) else 'vgg16'}")
    pairs = list(zip(trunk, theirs))
    for name in own:
        if layer := re.search(r"\b(fc6|fc7)\.conv\.(weight|bias)$", name):
            pairs.append((name, f"classifier.{0 if layer[1] == 'fc6' else 3}.{layer[2]}"))
    fitting = {a: state[b].reshape(own[a].shape) for a, b in pairs if b in state and state[b].numel() == own[a].numel()}
    for name in trunk:
        if name not in fitting:
            shape = tuple(own[name].shape)
            raise ValueError(f"{name} has shape {shape}, not VGG16's; its weights fit width=1.0 and in_channels=3")
    return fitting


def is_trunk(name: str) -> bool:
    """True for the tensors of conv1_1 to conv5_3, whatever module they live in; not for those of a decoder."""
    return re.search(r"\bconv[1-5]_[1-3]\.", name) is not None
