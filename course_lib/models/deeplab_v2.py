"""DeepLab v2: one map read at four rates at once, so that small and large objects each find a kernel that fits.

Chen, Papandreou, Kokkinos, Murphy, Yuille: "DeepLab: Semantic Image Segmentation with Deep Convolutional Nets,
Atrous Convolution, and Fully Connected CRFs", TPAMI 2018 (arXiv 1606.00915).

    backbone  ResNet-101: stride on the 1x1, pool rounding up, conv4 rate 2, conv5 rate 4      stride 8, 2048 maps
    aspp      four 3x3 to the classes, rates 6, 12, 18, 24, with bias, without BN and ReLU; summed
    or
    backbone  VGG16 of DeepLab v1 up to pool5 (without its average pool5a)                     stride 8, 512 maps
    aspp      four branches fc6 3x3 to 1024 at rates 6, 12, 18, 24 - ReLU - dropout 0.5,
              fc7 1x1 to 1024 - ReLU - dropout 0.5, fc8 1x1 to the classes; summed
    then      bilinear to the image's size, corners aligned (images of 8k + 1 pixels fit best)
    multi_scale=True: the same network reads the image at sizes 1, 0.75 and 0.5; its score maps are brought to the
              largest one's size, and each score is the maximum of the three

Departs from the paper: BN learns, unless `freeze_batch_norm=True`, which keeps statistics, scale and shift as they
are, as the authors did when they fine-tuned. The CRF that followed is `course_lib.crf`.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from course_lib.models.blocks import Convolution, at_least_one, check_image, resize, scaled
from course_lib.models.deeplab_v1 import VGG16LargeFOV
from course_lib.models.resnet import ResNet
from course_lib.models.vgg import activated

RATES = (6, 12, 18, 24)
SCALES = (1.0, 0.75, 0.5)


class DeepLabV2(nn.Module):
    """What both backbones share: scores at stride 8, on one scale or as the maximum over three."""

    def __init__(self, backbone: nn.Module, aspp: nn.Module, *, in_channels: int, multi_scale: bool):
        super().__init__()
        self.in_channels, self.multi_scale = in_channels, multi_scale
        self.backbone, self.aspp = backbone, aspp

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=True)

    def scores(self, image: Tensor) -> Tensor:
        """The score map at stride 8, before it is enlarged; with several scales their maximum."""
        return self.scores_by_scale(image)[0]

    def training_logits(self, image: Tensor) -> list[tuple[float, Tensor]]:
        """Pairs of loss weight and logits: the answer and, with several scales, each scale's own, all weighing 1."""
        return [(1.0, resize(s, image.shape[-2:], align_corners=True)) for s in self.scores_by_scale(image)]

    def scores_by_scale(self, image: Tensor) -> list[Tensor]:
        """The score map; with several scales their maximum first, then each one at its own size."""
        check_image(image, self.in_channels)
        if not self.multi_scale:
            return [self.aspp(self.backbone(image))]
        sizes = [[int((side - 1) * scale) + 1 for side in image.shape[-2:]] for scale in SCALES]
        maps = [self.aspp(self.backbone(resize(image, size, align_corners=True))) for size in sizes]
        fused = [resize(scores, maps[0].shape[-2:], align_corners=True) for scores in maps]
        return [torch.stack(fused).amax(dim=0), *maps]


class DeepLabV2ResNet101(DeepLabV2):
    """DeepLab v2 on ResNet-101, with the ASPP that classifies directly; `multi_scale` reads smaller copies as well."""

    def __init__(
        self,
        num_classes: int,
        *,
        stride_on: str = "1x1",
        rates: tuple[int, ...] = RATES,
        multi_scale: bool = False,
        freeze_batch_norm: bool = False,
        in_channels: int = 3,
        width: float = 1.0,
    ):
        options = {"stride_on": stride_on, "in_channels": in_channels, "width": width}
        backbone = ResNet(101, output_stride=8, ceil_mode=True, **options)
        aspp = ASPP(backbone.channels[-1], num_classes, rates)
        super().__init__(backbone, aspp, in_channels=in_channels, multi_scale=multi_scale)
        self.freeze_batch_norm = freeze_batch_norm
        if freeze_batch_norm:
            for layer in self.batch_norms():
                layer.requires_grad_(False)

    def batch_norms(self) -> list[nn.BatchNorm2d]:
        """Every batch norm of the network: what `freeze_batch_norm` holds fixed."""
        return [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]

    def train(self, mode: bool = True) -> "DeepLabV2ResNet101":
        """Frozen BN stays in evaluation mode: its running statistics do not run."""
        super().train(mode)
        if self.freeze_batch_norm:
            for layer in self.batch_norms():
                layer.eval()
        return self


class DeepLabV2VGG16(DeepLabV2):
    """DeepLab v2 on VGG16: each rate has its own fc6, fc7 and fc8, and their scores are added."""

    def __init__(
        self,
        num_classes: int,
        *,
        rates: tuple[int, ...] = RATES,
        multi_scale: bool = False,
        in_channels: int = 3,
        width: float = 1.0,
    ):
        backbone = VGG16LargeFOV(in_channels=in_channels, width=width)
        hidden = scaled(1024, width)
        branches = [vgg16_branch(backbone.out_channels, hidden, num_classes, rate) for rate in check_rates(rates)]
        super().__init__(backbone, Sum(branches), in_channels=in_channels, multi_scale=multi_scale)


class Sum(nn.ModuleList):
    """Branches that read the same map; their answers are added."""

    def forward(self, x: Tensor) -> Tensor:
        answers = [branch(x) for branch in self]
        return sum(answers[1:], start=answers[0])


class ASPP(Sum):
    """Atrous spatial pyramid pooling, second form: a classifier at each rate, summed."""

    def __init__(self, before: int, num_classes: int, rates: tuple[int, ...] = RATES):
        super().__init__(Classifier(before, num_classes, kernel_size=3, rate=rate) for rate in check_rates(rates))


def vgg16_branch(before: int, hidden: int, num_classes: int, rate: int) -> nn.Sequential:
    """ASPP's first form: DeepLab v1's fc6, fc7 and fc8 at a rate of its own."""
    fc6 = activated(Convolution(before, hidden, kernel_size=3, padding=rate, dilation=rate))
    fc7 = activated(Convolution(hidden, hidden, kernel_size=1))
    return nn.Sequential(
        OrderedDict(fc6=fc6, dropout6=nn.Dropout(), fc7=fc7, dropout7=nn.Dropout(), fc8=Classifier(hidden, num_classes))
    )


class Classifier(nn.Conv2d):
    """The layer that names the classes; every DeepLab starts it with a Gaussian of 0.01."""

    def __init__(self, before: int, num_classes: int, *, kernel_size: int = 1, rate: int = 1):
        super().__init__(before, num_classes, kernel_size, padding=rate * (kernel_size // 2), dilation=rate)

    def reset_parameters(self) -> None:
        """Draws the weights from N(0, 0.01); torch calls this when the layer is made."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.bias)


def check_rates(rates: tuple[int, ...]) -> tuple[int, ...]:
    """Rates that a dilated convolution can have."""
    if not rates:
        raise ValueError("ASPP needs at least one rate, got none")
    for rate in rates:
        at_least_one(rate=rate)
    return tuple(rates)
