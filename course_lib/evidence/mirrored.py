"""An encoder with three pools and three ways back from it, for the statements on unpooling (01 and 02)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import (
    answers,
    edge_iou,
    held_out,
    iou,
    layer,
    mean_iou,
    started,
    train,
)

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
    """Scores of one way back, trained on street scenes with this seed."""
    net = train(started(lambda: Mirrored(way), seed), "street", steps=STEPS, seed=seed)
    prediction, label, _ = answers(net, held_out("street"))
    return {
        f"edge IoU, {way}": edge_iou(prediction, label, 6),
        f"pole IoU, {way}": iou(prediction, label, 6, 5),
        f"mIoU, {way}": mean_iou(prediction, label, 6),
    }


def places(seed: int) -> dict[str, float]:
    """The scores with pooling indices beside those with fixed corners."""
    return on_street("indices", seed) | on_street("corners", seed)
