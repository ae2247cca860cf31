"""The networks of the lectures, one file per paper, each by its name.

    from course_lib import models
    net = models.build("segnet", num_classes=11)
    net(image)            # logits N x C x H x W at the image's size
    net.scores(image)     # the score map before any final resize

`summary` and `compare` describe networks, `activations` gives their inner maps. Parts used on their own lie in the file
of the paper that introduced them, such as `models.xception.xception65`.
"""

from course_lib.models import dilatednet, resnet, vgg, xception
from course_lib.models.activations import activations
from course_lib.models.compare import compare
from course_lib.models.registry import build, names, training_logits
from course_lib.models.summary import summary

__all__ = [
    "activations",
    "build",
    "compare",
    "dilatednet",
    "names",
    "resnet",
    "summary",
    "training_logits",
    "vgg",
    "xception",
]
