"""The bench: families at equal multiply-adds, on photographs upon one ImageNet body.

The rule: every network takes `WORK` multiply-adds for one picture of 129 x 129, within ten per cent. `maps_for`
searches the width of the decoder that comes nearest; the body stays as ImageNet trained it. It is at output stride 16
under all but U-Net, whose own fourth level needs a stride of 32; what U-Net saves there, its decoder spends. SegNet and
DeconvNet are not here: the body has no pools whose places they could remember.

Equal for all: photographs and their order, crops, colours, steps, AdamW with one cycle, a fifth of the rate for the
body, batch normalisation after every new layer, the start of the body. The recipe is that of the course's stored
networks. The budget is equal and short, `STEPS` steps: no plateau is reached. To a plateau, on painted scenes:
`bench_painted`.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import torch
from torch import nn

from course_lib.evidence import photograph_training, probe
from course_lib.evidence.cost import kept_to_learn, multiply_adds
from course_lib.evidence.counting import parameters
from course_lib.evidence.photograph_training import CROP, NORMAL, SCALE, STORED, WORKING
from course_lib.evidence.real_photographs import Scores, folder, photographs
from course_lib.evidence.small_training import started
from course_lib.lectures.l08_the_whole_picture.networks import (
    Channels,
    FCN8sDecoder,
    OnBody,
    UNetDecoder,
    V3Decoder,
    V3PlusDecoder,
)
from course_lib.models.efficientnet_lite import EfficientNetLite0
from course_lib.models.weights import load_backbone
from course_lib.models.working_size import AtWorkingSize
from course_lib.training.loop import fit
from course_lib.training.photographs import IMAGENET, NETWORKS

WORK, WITHIN = 330e6, 0.1  # multiply-adds, and how far a network may lie from another
STEPS, EVERY = 100, 4  # every fourth photograph of the test list is scored
CLASSES = 3


@dataclass(frozen=True)
class Family:
    """What one paper puts on the body, and the output stride that it asks of the body."""

    name: str
    decoder: Callable[[Channels, int, int], nn.Module]
    output_stride: int = 16

    def build(self, maps: int, body: Callable[..., nn.Module] = EfficientNetLite0, classes: int = CLASSES) -> nn.Module:
        """The network with a decoder of so many maps, from random weights."""
        return OnBody(body(output_stride=self.output_stride), partial(self.decoder, classes=classes, maps=maps))

    def started(self, seed: int) -> nn.Module:
        """The network before its first step: the body as ImageNet trained it, the decoder as the seed has it."""
        net = started(partial(self.build, self.maps()), seed)
        load_backbone(net, IMAGENET)
        return net

    def maps(self) -> int:
        """The width of the decoder at which the network takes about WORK."""
        return searched(self)

    def costs(self) -> dict[str, float]:
        """What the very network that is trained costs: exact numbers."""
        return costs(self.build, self.maps(), CROP)

    def run(self, seed: int, place: Path | None = None) -> dict:
        """Trains and scores: mean IoU, and that beside the boundaries, on photographs that no training has seen."""
        recipe = replace(NETWORKS[STORED].recipe, steps=probe.at_most(STEPS, probe.STEPS), crop=CROP, scale=SCALE)
        plan = replace(NETWORKS[STORED], recipe=recipe)
        net = self.started(seed)
        history = fit(
            net, plan.training_data(folder()), steps=recipe.steps, batch_size=recipe.batch_size, seed=seed,
            optimizer=recipe.optimizer_for(net, pretrained=True), schedule=recipe.schedule, clip=recipe.clip,
            progress=not probe.active(), checkpoint=place and place / "checkpoint.pt", checkpoint_every=50,
            log=place and place / "log.csv",
        )  # fmt: skip
        if history.interrupted:
            raise SystemExit(f"stopped after {history.steps} of {recipe.steps} steps; the same command goes on")
        probe.note(str((self.name, self.maps(), STEPS, EVERY, CROP, SCALE, WORKING, seed)), *history.losses)
        return {"seconds": round(history.seconds), **scored(net)}


@torch.no_grad()
def scored(net: nn.Module) -> dict[str, float]:
    """Mean IoU of a part of the test list at the photographs' own size, and within three pixels of a boundary."""
    asked, found = AtWorkingSize(net.eval(), WORKING), Scores(CLASSES)
    for image, label in photographs("test", slice(None, None, EVERY)):
        normal, label = NORMAL(image, label)
        found.add("", asked(normal[None]).argmax(1)[0], label)
    return {name.removesuffix(", "): value for name, value in found.values().items()}


@cache
def searched(family: Family) -> int:
    """One search for each family."""
    return maps_for(lambda maps: multiply_adds(family.build(maps).eval(), CROP), WORK)


def maps_for(counted: Callable[[int], float], wanted: float) -> int:
    """The width whose network comes nearest to the wanted count, which grows with the width."""
    with torch.device("meta"):
        counted = cache(counted)
        low, high = 8, 16
        while counted(high) < wanted:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if counted(middle) < wanted else (low, middle)
        return min((low, high), key=lambda maps: abs(counted(maps) - wanted))


def costs(build: Callable[[int], nn.Module], maps: int, side: int) -> dict[str, float]:
    """What a network of this width costs for one picture of side x side: exact numbers."""
    with torch.device("meta"):
        net = build(maps)
    return {
        "maps": maps,
        "parameters": parameters(net),
        "multiply-adds": multiply_adds(net.eval(), side),
        "bytes kept to learn": kept_to_learn(net.train(), side),
    }


FAMILIES = {
    one.name: one
    for one in (
        Family("FCN-8s", FCN8sDecoder),
        Family("U-Net", UNetDecoder, output_stride=32),
        Family("DeepLab v3", V3Decoder),
        Family("DeepLab v3+", V3PlusDecoder),
    )
}

NO_SKIPS = "FCN without skips"
CONTROLS = {NO_SKIPS: Family(NO_SKIPS, partial(FCN8sDecoder, skips=False))}


def kept(name: str, seed: int) -> dict:
    """The scores of one run, from the disk if it was made before."""
    return photograph_training.kept((FAMILIES | CONTROLS)[name], seed)


@torch.no_grad()
def forward_times(nets: dict[str, nn.Module], side: int, beside: str, rounds: int = 3) -> dict[str, float]:
    """CPU time of one forward pass as a multiple of `beside`'s: the best of some rounds, all in turn, one uncounted."""
    if probe.active():
        return dict.fromkeys(nets, math.nan)
    image = torch.rand(1, 3, side, side).to(memory_format=torch.channels_last)
    nets = {name: net.eval().to(memory_format=torch.channels_last) for name, net in nets.items()}
    best = dict.fromkeys(nets, math.inf)
    for counts in [False] + [True] * rounds:
        for name, net in nets.items():
            began = time.process_time()
            net(image)
            best[name] = min(best[name], time.process_time() - began) if counts else best[name]
    return {name: took / best[beside] for name, took in best.items()}
