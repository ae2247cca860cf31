"""The small networks of the lessons: trained once on painted scenes, kept in data/checkpoints, loaded by name.

    from course_lib.training import checkpoints
    net = checkpoints.load("segnet_street")

`make checkpoints` (python -m course_lib.training.checkpoints [NAME ...]) trains them again. Beside each lies a JSON
with the command, the seed, the score and the file's SHA-256, which `load` compares. Filters are stored as float16, all
else as float32; the score is that of the stored numbers, not of those before rounding. Beside them lie those of
`photographs`, which `load` loads too.
"""

import json
import platform
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import checks, models
from course_lib.datasets.pairs import check_name
from course_lib.files import tensors, whole
from course_lib.files.download import digest_of
from course_lib.metrics import Confusion
from course_lib.models import shipped
from course_lib.scenes import Scenes
from course_lib.training.evaluation import evaluate
from course_lib.training.loop import fit
from course_lib.training.stacks import FAR, NEAR, Stack

TEST_SEED, TEST_COUNT = 1_000_003, 256


@dataclass(frozen=True)
class Lesson:
    """One network and how it is trained."""

    model: str
    family: str
    width: float
    steps: int
    options: dict = field(default_factory=dict)
    learning_rate: float = 4e-3
    batch_size: int = 16
    size: int = 64
    count: int = 4096
    seed: int = 0
    knobs: dict = field(default_factory=dict)  # of the scenes
    he: bool = False  # He's initialisation, where the authors start from ImageNet's weights and have no batch norm

    def scenes(self) -> Scenes:
        """The scenes to train on."""
        return Scenes(self.family, size=self.size, count=self.count, seed=self.seed, **self.knobs)

    def unseen(self) -> Scenes:
        """The scenes to be scored on, which no training sees."""
        return Scenes(self.family, size=self.size, count=TEST_COUNT, seed=TEST_SEED, **self.knobs)

    def build(self) -> nn.Module:
        """The network before its first step."""
        torch.manual_seed(self.seed)
        net = network(self.model, self.scenes().num_classes, self.width, self.options)
        for layer in net.modules() if self.he else ():
            if type(layer) is nn.Conv2d and layer.weight.any():  # score layers that start at zero stay there
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        return net


def network(model: str, classes: int, width: float, options: dict) -> nn.Module:
    """A network of the course, or a stack of layers."""
    return Stack(classes, **options) if model == "stack" else models.build(model, classes, width, **options)


# Networks without batch norm (FCN) want a smaller rate.
LESSONS: dict[str, Lesson] = {
    "fcn32s_street": Lesson("fcn32s", "street", 0.035, 2000, learning_rate=1e-3, batch_size=8, he=True),
    "fcn8s_street": Lesson("fcn8s", "street", 0.035, 2000, learning_rate=1e-3, batch_size=8, he=True),
    "deconvnet_street": Lesson("deconvnet", "street", 0.06, 3000, {"fc6_kernel": 2}, 2e-3, 8),
    "segnet_street": Lesson("segnet", "street", 0.1, 3000, learning_rate=2e-3, batch_size=8),
    "unet_street": Lesson("unet", "street", 0.1, 1000, learning_rate=2e-3, batch_size=8),
    "pspnet50_harbour": Lesson("pspnet50", "harbour", 0.0625, 300),
    "deeplab_v3plus_street": Lesson("deeplab_v3plus", "street", 0.055, 3000, learning_rate=2e-3, batch_size=8),
    # Twins but for their rates: what one of them cannot see, it must guess.
    "near_vehicles": Lesson("stack", "long_vehicle", 1.0, 400, {"rates": list(NEAR)}, 1e-2, knobs={"cab_width": 6}),
    "far_vehicles": Lesson("stack", "long_vehicle", 1.0, 400, {"rates": list(FAR)}, 1e-2, knobs={"cab_width": 6}),
    "near_harbour": Lesson("stack", "harbour", 1.0, 300, {"rates": list(NEAR)}, 1e-2, knobs={"gap": 0}),
    "far_harbour": Lesson("stack", "harbour", 1.0, 500, {"rates": list(FAR)}, 1e-2, knobs={"gap": 0}),
}


def folder() -> Path:
    """Where the checkpoints lie."""
    return shipped.folder()


def names() -> list[str]:
    """The checkpoints that are there."""
    return shipped.names()


def describe(name: str) -> dict:
    """What the JSON beside a checkpoint says: model, scenes, command, seed, score."""
    check_name(name, names(), "checkpoint")
    return shipped.card(name)


def load(name: str, device: str | torch.device = "cpu") -> nn.Module:
    """The trained network, in evaluation mode."""
    told = describe(name)
    model = network(told["model"], len(told["classes"]), told["width"], told["options"])
    shipped.fill(model, name)
    model.trained = True  # what measures a network says so
    return model.eval().to(checks.device(device))


def unseen(name: str) -> Scenes:
    """The scenes on which the checkpoint's score was taken."""
    told = describe(name)
    if told["family"] == "photographs":
        raise ValueError(
            f"{name} was trained on photographs, not on scenes; "
            f"python -m course_lib.training.photographs {name} --root PETS --test scores it"
        )
    return Scenes(told["family"], size=told["size"], count=TEST_COUNT, seed=TEST_SEED, **told.get("knobs", {}))


def score(name: str) -> Confusion:
    """The score of the stored network, taken again."""
    return evaluate(load(name), unseen(name))


def make(name: str) -> dict:
    """Train one and write it; answers what its JSON says."""
    lesson, begun = LESSONS[name], time.process_time()
    model = lesson.build()
    fit(model, lesson.scenes(), steps=lesson.steps, batch_size=lesson.batch_size, learning_rate=lesson.learning_rate,
        seed=lesson.seed)  # fmt: skip
    tensors.save(folder() / f"{name}.pt", {key: rounded(value) for key, value in model.state_dict().items()})
    told = {
        **asdict(lesson),
        "classes": list(lesson.scenes().classes),
        "command": f"python -m course_lib.training.checkpoints {name}",
        "parameters": sum(p.numel() for p in model.parameters()),
        "bytes": (folder() / f"{name}.pt").stat().st_size,
        "stored": "filters float16, all else float32; the score is that of the stored numbers",
        "scored_on": f"{TEST_COUNT} scenes of seed {TEST_SEED}",
        "made_with": f"torch {torch.__version__}, {platform.machine()}",
        "processor_seconds": round(time.process_time() - begun),
        "first_scene": signature(lesson),
    }
    write(name, told)
    found = score(name)
    return write(name, {**told, "mean_iou": round(found.mean_iou, 6), "pixel_accuracy": round(found.pixel_accuracy, 6),
                        "iou": [round(value, 6) for value in found.iou.tolist()]})  # fmt: skip


def rounded(value: Tensor) -> Tensor:
    """A filter in float16; short vectors (biases, batch norm) stay exact."""
    return value.half() if value.is_floating_point() and value.dim() > 1 else value.contiguous()


def signature(lesson: Lesson) -> int:
    """A number that changes when the scenes do: then the checkpoint has to be made again."""
    image, label, _ = lesson.unseen()[0]
    return int((image * 255).round().long().sum() + label.sum())


def write(name: str, told: dict) -> dict:
    """The card beside the weights, with their checksum."""
    told = {**told, "sha256": digest_of(folder() / f"{name}.pt", progress=False)}
    whole.write(folder() / f"{name}.json", json.dumps(told, indent=2) + "\n")
    return told


def main(chosen: list[str]) -> None:
    """Train the named checkpoints, or all, and print their scores."""
    try:
        for name in chosen:
            check_name(name, list(LESSONS), "checkpoint")
    except ValueError as error:
        raise SystemExit(f"python -m course_lib.training.checkpoints: {error}") from error
    for name in chosen or LESSONS:
        told = make(name)
        print(
            f"{name:<26} {told['parameters']:>8,} parameters {told['bytes'] / 1e6:5.2f} MB  "
            f"mIoU {told['mean_iou']:.4f}  {told['processor_seconds']:4d} s",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
