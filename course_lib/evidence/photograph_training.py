"""Trainings of the ledger's rows on photographs: DeepLab v3+ on EfficientNet-Lite0, on small pictures, for few steps.

In come what is varied and a seed, out come the scores of one run. All else is the recipe of the stored network, with a
third of its steps and pictures of two thirds of its length. A run writes its log, goes on where it was stopped, and is
kept once it is scored, as long as a probe of it gives the same numbers.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset, Subset

from course_lib import paths
from course_lib.datasets import Listed, Normalise
from course_lib.datasets.pairs import Transform
from course_lib.evidence import probe
from course_lib.evidence.real_photographs import PROBED, folder
from course_lib.files import whole
from course_lib.models.working_size import AtWorkingSize, in_proportion
from course_lib.training.evaluation import evaluate
from course_lib.training.loop import fit
from course_lib.training.photographs import IMAGENET, MEAN, NETWORKS, STD

STORED = "deeplab_v3plus_pets"
STEPS, EVERY = 200, 10  # val is scored after each EVERY steps
CROP, SCALE, WORKING = 129, (0.4, 0.75), 145  # of the stored network: 193, (0.6, 1.1), 209
NORMAL = Normalise(mean=MEAN, std=STD)
SETTINGS = {
    "photographs": "pets: 249 to learn from, val on the way, test once at the end",
    "network": "deeplab_v3plus on efficientnet_lite0",
    "steps": STEPS,
    "crop": CROP,
    "asked at": WORKING,
}


class Training(Protocol):
    """What can be kept: it has a name, and a run for each seed."""

    @property
    def name(self) -> str:
        """What it is called among the kept ones."""

    def run(self, seed: int, place: Path | None = None) -> dict:
        """Its scores with this seed, resumable where there is a place."""


@dataclass(frozen=True)
class Variant:
    """What may differ from the stored network: its start, the rates of body and head, a part that is exchanged."""

    name: str
    start: str | None = IMAGENET
    learning_rate: float = 4e-4
    head_factor: float = 5
    change: Callable[[nn.Module], None] | None = None

    def run(self, seed: int, place: Path | None = None) -> dict:
        """Trains and scores: the mean IoU on val on the way, by step, and on val and test at the end."""
        usual, root, steps = NETWORKS[STORED], folder(), probe.at_most(STEPS, probe.STEPS)
        recipe = replace(
            usual.recipe, steps=steps, crop=CROP, scale=SCALE,
            learning_rate=self.learning_rate, head_factor=self.head_factor,
        )  # fmt: skip
        plan = replace(usual, recipe=recipe, start=self.start, seed=seed)
        net = plan.build(len(Listed(root, "train").classes))
        if self.change:
            self.change(net)
        history = fit(
            net, plan.training_data(root), steps=steps, batch_size=recipe.batch_size, seed=seed,
            optimizer=recipe.optimizer_for(net, pretrained=True), schedule=recipe.schedule, clip=recipe.clip,
            validation=some("val", small), validate_every=min(EVERY, steps), progress=not probe.active(),
            checkpoint=place and place / "checkpoint.pt", checkpoint_every=50, log=place and place / "log.csv",
        )  # fmt: skip
        if history.interrupted:
            raise SystemExit(f"stopped after {history.steps} of {steps} steps; the same command goes on")
        what = (self.start, self.learning_rate, self.head_factor, STEPS, EVERY, CROP, SCALE, WORKING, seed)
        probe.note(str(what), *history.losses)
        scores = {split: score(net, split) for split in ("val", "test")}
        return {"on the way": history.validations, "seconds": round(history.seconds), **scores}


def some(split: str, look: Transform) -> Dataset:
    """A list, of which a probe takes the first eight."""
    data = Listed(folder(), split, look)
    return Subset(data, range(probe.at_most(len(data), PROBED)))


def small(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """A photograph and its mask at the working size, for the looks on the way."""
    image, mask = NORMAL(image, mask)
    size = in_proportion(*image.shape[-2:], WORKING)
    image = F.interpolate(image[None], size=size, mode="bilinear", align_corners=False, antialias=True)[0]
    return image, F.interpolate(mask[None, None].float(), size=size, mode="nearest-exact")[0, 0].to(mask.dtype)


def score(net: nn.Module, split: str) -> float:
    """Mean IoU over a list at the photographs' own size, as the stored networks are scored."""
    return evaluate(AtWorkingSize(net, WORKING), some(split, NORMAL), batch_size=8, progress=False).mean_iou


def kept(variant: Training, seed: int) -> dict:
    """The scores of a run, from the disk if it was made before, and under a probe those of its beginning."""
    if probe.active():
        return variant.run(seed)
    place = paths.cache() / "photographs" / f"{variant.name.replace(' ', '_')}_{seed}_{beginning(variant, seed)}"
    file = place / "scores.json"
    if not file.exists():
        whole.write(file, json.dumps(variant.run(seed, place)))
    return json.loads(file.read_text("utf-8"))


@cache
def beginning(variant: Training, seed: int) -> str:
    """One word for what the run asks for and the first numbers that it gives."""
    with probe.probing() as seen:
        variant.run(seed)
    told = json.dumps([seen.asked, [probe.short(number) for number in seen.numbers]])
    return hashlib.sha256(told.encode()).hexdigest()[:12]
