"""The benches on photographs: the families at equal multiply-adds, each trained to its plateau.

Two bodies: EfficientNet-Lite0 as ImageNet trained it, and the small body of `bench_painted` from random weights. Each
learns by the rule of `plateau`, looked at on the validation photographs at the size that the network is asked at.

Equal for all networks of a body: photographs and their order, crops, colours, AdamW, its rates and the rule; batch
normalisation after every new layer. The recipe is that of the course's stored networks; a body that ImageNet trained
learns at a fifth of the decoder's rate.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import torch
from torch import nn

from course_lib.datasets import Listed
from course_lib.evidence import probe
from course_lib.evidence.cost import multiply_adds
from course_lib.evidence.photograph_training import CROP, NORMAL, SCALE, STORED, WORKING, small, some
from course_lib.evidence.real_photographs import Scores, folder, photographs
from course_lib.evidence.small_training import started
from course_lib.lectures.l08_the_whole_picture.bench import CONTROLS, FAMILIES, Family, costs, maps_for
from course_lib.lectures.l08_the_whole_picture.networks import SmallBody
from course_lib.lectures.l08_the_whole_picture.plateau import Batches, Plateau
from course_lib.models.efficientnet_lite import EfficientNetLite0
from course_lib.models.weights import load_backbone
from course_lib.models.working_size import AtWorkingSize
from course_lib.training import feed
from course_lib.training.evaluation import evaluate
from course_lib.training.photographs import IMAGENET, NETWORKS

CLASSES = 3
EVERY = 4  # every fourth photograph of the test list is scored


@dataclass(frozen=True)
class Body:
    """What the families stand on, what each takes there, and how all learn there."""

    name: str
    told: str
    make: Callable[..., nn.Module]
    work: float  # multiply-adds for one picture of CROP x CROP
    rate: float  # of the body
    head_factor: float  # how much faster the decoder learns
    plateau: Plateau
    families: Mapping[str, Family] = field(hash=False)
    weights: str | None = None

    def students(self) -> "dict[str, Student]":
        """Each family on this body."""
        return {name: Student(family, self) for name, family in self.families.items()}


@dataclass(frozen=True)
class Student:
    """A family on a body, with as many multiply-adds as all others there."""

    family: Family
    body: Body

    @property
    def name(self) -> str:
        """The name under which its runs are kept."""
        return f"{self.family.name} on {self.body.name}"

    def build(self, maps: int) -> nn.Module:
        """The network with a decoder of so many maps, from random weights."""
        return self.family.build(maps, self.body.make, CLASSES)

    def started(self, seed: int) -> nn.Module:
        """The network before its first step: the decoder as the seed has it, a trained body as it was trained."""
        net = started(partial(self.build, self.maps()), seed)
        if self.body.weights:
            load_backbone(net, self.body.weights)
        return net

    def maps(self) -> int:
        """The width of the decoder at which the network takes about the work of its body."""
        return searched(self.family, self.body)

    def costs(self) -> dict[str, float]:
        """What the very network that is trained costs: exact numbers."""
        return costs(self.build, self.maps(), CROP)

    def run(self, seed: int, place: Path | None = None) -> dict:
        """Trains to the plateau, and scores on photographs that no training and no look has seen."""
        began, net, plateau = time.process_time(), self.started(seed), self.body.plateau
        usual = NETWORKS[STORED]
        recipe = replace(
            usual.recipe, crop=CROP, scale=SCALE, learning_rate=self.body.rate, head_factor=self.body.head_factor
        )
        probe.note(str((self.name, self.maps(), self.body.rate, self.body.head_factor, EVERY, seed, plateau)))
        looks = plateau.reach(
            net,
            recipe.optimizer_for(net, pretrained=True),
            drawn(replace(usual, recipe=recipe).training_data(folder()), seed, recipe.batch_size, plateau),
            partial(looked_at, net),
            seed,
        )
        return {
            **scored(net),
            "steps": plateau.steps(looks),
            "on the way": looks,
            "settled": plateau.settled(looks),
            "seconds": round(time.process_time() - began),
        }


LITE = Body(
    "ImageNet", "efficientnet_lite0", EfficientNetLite0, 330e6, rate=4e-4, head_factor=5, weights=IMAGENET,
    families=FAMILIES, plateau=Plateau(every=40, patience=3, rise=0.01, most=12, last=60, warm=20),
)  # fmt: skip
SMALL = Body(
    "a small body", "a small body from a random start", SmallBody, 35e6, rate=4e-3, head_factor=1,
    families=FAMILIES | CONTROLS, plateau=Plateau(every=80, patience=3, rise=0.01, most=12, last=80, warm=20),
)  # fmt: skip


@cache
def searched(family: Family, body: Body) -> int:
    """One search for each network."""
    return maps_for(lambda maps: multiply_adds(Student(family, body).build(maps).eval(), CROP), body.work)


def drawn(data: Listed, seed: int, batch_size: int, plateau: Plateau) -> Batches:
    """As many batches as the longest training takes, as `training.fit` draws them."""
    steps = plateau.most * plateau.every + plateau.last
    order = feed.Order(len(data), batch_size=batch_size, start=0, steps=steps, seed=seed, rank=0, world=1)
    checked = feed.Checked(data, num_classes=CLASSES, ignore=255, seed=seed)
    return iter(feed.batches(checked, order, workers=0, pin=False))


def looked_at(net: nn.Module) -> float:
    """Mean IoU on val at the size that the network is asked at."""
    return evaluate(net, some("val", small), batch_size=8, progress=False).mean_iou


@torch.no_grad()
def scored(net: nn.Module) -> dict[str, float]:
    """Mean IoU of a part of the test list at the photographs' own size, and within three pixels of a boundary."""
    asked, found = AtWorkingSize(net.eval(), WORKING), Scores(CLASSES)
    for image, label in photographs("test", slice(None, None, EVERY)):
        normal, label = NORMAL(image, label)
        found.add("", asked(normal[None]).argmax(1)[0], label)
    return {name.removesuffix(", "): value for name, value in found.values().items()}
