"""The bench of all families: the course's own networks at a width that gives each about 175,000 parameters.

In come a family's name and a seed, out come its scores on street scenes that no training has seen. Equal for all:
pictures and their order, steps, one loss, AdamW with one cycle to the same rate, the largest gradient. The networks
start as their files say: He et al. where ReLU follows, whether batch normalisation stands between or not. The rate was
the better of 0.001 and 0.004 at seed 100, which no claim uses, for SegNet, DeconvNet, PSPNet, U-Net, DeepLab v1 and
FCN-8s alike.
"""

import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from course_lib import fingerprint, models
from course_lib.claims.experiment import answers, edge_iou, held_out, iou, mean_iou, started
from course_lib.scenes import Scenes

CLASSES, POLE = 6, 5
STEPS, BATCH, RATE = 320, 8, 4e-3


@dataclass(frozen=True)
class Family:
    """How one family comes to the bench: width and options of `models.build`."""

    model: str
    width: float
    options: dict = field(default_factory=dict)

    def build(self, **where: object) -> nn.Module:
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
    net = started(family.build, seed).train().to(memory_format=torch.channels_last)
    learning = [one for one in net.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(learning, RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    scenes = Scenes("street", count=steps * BATCH, seed=seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for dropout
        for image, label, _ in scenes.loader(BATCH, shuffle=False):
            loss = F.cross_entropy(net(image.to(memory_format=torch.channels_last)), label)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(learning, 5.0)
            optimiser.step()
            schedule.step()
    return net.eval()


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
    """The scores of one run, kept in the temporary folder until this code changes, so that a long claim survives."""
    folder = Path(tempfile.gettempdir()) / f"beyond_fcn_{fingerprint.of_modules(__name__)}"
    file = folder / f"{name.replace(' ', '_')}_{seed}.json"
    if not file.exists():
        found = score((FAMILIES | CONTROLS)[name], seed)
        folder.mkdir(exist_ok=True)
        file.write_text(json.dumps(found))
    found = json.loads(file.read_text())
    tqdm.write(f"seed {seed}, {name}: " + ", ".join(f"{what} {value:.3f}" for what, value in found.items()))
    return found
