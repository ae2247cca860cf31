"""02 DeconvNet and SegNet, measured: indices against fixed corners, and the checkerboard of transposed convolutions."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import (
    answers,
    edge_iou,
    held_out,
    iou,
    layer,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Comparison, Evidence

STEPS = 200


class Mirrored(nn.Module):
    """An encoder of three 2x2 pools, and one of three ways back: indices, fixed corners, bilinear enlargement."""

    def __init__(self, way: str, classes: int = 6, widths: tuple[int, ...] = (16, 24, 32)):
        super().__init__()
        self.way = way
        pairs = list(zip((3, *widths), widths))
        self.down = nn.ModuleList(nn.Sequential(layer(a, b), layer(b, b)) for a, b in pairs)
        self.up = nn.ModuleList()
        if way != "bilinear":
            self.up.extend(nn.Sequential(layer(b, b), layer(b, max(a, 16))) for a, b in reversed(pairs))
        self.score = nn.Conv2d(widths[-1] if way == "bilinear" else 16, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        x, places = image, []
        for stage in self.down:
            x, found = F.max_pool2d(stage(x), 2, return_indices=True)
            places.append(found if self.way == "indices" else corners(found))
        for stage in self.up:
            x = stage(F.max_unpool2d(x, places.pop(), 2))
        return F.interpolate(self.score(x), image.shape[-2:], mode="bilinear", align_corners=False)


def corners(places: Tensor) -> Tensor:
    """The upper left cell of each window, whatever the pool has found."""
    height, width = places.shape[-2:]
    rows = torch.arange(height, device=places.device)[:, None] * 4 * width
    return (rows + 2 * torch.arange(width, device=places.device)).expand_as(places).contiguous()


@remembered
def on_street(way: str, seed: int) -> dict[str, float]:
    net = train(started(lambda: Mirrored(way), seed), "street", steps=STEPS, seed=seed)
    prediction, label, _ = answers(net, held_out("street"))
    return {
        f"edge IoU, {way}": edge_iou(prediction, label, 6),
        f"pole IoU, {way}": iou(prediction, label, 6, 5),
        f"mIoU, {way}": mean_iou(prediction, label, 6),
    }


@claim("D3", "M", "Indices matter: unpooling to the true places beats unpooling to a fixed corner.", seeds=3)
def indices(seeds: Seeds) -> Evidence:
    """Varied: where the values go back. Equal: parameters, steps, pictures; the maps are as sparse in both."""
    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "pools": 3},
        values=over_seeds(seeds, places),
        comparisons=[
            Comparison("edges", "edge IoU, indices", "edge IoU, corners", 0.05),
            Comparison("whole", "mIoU, indices", "mIoU, corners", 0.03),
        ],
    )


def places(seed: int) -> dict[str, float]:
    return on_street("indices", seed) | on_street("corners", seed)


@claim(
    "F4",
    "M",
    "Detail is lost: a coarse map enlarged in one step has worse boundaries and thin things than a learned decoder.",
    seeds=3,
)
def detail(seeds: Seeds) -> Evidence:
    """Varied: the way back from a map of stride 8. Equal: encoder, steps, pictures.

    The decoder has more parameters. The control is the same decoder with fixed corners: how it compares with one
    step is due to its layers, what the indices gain over it is due to the places they remember.
    """

    def ways(seed: int) -> dict[str, float]:
        return on_street("bilinear", seed) | places(seed)

    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "stride": 8},
        values=over_seeds(seeds, ways),
        comparisons=[
            Comparison("edges", "edge IoU, indices", "edge IoU, bilinear", 0.05),
            Comparison("poles", "pole IoU, indices", "pole IoU, bilinear", 0.05),
        ],
    )


@claim(
    "D10",
    "M",
    "Transposed convolution whose kernel is not divisible by its stride leaves a checkerboard; bilinear initialisation "
    "or resize-convolution does not.",
    seeds=5,
    paper="Odena et al. 2016",
)
def checkerboard(seeds: Seeds) -> Evidence:
    """Three steps of 2x each on flat maps with a little noise, before training.

    Varied: the kind of step. Equal: maps, channels.

    The index is the share of the fine variance that hangs on whether row and column are even or odd alone. The control
    is a kernel of 4, which is divisible: with random weights it has a checkerboard, too, because its overlap is even
    but its weights are not. So divisibility allows an even answer and does not bring it about.
    """

    def steps(seed: int) -> dict[str, float]:
        flat = 1 + 0.1 * torch.randn(4, 8, 12, 12, generator=torch.Generator().manual_seed(seed))
        return {kind: index(started(partial(three_steps, kind), seed), flat) for kind in KINDS}

    return Evidence(
        settings={"steps": 3, "channels": 8, "trained": False},
        values=over_seeds(seeds, steps),
        comparisons=[
            Comparison("over bilinear initialisation", "kernel 3", "bilinear, kernel 4", 0.3),
            Comparison("over resize-convolution", "kernel 3", "resize-convolution", 0.3),
            Comparison("divisibility alone helps", "kernel 3", "kernel 4", 0.1),
        ],
        remarks={
            "holds in part": "With random weights divisible kernels leave as strong a checkerboard: an even overlap "
            "makes an even answer possible, and only the right weights make it so."
        },
    )


KINDS = ("kernel 3", "kernel 4", "kernel 2", "bilinear, kernel 4", "resize-convolution")


def three_steps(kind: str) -> nn.Module:
    return nn.Sequential(*[step(kind) for _ in range(3)])


def step(kind: str, maps: int = 8) -> nn.Module:
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


@torch.no_grad()
def index(net: nn.Module, maps: Tensor) -> float:
    """How much of what differs between neighbours is explained by even and odd, away from the border."""
    answer = net(maps)
    fine = (answer - F.avg_pool2d(answer, 3, stride=1, padding=1))[..., 8:-8, 8:-8]
    phases = torch.stack([fine[..., y::2, x::2].mean((-2, -1)) for y in (0, 1) for x in (0, 1)])
    alive = fine.var((-2, -1)) > 1e-12
    return float((phases.var(0, unbiased=False) / fine.var((-2, -1)).clamp_min(1e-12))[alive].mean())
