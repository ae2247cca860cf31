"""FCN-8s on a lighter classifier: EfficientNet-Lite0 turned into convolutions, and the same three steps back.

Shelhamer, Long, Darrell: "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015 (arXiv 1411.4038), on the
classifier of `efficientnet_lite`. The paper does it with AlexNet, VGG16 and GoogLeNet alike.

    backbone      EfficientNet-Lite0; stage 3 in pool3's place (stride 8, 40 maps), stage 5 in pool4's (16, 112)
    head          1x1 to 1280: the classifier's own layer before the classes, in the place of fc6 and fc7
    score_fr      classes, 1x1, at stride 32
    upscore2      times two; add score_pool4
    upscore_pool4 times two; add score_pool3
    upscore8      times eight, to the image's size

Every score layer starts at 0, as in the paper.
Departs from the paper in: the upsamplings are bilinear resizes to the size of the next map; the paper's transposed
convolutions hold the same interpolation, fixed in the release. Padding is the classifier's own: no padding of 100,
no crop.
`build("fcn8s", backbone="efficientnet_lite0")` makes it; 3.4 million parameters where VGG16's has 134.
"""

from torch import Tensor, nn

from course_lib.models.blocks import at_least_one, check_image, resize, scaled
from course_lib.models.efficientnet_lite import STAGES, EfficientNetLite0, convolution
from course_lib.models.fcn import score

POOL3, POOL4 = 2, 4  # the last stages of strides 8 and 16


class LightFCN8s(nn.Module):
    """FCN-8s on EfficientNet-Lite0."""

    def __init__(self, num_classes: int = 21, *, in_channels: int = 3, width: float = 1.0):
        super().__init__()
        at_least_one(num_classes=num_classes, in_channels=in_channels)
        self.backbone = EfficientNetLite0(in_channels=in_channels, width=width)
        self.head = convolution(self.backbone.channels[-1], scaled(1280, width))
        self.dropout = nn.Dropout(0.5)
        self.score_fr = score(scaled(1280, width), num_classes)
        self.score_pool4 = score(scaled(STAGES[POOL4][-1], width), num_classes)
        self.score_pool3 = score(scaled(STAGES[POOL3][-1], width), num_classes)

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.scores(image), image.shape[-2:], align_corners=True)

    def scores(self, image: Tensor) -> Tensor:
        """The scores at stride 8, with both skips added."""
        check_image(image, self.backbone.in_channels)
        maps = self.backbone.stages(image)
        pool3, pool4 = maps[POOL3], maps[POOL4]
        x = self.score_fr(self.dropout(self.head(maps[-1])))
        x = resize(x, pool4.shape[-2:], align_corners=True) + self.score_pool4(pool4)
        return resize(x, pool3.shape[-2:], align_corners=True) + self.score_pool3(pool3)
