"""DilatedNet: VGG16 without padding and without its last two pools, and a context module that looks ever further.

Yu, Koltun: "Multi-Scale Context Aggregation by Dilated Convolutions", ICLR 2016 (arXiv 1511.07122). These are the
authors' released networks.

    front end    conv1_x .. conv4_x    VGG16, 3x3, no padding, ReLU       900:  898 896 | 446 444 | 220 218 216
                 pool1, pool2, pool3   maximum of 2x2; no pool4, no pool5       | 106 104 102
                 conv5_1 .. conv5_3    512, 3x3 with rate 2, no padding         98 94 90
                 fc6, fc7              4096, 7x7 with rate 4 and 1x1, ReLU, dropout 0.5     66
                 final                 classes, 1x1                                         66

    context      layer                 1    2    3    4    5    6    7    8
                 kernel                3    3    3    3    3    3    3    1
                 rate                  1    1    2    4    8    16   1    1
                 receptive field       3    5    9    17   33   65   67   67
                 basic                 C    C    C    C    C    C    C    C
                 large                 2C   2C   4C   8C   16C  32C  32C  C      ReLU after all but the last

`scores` gives the map at stride 8, (n - 372) / 8 cells for n pixels: 900 give 66. `net(image)` mirrors 186 pixels of
border outwards, as the authors do, and enlarges the scores x8 bilinearly. Their fixed deconvolution is the same
function except in the four outermost pixels, where it fades to 0. `width` scales the front end's channels and large's
multiples.

The basic module pads each layer by its rate, the large one pads its first layer by the sum of all (33) and no other: at
the border these are different functions. The authors' Cityscapes network has two more rates:
`dilations=(1, 1, 2, 4, 8, 16, 32, 64, 1, 1)`.

Departs from the paper in: nothing known. The authors' code adds noise to basic's identity, too
(`initialisation="release"`).
Often wrong elsewhere: padded convolutions; pool4 and pool5 kept with stride 1 (that is DeepLab); rate 16 missing; ReLU
after the last 1x1; an ordinary start of the context module, which the paper found not to learn.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import Convolution, at_least_one, check_image, crop, mirror, one_of, scaled
from course_lib.models.vgg import WIDTHS, activated, stage

DILATIONS = (1, 1, 2, 4, 8, 16, 1, 1)
LOST = 372  # pixels of height and of width that the unpadded convolutions cost


class DilatedNet(nn.Module):
    """`context=None` is the front end alone; "basic" and "large" put a context module behind it."""

    def __init__(
        self,
        num_classes: int = 21,
        *,
        context: str | None = None,
        dilations: tuple[int, ...] = DILATIONS,
        initialisation: str = "identity",
        in_channels: int = 3,
        width: float = 1.0,
    ):
        super().__init__()
        self.in_channels = in_channels
        self.front_end = FrontEnd(num_classes, in_channels=in_channels, width=width)
        self.context = nn.Identity()
        if context is not None:
            one_of(("basic", "large"), context=context)
            self.context = ContextModule(num_classes, context, dilations, initialisation=initialisation, width=width)

    def scores(self, image: Tensor) -> Tensor:
        """The map at stride 8 of what the unpadded convolutions reach: 900 x 900 pixels give 66 x 66."""
        hint = "net(image) mirrors the border of any image from 33 x 33 up"
        check_image(image, self.in_channels, LOST + 1, hint)
        return self.context(self.front_end(image))

    def forward(self, image: Tensor) -> Tensor:
        check_image(image, self.in_channels)
        height, width = image.shape[-2:]
        border = LOST // 2
        x = mirror(image, top=border, bottom=border + -height % 8, left=border, right=border + -width % 8)
        x = F.interpolate(self.scores(x), scale_factor=8, mode="bilinear", align_corners=False)
        return crop(x, (height, width), offset=0)


class FrontEnd(nn.Module):
    """VGG16 without its last two pools and without padding: scores at stride 8 for the context module."""

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        w1, w2, w3, w4, w5 = (scaled(w, width) for w in WIDTHS)
        w6 = scaled(4096, width)
        self.conv1 = stage(1, in_channels, w1, w1, padding=0)
        self.pool1 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv2 = stage(2, w1, w2, w2, padding=0)
        self.pool2 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv3 = stage(3, w2, w3, w3, w3, padding=0)
        self.pool3 = nn.MaxPool2d(2, ceil_mode=True)
        self.conv4 = stage(4, w3, w4, w4, w4, padding=0)
        self.conv5 = stage(5, w4, w5, w5, w5, padding=0, dilation=2)
        self.fc6 = activated(Convolution(w5, w6, kernel_size=7, dilation=4))
        self.fc7 = activated(Convolution(w6, w6, kernel_size=1))
        self.final = Convolution(w6, num_classes, kernel_size=1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, image: Tensor) -> Tensor:
        x = self.pool1(self.conv1(image))
        x = self.pool2(self.conv2(x))
        x = self.pool3(self.conv3(x))
        x = self.conv5(self.conv4(x))
        x = self.dropout(self.fc6(x))
        x = self.dropout(self.fc7(x))
        return self.final(x)


class ContextModule(nn.Module):
    """C score maps in, C score maps of the same size out. The last rate belongs to the 1x1 layer and is 1.

    `initialisation`: "identity", the paper's: at first the module hands its input on, so that it cannot harm;
    "release", the same with a little noise on basic, too; "xavier", the usual start, which does not learn.
    """

    def __init__(
        self,
        num_classes: int,
        kind: str = "basic",
        dilations: tuple[int, ...] = DILATIONS,
        *,
        initialisation: str = "identity",
        width: float = 1.0,
    ):
        super().__init__()
        at_least_one(num_classes=num_classes, dilation=min(dilations, default=0))
        one_of(("basic", "large"), kind=kind)
        one_of(("identity", "release", "xavier"), initialisation=initialisation)
        if dilations[-1] != 1:
            raise ValueError(f"the last layer is 1x1 and needs dilation 1, got {dilations}")
        self.num_classes = num_classes
        rates = dilations[:-1]
        multiples = [1] * len(rates)
        if kind == "large":
            multiples = [max(1, round(2 * max(rates[: index + 1]) * width)) for index in range(len(rates))]
        paddings = rates if kind == "basic" else (sum(rates),) + (0,) * (len(rates) - 1)
        self.layers = nn.ModuleList()
        before = num_classes
        for rate, padding, multiple in zip(rates, paddings, multiples):
            after = multiple * num_classes
            self.layers.append(activated(Convolution(before, after, 3, dilation=rate, padding=padding)))
            before = after
        self.layers.append(Convolution(before, num_classes, kernel_size=1))
        self.initialise(initialisation, noise=0.0 if kind == "basic" and initialisation == "identity" else 0.01)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.compiler.is_compiling() and x.shape[1] != self.num_classes:
            raise ValueError(f"the context module reads {self.num_classes} score maps, got shape {tuple(x.shape)}")
        for layer in self.layers:
            x = layer(x)
        return x

    @torch.no_grad()
    def initialise(self, how: str, noise: float) -> None:
        """Each group of maps averages the same class's group before it (the paper's equations 4 and 5)."""
        if self.layers[-1].weight.is_meta:  # nothing to fill, and torch takes seconds to learn how to compare nothing
            return
        for layer in self.modules():
            if not isinstance(layer, nn.Conv2d):
                continue
            nn.init.zeros_(layer.bias)
            if how == "xavier":
                nn.init.xavier_uniform_(layer.weight)
                continue
            after, before, *kernel = layer.weight.shape
            classes = self.num_classes
            share = classes / after
            nn.init.normal_(layer.weight, std=noise * share) if noise else nn.init.zeros_(layer.weight)
            same = torch.arange(after)[:, None] * classes // after == torch.arange(before) * classes // before
            centre = layer.weight[:, :, kernel[0] // 2, kernel[1] // 2]
            centre.copy_(torch.where(same, share, centre))
