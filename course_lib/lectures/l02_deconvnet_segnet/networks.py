"""The small networks of lecture 02: what it shows, trains and measures."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import models
from course_lib.evidence.small_training import layer

KINDS = ("kernel 3", "kernel 4", "kernel 2", "bilinear, kernel 4", "resize-convolution")


def three_steps(kind: str) -> nn.Module:
    """Three upsampling steps of one kind, which enlarge by 8."""
    return nn.Sequential(*[step(kind) for _ in range(3)])


def step(kind: str, maps: int = 8) -> nn.Module:
    """One upsampling step by 2: a transposed convolution, or a resize and a convolution."""
    if kind == "resize-convolution":
        return nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(maps, maps, 3, padding=1), nn.ReLU()
        )
    kernel = int(kind[-1])
    up = nn.ConvTranspose2d(maps, maps, kernel, 2, padding=(kernel - 1) // 2, output_padding=kernel % 2)
    if kind.startswith("bilinear"):
        line = torch.tensor([0.25, 0.75, 0.75, 0.25])
        with torch.no_grad():
            up.weight.copy_(torch.eye(maps)[:, :, None, None] * line[:, None] * line)
    return nn.Sequential(up, nn.ReLU())


CLASSES = 6


class MirroredStages(nn.Module):
    """Three pools down; three times up by switches or bilinearly, each followed by two transposed convolutions."""

    def __init__(self, way: str, widths: tuple[int, ...] = (16, 24, 32)):
        super().__init__()
        self.way = way
        pairs = list(zip((3, *widths), widths))
        self.down = nn.ModuleList(nn.Sequential(layer(a, b), layer(b, b)) for a, b in pairs)
        self.up = nn.ModuleList(nn.Sequential(deconv(b, b), deconv(b, max(a, 16))) for a, b in reversed(pairs))
        self.score = nn.Conv2d(16, CLASSES, 1)

    def forward(self, image: Tensor) -> Tensor:
        return self.score(self.stages(image)[-1]["deconvolved"])

    def stages(self, image: Tensor) -> list[dict[str, Tensor]]:
        """For each stage of the decoder its map when it is enlarged and when it has been deconvolved, and the cells
        of the enlarged map that hold something."""
        x, switches, found = image, [], []
        for stage in self.down:
            x, places = F.max_pool2d(stage(x), 2, return_indices=True)
            switches.append(places)
        for stage in self.up:
            places = switches.pop()
            filled = F.max_unpool2d(torch.ones_like(x), places, 2) > 0
            if self.way == "switches":
                enlarged = F.max_unpool2d(x, places, 2)
            else:
                enlarged = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = stage(enlarged)
            found.append({"enlarged": enlarged, "filled": filled, "deconvolved": x})
        return found


def deconv(before: int, after: int) -> nn.Sequential:
    """Transposed convolution, batch normalisation, ReLU."""
    return nn.Sequential(nn.ConvTranspose2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


WIDTH = 1 / 16


SMALL = {"segnet": {}, "deconvnet": {"fc6_kernel": 2}}


def without_fully_connected(net: nn.Module) -> nn.Module:
    """The same DeconvNet, whose decoder begins at once where the encoder ends."""
    net.fc6 = net.fc7 = net.fc6_deconv = nn.Identity()
    return net


def small(name: str) -> nn.Module:
    """A network of the lecture, narrow enough to train on a CPU."""
    return models.build(name, 6, width=WIDTH, **SMALL[name])
