"""Real networks on real photographs: trained once on pets, kept in data/checkpoints, loaded by name.

    python -m course_lib.training.photographs deeplab_v3plus_pets --root PETS          trains, writes, scores on val
    python -m course_lib.training.photographs deeplab_v3plus_pets --root PETS --test   scores the stored network on test

PETS is a folder as `datasets.Listed` reads it. Training goes on where it was stopped. Everything was chosen on val; the
test photographs are scored once, by the second command, and its numbers are those of the card. A card is the JSON
beside the weights. Filters are stored as float16, all else as float32.
"""

import argparse
import datetime
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import nn

from course_lib import models
from course_lib.datasets import Listed, Normalise, augment
from course_lib.datasets.pairs import check_name
from course_lib.files import tensors
from course_lib.models.working_size import AtWorkingSize
from course_lib.training import checkpoints
from course_lib.training.evaluation import evaluate
from course_lib.training.history import History
from course_lib.training.loop import fit
from course_lib.training.optimisers import one_cycle
from course_lib.training.recipes import Recipe

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3  # EfficientNet-Lite reads (value - 127) / 128
IMAGENET = "efficientnet_lite0_imagenet"
LITE = {"backbone": "efficientnet_lite0"}


@dataclass(frozen=True)
class Photographed:
    """One network and how it is trained on photographs."""

    model: str
    recipe: Recipe
    options: dict = field(default_factory=dict)
    width: float = 1.0
    start: str | None = None  # the checkpoint that the backbone starts from; None: random weights
    colour: float = 0.3  # how far brightness, contrast and saturation may move
    working_size: int = 209  # longer side of the pictures it is asked about; chosen on val among 193 to 289
    beside: str | None = None  # a control: its scores are noted in this network's card, its weights are not kept
    seed: int = 0

    def build(self, num_classes: int) -> nn.Module:
        """The network before its first step, with the weights that the training starts from."""
        torch.manual_seed(self.seed)
        return models.build(self.model, num_classes, self.width, backbone_weights=self.start, **self.options)

    def training_data(self, root: Path) -> Listed:
        """The photographs to train on, cropped, scaled and coloured at random."""
        recipe = self.recipe
        look = augment(crop=recipe.crop, scale=recipe.scale, colour=self.colour, mean=MEAN, std=STD)
        return Listed(root, "train", look)


FINE_TUNING = Recipe(
    "ours: the body at a fifth of the rate of what stands on it, AdamW and one cycle",
    learning_rate=4e-4, batch_size=8, steps=600, schedule=one_cycle, optimizer="adamw", weight_decay=1e-2, crop=193,
    scale=(0.6, 1.1), head_factor=5, clip=5.0,
)  # fmt: skip

NETWORKS: dict[str, Photographed] = {
    "deeplab_v3plus_pets": Photographed("deeplab_v3plus", FINE_TUNING, LITE, start=IMAGENET),
    "deeplab_v3plus_pets_random": Photographed("deeplab_v3plus", FINE_TUNING, LITE, beside="deeplab_v3plus_pets"),
    "unet_pets": Photographed("unet", FINE_TUNING, LITE, start=IMAGENET),
    "fcn8s_pets": Photographed("fcn8s", replace(FINE_TUNING, steps=300), LITE, start=IMAGENET),
}


def learned(name: str, root: Path, output: Path) -> tuple[nn.Module, History]:
    """The network after its training, which goes on from where it was stopped and is done at once if it was ended."""
    plan = NETWORKS[name]
    net = plan.build(len(Listed(root, "train").classes))
    history = fit(
        net, plan.training_data(root), steps=plan.recipe.steps, batch_size=plan.recipe.batch_size, seed=plan.seed,
        optimizer=plan.recipe.optimizer_for(net, pretrained=True), schedule=plan.recipe.schedule, clip=plan.recipe.clip,
        validation=Listed(root, "val", Normalise(mean=MEAN, std=STD)), validate_every=100,
        checkpoint=output / name / "checkpoint.pt", checkpoint_every=50, log=output / name / "log.csv",
    )  # fmt: skip
    if history.interrupted:
        raise SystemExit(f"stopped after {history.steps} of {plan.recipe.steps} steps; the same command goes on")
    return net, history


def make(name: str, root: Path, output: Path) -> dict:
    """Train one; write its weights and its card, with the score on val. A control writes into another's card."""
    plan = NETWORKS[name]
    net, history = learned(name, root, output)
    exact = {"val": score(net, plan, root, "val"), "log": log_of(history), "seconds": round(history.seconds)}
    if plan.beside:
        return noted(plan.beside, random_start=exact)
    file = checkpoints.folder() / f"{name}.pt"
    tensors.save(file, {key: checkpoints.rounded(value) for key, value in net.state_dict().items()})
    told = {
        **described(name, plan, root),
        "parameters": sum(p.numel() for p in net.parameters()),
        "bytes": file.stat().st_size,
        **exact,
    }
    checkpoints.write(name, told)
    rounded = checkpoints.load(name)
    share = changed(net, rounded, plan, root)
    return noted(
        name,
        val=score(rounded, plan, root, "val"),
        rounding={"val_before": exact["val"], "labels_changed_on_val": share},
    )


def test(name: str, root: Path, output: Path) -> dict:
    """The score on the test photographs, written into the card."""
    plan = NETWORKS[name]
    if plan.beside:
        found = score(learned(name, root, output)[0], plan, root, "test")
        return noted(plan.beside, random_start={**checkpoints.describe(plan.beside)["random_start"], "test": found})
    return noted(name, test=score(checkpoints.load(name), plan, root, "test"))


def noted(name: str, **more) -> dict:
    """Add facts to the card of a stored network."""
    return checkpoints.write(name, {**checkpoints.describe(name), **more})


def described(name: str, plan: Photographed, root: Path) -> dict:
    """What is known of a network before it is trained."""
    recipe, data = plan.recipe, Listed(root, "train")
    return {
        "model": plan.model, "family": "photographs", "width": plan.width, "options": plan.options,
        "classes": list(data.classes),
        "start": plan.start or "random", "seed": plan.seed, "steps": recipe.steps, "batch_size": recipe.batch_size,
        "learning_rate": recipe.learning_rate, "head_factor": recipe.head_factor, "weight_decay": recipe.weight_decay,
        "optimizer": recipe.optimizer, "schedule": recipe.schedule.__name__, "clip": recipe.clip,
        "crop": recipe.crop, "scale": list(recipe.scale), "colour": plan.colour,
        "mean": MEAN[0], "std": STD[0], "working_size": plan.working_size,
        "data": f"{len(data)} photographs of the Oxford-IIIT Pet Dataset (Abyssinian, Bengal, American Bulldog), "
        "longer side 256",
        "credit": "Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs, CVPR 2012",
        "licence": "CC BY-SA 4.0",
        "command": f"python -m course_lib.training.photographs {name} --root PETS",
        "stored": "filters float16, all else float32; val and test are scores of the stored numbers",
        "date": datetime.date.today().isoformat(),
        "made_with": f"torch {torch.__version__}, {platform.machine()}",
    }  # fmt: skip


def score(net: nn.Module, plan: Photographed, root: Path, split: str) -> dict:
    """From one matrix over all photographs of a list, void left out, each asked at the working size."""
    data = Listed(root, split, Normalise(mean=MEAN, std=STD))
    found = evaluate(AtWorkingSize(net, plan.working_size), data, batch_size=8)
    return {
        "photographs": len(data), "mean_iou": round(found.mean_iou, 6),
        "pixel_accuracy": round(found.pixel_accuracy, 6), "iou": [round(value, 6) for value in found.iou.tolist()],
    }  # fmt: skip


@torch.no_grad()
def changed(one: nn.Module, other: nn.Module, plan: Photographed, root: Path) -> float:
    """Which share of val's pixels gets another label from the second network."""
    data = Listed(root, "val", Normalise(mean=MEAN, std=STD))
    differing = pixels = 0
    for image, _ in (data[index] for index in range(len(data))):
        first, second = (AtWorkingSize(net.eval(), plan.working_size)(image[None]).argmax(1) for net in (one, other))
        differing, pixels = differing + int((first != second).sum()), pixels + first.numel()
    return round(differing / pixels, 6)


def log_of(history: History, every: int = 50) -> list[dict]:
    """The mean loss of each fifty steps, and the score on val where it was taken."""
    scores = {int(step): round(value, 4) for step, value in history.validations}
    ends = range(every, history.steps + 1, every)
    return [
        {"step": end, "loss": round(sum(history.losses[end - every : end]) / every, 4), "val": scores.get(end)}
        for end in ends
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, and train or score the named networks."""
    say = argparse.ArgumentParser(prog="python -m course_lib.training.photographs", description=__doc__.split("\n")[0])
    say.add_argument("names", nargs="+", help=" ".join(NETWORKS))
    say.add_argument("--root", type=Path, required=True, help="the folder with images, masks and lists")
    say.add_argument("--output", type=Path, default=Path("artefacts/training"), help="where an unfinished training is")
    say.add_argument("--test", action="store_true", help="score the stored network on the test list")
    asked = say.parse_args(arguments)
    for name in asked.names:
        check_name(name, list(NETWORKS), "network")
        split = "test" if asked.test else "val"
        told = (test if asked.test else make)(name, asked.root, asked.output)
        told = told["random_start"] | {"classes": told["classes"]} if NETWORKS[name].beside else told
        ious = "  ".join(f"{what} {iou:.3f}" for what, iou in zip(told["classes"], told[split]["iou"]))
        print(f"{name} on {split}: mIoU {told[split]['mean_iou']:.4f}  {ious}", flush=True)


if __name__ == "__main__":
    main()
