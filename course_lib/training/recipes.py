"""The papers' recipes, as far as they are known: what `python -m course_lib.training` does unless told otherwise.

In comes a network's name, out goes a Recipe. Numbers come from the paper or the authors' released files, as `source`
says; a number that neither gives is marked "ours". All losses here are means over pixels: FCN's and DeepLab's released
rates that belong to a sum over pixels do not carry over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from course_lib.training.optimisers import SGD, AdamW, RMSprop, Schedule, constant, one_cycle, poly, stairs


@dataclass(frozen=True)
class Recipe:
    """How to train one network: optimiser, schedule, batch, crop, and where these are published."""

    source: str
    learning_rate: float
    batch_size: int
    steps: int
    schedule: Schedule = poly
    optimizer: str = "sgd"
    momentum: float = 0.9
    weight_decay: float = 5e-4
    crop: int | None = None  # None: whole frames
    scale: tuple[float, float] = (1.0, 1.0)
    balanced: bool = False  # median frequency balancing
    head_factor: float = 1.0  # how much faster the new layers learn beside a pretrained backbone
    clip: float | None = None

    def optimizer_for(self, model: nn.Module, *, pretrained: bool = False) -> torch.optim.Optimizer:
        """The optimiser, with larger learning rates for the layers that start from random weights."""
        factor = self.head_factor if pretrained else 1.0
        groups = [
            {"params": parameters, "lr": self.learning_rate * times}
            for parameters, times in split(model, factor)
            if parameters
        ]
        if self.optimizer == "sgd":
            return SGD(groups, momentum=self.momentum, weight_decay=self.weight_decay)
        make = {"rmsprop": RMSprop, "adamw": AdamW}[self.optimizer]
        return make(groups, weight_decay=self.weight_decay)


def split(model: nn.Module, factor: float) -> Iterable[tuple[list[nn.Parameter], float]]:
    """The backbone's parameters at the rate itself, all others `factor` times faster."""
    backbone = getattr(model, "backbone", None)
    slow = {id(p) for p in backbone.parameters()} if backbone is not None and factor != 1 else set()
    learning = [p for p in model.parameters() if p.requires_grad]
    return [([p for p in learning if id(p) in slow], 1.0), ([p for p in learning if id(p) not in slow], factor)]


FCN = Recipe(
    "Long et al., CVPR 2015, section 4.3: batch 20, rate 1e-4 for VGG16, momentum 0.9; steps ours",
    learning_rate=1e-4, batch_size=20, steps=100_000, schedule=constant,
)  # fmt: skip
DEEPLAB_V3 = Recipe(
    "Chen et al. 2017, section 4.1: rate 0.007, poly, crop 513, batch 16, 30k; weight decay of the released code",
    learning_rate=0.007, batch_size=16, steps=30_000, weight_decay=1e-4, crop=513, scale=(0.5, 2.0),
)  # fmt: skip
DENSENET = Recipe(
    "Jegou et al. 2017 and the released train.py: RMSprop 1e-3 falling by 0.995 an epoch, crop 224, batch 3; "
    "steps ours (750 epochs of CamVid)",
    learning_rate=1e-3, batch_size=3, steps=92_000, schedule=partial(stairs, share=1 / 750, fall=0.995),
    optimizer="rmsprop", weight_decay=1e-4, crop=224,
)  # fmt: skip
PSPNET = Recipe(
    "Zhao et al., CVPR 2017, section 5.1: rate 0.01, poly, batch 16, 30k (VOC), random scale 0.5 to 2, heads x10",
    learning_rate=0.01, batch_size=16, steps=30_000, weight_decay=1e-4, crop=473, scale=(0.5, 2.0), head_factor=10,
)  # fmt: skip
DILATED = Recipe(
    "Yu and Koltun, ICLR 2016, section 4: front end at rate 1e-3, batch 14, momentum 0.9, 60k",
    learning_rate=1e-3, batch_size=14, steps=60_000, schedule=constant,
)  # fmt: skip
LAPTOP = Recipe(
    "this course: AdamW and one cycle, for small networks on painted scenes",
    learning_rate=4e-3, batch_size=16, steps=300, schedule=one_cycle, optimizer="adamw", weight_decay=1e-4, clip=5.0,
)  # fmt: skip

RECIPES: dict[str, Recipe] = {
    "fcn32s": FCN, "fcn16s": FCN, "fcn8s": FCN, "fcn8s_at_once": FCN,
    "deconvnet": Recipe(
        "Noh et al., ICCV 2015 and the released solver: rate 0.01 / 10 every 9000, batch 64, 20k (stage 1)",
        learning_rate=0.01, batch_size=64, steps=20_000, schedule=partial(stairs, share=9 / 20), crop=224,
    ),
    "segnet": Recipe(
        "the SegNet tutorial's solver: rate 0.001, momentum 0.9, batch 4, 40k, median frequency balancing",
        learning_rate=1e-3, batch_size=4, steps=40_000, schedule=constant, balanced=True,
    ),
    "unet": Recipe(
        "Ronneberger et al. 2015, section 3: momentum 0.99, batch 1; rate and steps ours",
        learning_rate=1e-4, batch_size=1, steps=40_000, momentum=0.99, weight_decay=0.0,
    ),
    "fc_densenet56": DENSENET, "fc_densenet67": DENSENET, "fc_densenet103": DENSENET,
    "deeplab_v1": Recipe(
        "the released LargeFOV solver: rate 0.001 / 10 every 2000, 6000 steps, batch 30, crop 321",
        learning_rate=1e-3, batch_size=30, steps=6_000, schedule=partial(stairs, share=1 / 3), crop=321, head_factor=10,
    ),
    "deeplab_v2": Recipe(
        "Chen et al. 2016, section 4.1: rate 2.5e-4, poly, batch 10, 20k, random scale 0.5 to 1.5, classifier x10",
        learning_rate=2.5e-4, batch_size=10, steps=20_000, crop=321, scale=(0.5, 1.5), head_factor=10,
    ),
    "deeplab_v2_vgg16": Recipe(
        "Chen et al. 2016: rate 1e-3, poly, batch 10, 20k",
        learning_rate=1e-3, batch_size=10, steps=20_000, crop=321, scale=(0.5, 1.5), head_factor=10,
    ),
    "dilatednet_frontend": DILATED, "dilatednet_basic": DILATED, "dilatednet_large": DILATED,
    "pspnet50": PSPNET, "pspnet101": PSPNET,
    "deeplab_v3_resnet50": DEEPLAB_V3, "deeplab_v3_resnet101": DEEPLAB_V3, "deeplab_v3plus": DEEPLAB_V3,
}  # fmt: skip
RECIPES["segnet_basic"] = RECIPES["segnet"]


def recipe_for(model: str, data: str) -> Recipe:
    """The paper's recipe; the laptop's for painted scenes."""
    return LAPTOP if data.startswith("scenes") else RECIPES.get(model, LAPTOP)
