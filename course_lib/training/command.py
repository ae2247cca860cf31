"""The command line: python -m course_lib.training --model segnet --data camvid --root PATH

In come names and numbers; out goes a folder with the checkpoint, the log (CSV), a plot and the scores. Start the same
command again after an interruption and it goes on. Several GPUs: torchrun --nproc-per-node 4 -m course_lib.training ...
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from course_lib import __version__, models
from course_lib.datasets.pairs import check_name
from course_lib.files import whole
from course_lib.metrics import Confusion
from course_lib.models.working_size import AtWorkingSize
from course_lib.training import checkpoint, dice, distributed, laptop, sources
from course_lib.training.balance import median_frequency
from course_lib.training.estimate import Estimate, free_disk, free_memory, gigabytes, seconds_of_step, spell
from course_lib.training.evaluation import evaluate
from course_lib.training.history import History
from course_lib.training.loop import fit, length
from course_lib.training.naming import named
from course_lib.training.objective import check_smallest
from course_lib.training.optimisers import SCHEDULES
from course_lib.training.recipes import Recipe, recipe_for


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    say = argparse.ArgumentParser(prog="python -m course_lib.training", description=__doc__.split("\n")[0])
    say.add_argument("--model", help="a name of course_lib.models.names()")
    say.add_argument(
        "--preset", choices=["laptop"], help=f"fine-tune a shipped network on a processor: {' '.join(laptop.NETWORKS)}"
    )
    say.add_argument("--data", required=True, help=" ".join(sources.NAMES))
    say.add_argument("--root", type=Path, help="where the data lie, or shall be downloaded to")
    say.add_argument("--classes", nargs="+", default=(), help="names of the classes of --data folder")
    say.add_argument("--colours", nargs="+", default=(), metavar="R,G,B=LABEL", help="of painted masks; 255 is void")
    say.add_argument("--sbd", action="store_true", help="VOC with SBD's train_noval")
    say.add_argument("--size", type=int, default=64, help="pixels of a scene's side")
    say.add_argument("--count", type=int, default=1024, help="how many scenes to train on")
    say.add_argument("--width", type=float, default=1.0, help="scales every channel count")
    say.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the network")
    say.add_argument("--backbone-weights", help="ImageNet weights of torchvision, such as IMAGENET1K_V1")
    length = say.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int)
    length.add_argument("--epochs", type=float)
    for name, kind in (("batch-size", int), ("learning-rate", float), ("weight-decay", float), ("crop", int)):
        say.add_argument(f"--{name}", type=kind, help="default: the paper's recipe")
    say.add_argument("--schedule", choices=sorted(SCHEDULES))
    say.add_argument("--clip", type=float, help="largest norm of the gradient")
    say.add_argument("--balanced", action=argparse.BooleanOptionalAction, help="median frequency balancing")
    say.add_argument("--amp", action=argparse.BooleanOptionalAction, help="mixed precision; default: on CUDA")
    say.add_argument("--workers", type=int, default=2)
    say.add_argument("--seed", type=int, default=0)
    say.add_argument("--checkpoint-every", type=int, default=500, metavar="STEPS")
    say.add_argument("--output", type=Path, help="default: artefacts/training/MODEL_DATA, for folder MODEL_folder_ROOT")
    say.add_argument("--yes", action="store_true", help="go on although the machine has too little memory or disk")
    return say


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train; an error is one line and exit status 1."""
    asked = parser().parse_args(arguments)
    if asked.preset:
        asked.model = asked.model or laptop.USUAL
    elif asked.model is None:
        parser().error("the following arguments are required: --model")
    with distributed.started():
        try:
            train(asked)
        except (ValueError, OSError, FloatingPointError) as error:
            raise SystemExit(f"{parser().prog}: {error}") from error
        except KeyboardInterrupt:
            raise SystemExit(f"{parser().prog}: stopped before the first step or while scoring") from None


def train(asked: argparse.Namespace) -> None:
    """Train and score as the options say."""
    if asked.preset:
        check_name(asked.model, list(laptop.NETWORKS), "model for --preset laptop")
    usual = laptop.RECIPE if asked.preset else recipe_for(asked.model, asked.data)
    device, recipe = distributed.device(), adapted(usual, asked)
    source = sources.load(
        asked.data, recipe, root=asked.root, classes=tuple(asked.classes), colours=asked.colours, size=asked.size,
        count=asked.count, seed=asked.seed, sbd=asked.sbd, preset=asked.preset,
    )  # fmt: skip
    torch.manual_seed(asked.seed)  # the first weights depend on the seed too
    chosen = (laptop.OPTIONS if asked.preset else {}) | options(asked.option)
    model = models.build(
        asked.model, source.num_classes, asked.width, backbone_weights=asked.backbone_weights, device=device, **chosen
    )
    if asked.preset:
        anew = laptop.begin(model, asked.model)
        say(f"starts from {laptop.NETWORKS[asked.model]}; new: {', '.join(anew) or 'nothing'}")
    check_smallest(model, source.test)
    output = output_of(asked)
    steps = length(
        None if asked.epochs else asked.steps or recipe.steps, asked.epochs, len(source.train), recipe.batch_size
    )
    say(f"{asked.model} on {asked.data}: {len(source.train)} images, {device}, {distributed.world()} process(es)")
    say(f"recipe: {recipe.source}")
    forecast(model, source, recipe, asked, steps=steps, device=device, output=output)
    facts = {
        "model": asked.model, "width": asked.width, "option": sorted(asked.option), "crop": recipe.crop,
        "scale": list(recipe.scale), "backbone_weights": asked.backbone_weights,
    }  # fmt: skip
    if asked.preset:
        facts["preset"] = asked.preset
    history = fit(
        model, source.train, steps=steps, facts=facts, batch_size=recipe.batch_size,
        optimizer=recipe.optimizer_for(model, pretrained=bool(asked.backbone_weights or asked.preset)),
        schedule=recipe.schedule,
        class_weights=median_frequency(source.train) if recipe.balanced else None, clip=recipe.clip, amp=asked.amp,
        checkpoint=output / "checkpoint.pt", checkpoint_every=asked.checkpoint_every, log=output / "log.csv",
        seed=asked.seed, workers=0 if asked.data.startswith("scenes") else asked.workers,
    )  # fmt: skip
    told = conditions(model, source, recipe, asked, steps=steps, options=chosen, device=device)
    finish(model, source, history, asked, output, told)


def forecast(model: nn.Module, source: sources.Source, recipe: Recipe, asked, *, steps: int, device, output: Path):
    """Say what the training will take, before its first step; where the machine has less, ask first."""
    with dice.kept():
        image, label = source.train[0][:2]
    batch = max(1, recipe.batch_size // distributed.world())
    with named(source.train, 0):
        needed = Estimate.of(model, image, label, batch_size=batch, optimizer=recipe.optimizer)
    memory, disk = free_memory(device), free_disk(output)
    say(f"needs about {gigabytes(needed.memory)} of memory" + (f" ({gigabytes(memory)} are free)" if memory else ""))
    short = [
        f"about {gigabytes(size)} of {what}, and {gigabytes(free)} are free"
        for what, size, free in (("memory", needed.memory, memory), ("disk", 2 * needed.stored, disk))
        if free is not None and size > free and not asked.yes
    ]
    if short:
        ask(f"the training needs {' and '.join(short)}")
    seconds = seconds_of_step(model, image, label, batch_size=batch, device=device)
    say(f"takes about {spell(steps * seconds)} ({steps} steps of {seconds:.2g} s), less what a checkpoint has done")


def ask(trouble: str) -> None:
    """Go on all the same? Where nobody can answer, no."""
    if distributed.running() or sys.stdin is None or not sys.stdin.isatty():
        raise ValueError(f"{trouble}: choose a smaller --batch-size, --crop or --width, or --yes to go on all the same")
    if input(f"{trouble}. Go on all the same? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ValueError("not begun: a smaller --batch-size, --crop or --width needs less")


def output_of(asked: argparse.Namespace) -> Path:
    """Where everything goes: with --data folder each root has a place of its own."""
    name = f"{asked.model}_{asked.data.replace(':', '_')}"
    if asked.data == "folder":
        name += f"_{asked.root.resolve().name}"
    return asked.output or Path("artefacts") / "training" / name


def adapted(recipe: Recipe, asked: argparse.Namespace) -> Recipe:
    """The recipe with whatever was asked for explicitly."""
    wishes = {name: getattr(asked, name) for name in (
        "batch_size", "learning_rate", "weight_decay", "crop", "clip", "balanced")}  # fmt: skip
    wishes["schedule"] = SCHEDULES.get(asked.schedule)
    return replace(recipe, **{name: value for name, value in wishes.items() if value is not None})


def options(pairs: Sequence[str]) -> dict:
    """NAME=VALUE, the value as JSON where it is JSON and as text otherwise."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--option expects NAME=VALUE, got {pair!r}")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found


def conditions(model: nn.Module, source: sources.Source, recipe: Recipe, asked, *, steps, options, device) -> dict:
    """All that a score depends on: network, start, pictures, recipe, seed and machine."""
    return {
        "model": asked.model, "width": asked.width, "options": options, "classes": list(source.classes),
        "parameters": sum(p.numel() for p in model.parameters()),
        "start": laptop.NETWORKS[asked.model] if asked.preset else asked.backbone_weights or "random",
        "data": asked.data, "root": asked.root.resolve().name if asked.root else None,
        "pictures": {"train": len(source.train), "scored": len(source.test)},
        "mean": list(source.mean), "std": list(source.std),
        "longer_side": laptop.LONGER_SIDE if asked.preset else None,
        "working_size": laptop.WORKING_SIZE if asked.preset else None,
        "recipe": recipe.source, "steps": steps, "batch_size": recipe.batch_size,
        "learning_rate": recipe.learning_rate, "head_factor": recipe.head_factor, "optimizer": recipe.optimizer,
        "schedule": getattr(recipe.schedule, "__name__", "stairs"), "weight_decay": recipe.weight_decay,
        "crop": recipe.crop, "scale": list(recipe.scale), "clip": recipe.clip, "balanced": recipe.balanced,
        "seed": asked.seed, "processes": distributed.world(), "device": str(device), "amp": asked.amp,
        "machine": platform.machine(), "torch": torch.__version__, "course": __version__,
    }  # fmt: skip


def finish(model: nn.Module, source: sources.Source, history: History, asked, output: Path, told: dict) -> None:
    """Score, log, plot; by the first process, though all help to score."""
    small = asked.data.startswith("scenes")
    scored = AtWorkingSize(model, told["working_size"]) if told["working_size"] else model
    score = evaluate(scored, source.test, batch_size=16 if small else 1, workers=0 if small else asked.workers)
    if distributed.rank() != 0:
        return
    checkpoint.save(output / "weights.pt", model.state_dict())
    history.write_csv(output / "log.csv")
    plot(history, output / "plot.png", f"{asked.model} on {asked.data}")
    whole.write(
        output / "scores.json", json.dumps(summary(score, source, history) | {"conditions": told}, indent=2) + "\n"
    )
    say(f"{source.scored_on}: mIoU {float(score.mean_iou):.4f}, pixel accuracy {float(score.pixel_accuracy):.4f}")
    for name, iou in zip(source.classes, score.iou.tolist()):
        say(f"  {name:<14} {iou:.4f}")
    say(f"everything is in {output}" + (" (stopped early; the same command goes on)" if history.interrupted else ""))


def summary(score: Confusion, source: sources.Source, history: History) -> dict:
    """The scores of a finished training, for its JSON file."""
    return {
        "scored_on": source.scored_on, "mean_iou": float(score.mean_iou),
        "pixel_accuracy": float(score.pixel_accuracy), "mean_accuracy": float(score.mean_accuracy),
        "iou": dict(zip(source.classes, score.iou.tolist())), "steps": history.steps,
        "seconds": round(history.seconds, 1),
    }  # fmt: skip


def plot(history: History, path: Path, title: str) -> None:
    """The loss of each step and its running mean, with the batches' mIoU beside it."""
    from matplotlib.figure import Figure

    from course_lib import palette

    blue, orange, light = (palette.hex_of(c) for c in (palette.BLUE, palette.VERMILION, palette.LIGHT))
    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.add_subplot()
    steps = range(1, history.steps + 1)
    window = max(1, history.steps // 50)
    means = [sum(part) / len(part) for part in (history.losses[max(0, i - window) : i] for i in steps)]
    left.plot(steps, history.losses, color=light, linewidth=0.8)
    left.plot(steps, means, color=blue)
    left.set(xlabel="step", ylim=(0, None), title=title)
    left.set_ylabel("loss", color=blue)
    right = left.twinx()
    right.plot(*zip(*history.scores), color=orange, linestyle="--")
    right.set_ylim(0, 1)
    right.set_ylabel("mIoU of a batch", color=orange)
    figure.savefig(path, dpi=120)


def say(line: str) -> None:
    """Print, in the first process alone."""
    if distributed.rank() == 0:
        print(line, flush=True)
