"""The bench of all families: the course's own networks at a width that gives each about 175,000 parameters.

The scores are taken on street scenes that no training has seen. Equal for all: pictures and their order, steps, one
loss, AdamW with one cycle to the same rate, the largest gradient. The networks start as their files say: He et al.
where ReLU follows, whether batch normalisation stands between or not. The rate was the better of 0.001 and 0.004 at
seed 100, which no claim uses, for SegNet, DeconvNet, PSPNet, U-Net, DeepLab v1 and FCN-8s alike.
"""

import json
import time
from dataclasses import dataclass, field
from functools import cache

from torch import nn
from tqdm import tqdm

from course_lib import models, paths
from course_lib.evidence import probe
from course_lib.evidence.small_training import answers, edge_iou, held_out, iou, mean_iou, started, train

CLASSES, POLE = 6, 5
STEPS, BATCH, RATE = 320, 8, 4e-3


@dataclass(frozen=True)
class Family:
    """How one family comes to the bench: width and options of `models.build`."""

    model: str
    width: float
    options: dict = field(default_factory=dict)

    def build(self, **where: object) -> nn.Module:
        """The network at the width of the bench."""
        return models.build(self.model, CLASSES, self.width, **self.options, **where)

    def parameters(self) -> int:
        """Those that learn: FCN's fixed upsampling does not."""
        return sum(one.numel() for one in self.build(device="meta").parameters() if one.requires_grad)


FAMILIES = {
    "fcn8s": Family("fcn8s", 0.036),
    "deconvnet": Family("deconvnet", 0.052, {"fc6_kernel": 2}),  # 64 pixels leave 2 cells for fc6
    "segnet": Family("segnet", 0.077),
    "unet": Family("unet", 0.075),
    "fc_densenet56": Family("fc_densenet56", 0.32),
    "deeplab_v1": Family("deeplab_v1", 0.092),
    "dilatednet_basic": Family("dilatednet_basic", 0.036),
    "deeplab_v2": Family("deeplab_v2", 0.057),
    "pspnet50": Family("pspnet50", 0.06, {"auxiliary": False}),  # one loss for all
    "deeplab_v3_resnet50": Family("deeplab_v3_resnet50", 0.066),
    "deeplab_v3plus": Family("deeplab_v3plus", 0.058),
}
WIDE, SAME_BACKBONE = "fcn8s as wide as segnet", "deeplab_v3plus on resnet50"
CONTROLS = {WIDE: Family("fcn8s", 0.077), SAME_BACKBONE: Family("deeplab_v3plus", 0.065, {"backbone": "resnet50"})}


def learn(family: Family, seed: int, steps: int = STEPS) -> nn.Module:
    """Every picture is new; the same ones in the same order for each family."""
    net = started(family.build, seed)
    return train(net, "street", steps=steps, seed=seed, learning_rate=RATE, batch=BATCH)


def score(family: Family, seed: int, steps: int = STEPS) -> dict[str, float]:
    """Mean IoU, that along the boundaries, that of the thin poles; and what the training took."""
    began = time.process_time()
    net = learn(family, seed, steps)
    taken = time.process_time() - began
    prediction, label, _ = answers(net, held_out("street"))
    return {
        "mIoU": mean_iou(prediction, label, CLASSES),
        "edge IoU": edge_iou(prediction, label, CLASSES),
        "pole IoU": iou(prediction, label, CLASSES, POLE),
        "CPU s": taken,
    }


def kept(name: str, seed: int) -> dict[str, float]:
    """The scores of one run. They are kept on disk while a probe of the run gives the same, so a kill costs one run."""
    family = (FAMILIES | CONTROLS)[name]
    if probe.active():
        return score(family, seed)
    file = paths.cache() / "bench" / f"{name.replace(' ', '_')}_{seed}.json"
    beginning = begun(name, seed)
    held = json.loads(file.read_text()) if file.exists() else {}
    if held.get("beginning") != beginning:
        held = {"beginning": beginning, "scores": score(family, seed)}
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_suffix(".new")
        whole.write_text(json.dumps(held))
        whole.replace(file)
    tqdm.write(f"seed {seed}, {name}: " + ", ".join(f"{what} {value:.3f}" for what, value in held["scores"].items()))
    return held["scores"]


@cache
def begun(name: str, seed: int) -> dict[str, list]:
    """What the run asks for, and the first numbers that it gives."""
    with probe.probing() as seen:
        score((FAMILIES | CONTROLS)[name], seed)
    return {"asked": seen.asked, "numbers": [probe.short(number) for number in seen.numbers]}
