"""The bench on painted scenes: the same families from a random start, each trained to its plateau.

The networks stand on one small body, and have about as many multiply-adds each, or about as many parameters (`EQUAL`);
`bench.maps_for` searches the width of each decoder. The scenes are those of `avenue`, nine classes at 128 pixels.

Each learns by the rule of `plateau`.

Equal for all: the body, the `COUNT` scenes of a seed and their order, mirrored batches, AdamW and its rate, the rule.
"""

import time
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.evidence import probe
from course_lib.evidence.cost import multiply_adds
from course_lib.evidence.counting import parameters
from course_lib.evidence.small_training import HELD_OUT, edge_iou, mean_iou, started
from course_lib.lectures.l08_the_whole_picture.bench import CONTROLS, FAMILIES, Family, costs, maps_for
from course_lib.lectures.l08_the_whole_picture.networks import SmallBody
from course_lib.lectures.l08_the_whole_picture.plateau import Batches, Plateau
from course_lib.scenes import Scenes
from course_lib.training.optimisers import AdamW

WORLD, SIDE, CLASSES = "avenue", 128, 9
COUNTED = {"multiply-adds": lambda net: multiply_adds(net.eval(), SIDE), "parameters": parameters}
# So many parameters lie between the fewest and the most that equal multiply-adds ask for.
EQUAL = {"multiply-adds": 35e6, "parameters": 325e3}
COUNT, BATCH, RATE = 2048, 8, 4e-3
PLATEAU = Plateau(every=50, patience=3, rise=0.03, most=12, last=60)
LOOKED_AT, SCORED = 64, 128
RULE = PLATEAU.told(f"{LOOKED_AT} other scenes")


@dataclass(frozen=True)
class Painter:
    """A family on the small body, with as much as all others have of what is `equal`."""

    family: Family
    equal: str

    @property
    def name(self) -> str:
        """The name under which its runs are kept."""
        return f"{self.family.name} of equal {self.equal}"

    def build(self, maps: int) -> nn.Module:
        """The network with a decoder of so many maps, from random weights."""
        return self.family.build(maps, SmallBody, CLASSES)

    def maps(self) -> int:
        """The width of the decoder at which the network has about as much as all others."""
        return searched(self)

    def costs(self) -> dict[str, float]:
        """What the very network that is trained costs: exact numbers."""
        return costs(self.build, self.maps(), SIDE)

    def run(self, seed: int, place: Path | None = None) -> dict:
        """Trains to the plateau, and scores on scenes that no training and no look has seen."""
        began, net = time.process_time(), started(partial(self.build, self.maps()), seed)
        looks = to_plateau(net, seed)
        prediction, label = answered(net, HELD_OUT, SCORED)
        return {
            "mIoU": mean_iou(prediction, label, CLASSES),
            "edge IoU": edge_iou(prediction, label, CLASSES),
            "steps": PLATEAU.steps(looks),
            "on the way": looks,
            "settled": PLATEAU.settled(looks),
            "seconds": round(time.process_time() - began),
        }


@cache
def searched(network: Painter) -> int:
    """One search for each network."""
    return maps_for(lambda maps: COUNTED[network.equal](network.build(maps)), EQUAL[network.equal])


def networks(equal: str) -> dict[str, Painter]:
    """The families and the control without skips, with equally much of what is `equal`."""
    return {name: Painter(family, equal) for name, family in (FAMILIES | CONTROLS).items()}


def to_plateau(net: nn.Module, seed: int) -> list[float]:
    """Trains by the rule; returns the mean IoU of each look."""
    plan = PLATEAU
    probe.note(str((BATCH, RATE, plan.every, plan.patience, plan.rise, plan.most, plan.last)))
    optimiser = AdamW(net.parameters(), RATE, weight_decay=1e-4)
    return plan.reach(
        net, optimiser, drawn(seed), lambda: mean_iou(*answered(net, HELD_OUT + 1, LOOKED_AT), CLASSES), seed
    )


def drawn(seed: int) -> Batches:
    """Batches without end: the scenes in a new order each time, half of the batches mirrored."""
    images, labels = scenes(seed, COUNT)
    dice = torch.Generator().manual_seed(seed)
    while True:
        for some in torch.randperm(len(images), generator=dice).split(BATCH):
            image, label = images[some] / 255, labels[some].long()
            mirrored = torch.rand((), generator=dice) < 0.5
            yield (image.flip(-1), label.flip(-1)) if mirrored else (image, label)


@torch.no_grad()
def answered(net: nn.Module, seed: int, count: int) -> tuple[Tensor, Tensor]:
    """What the network says of some scenes, and what is true."""
    images, labels = scenes(seed, count)
    net.eval()
    scores = [net((some / 255).to(memory_format=torch.channels_last)) for some in images.split(BATCH)]
    probe.note("", scores[0].mean(), scores[0].std())
    return torch.cat([some.argmax(1) for some in scores]), labels.long()


def scenes(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Scenes of a seed and their labels, in 8 bits."""
    probe.note(f"{WORLD} {SIDE} {count} {seed}")
    return painted(seed, probe.at_most(count, probe.PICTURES))


@cache
def painted(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """The same, painted once for all networks."""
    images, labels, _ = Scenes(WORLD, size=SIDE, count=count, seed=seed).batch(range(count))
    return (255 * images).byte(), labels.byte()
