"""07 DeepLab v3 and v3+, measured: what a separable convolution saves, in three currencies, and what it costs."""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.evidence import counting, probe
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.small_training import (
    answers,
    edge_iou,
    held_out,
    layer,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l07_deeplab_v3_v3plus.networks import MAPS, NETS
from course_lib.models.xception import SeparableConv

STEPS = 200


@claim(
    "V5",
    "M",
    "Separable convolutions in place of plain ones cost hardly any accuracy.",
    seeds=3,
    paper="Chen et al. 2018 (v3+), table 5: 89.76 to 54.17 billion multiply-adds, 79.93 to 79.79 % mean IoU on VOC",
    core=Core("separable over plain", "mIoU, separable", "mIoU, plain", bound=-0.01,
              why="not worse by one point; the paper's network loses a seventh of that (table 5)"),
    secondary=(
        Secondary("over plain and narrow", "mIoU, separable", "mIoU, plain and narrow"),
        Secondary("width wins back", "mIoU, separable and wide", "mIoU, separable"),
        Secondary("multiply-adds fall by more than time", "times fewer multiply-adds", "times less CPU time"),
    ),
    remarks={
        "does not reproduce here": "Where a network has no maps to spare, as here, separable layers lose much and are "
        "no better than plain ones of as few parameters; spent on more maps, the saving wins most of it back. DeepLab "
        "v3+ replaces layers of 256 maps behind a large backbone."
    },
)  # fmt: skip
def separable(seeds: Seeds) -> Evidence:
    """Varied: the 3x3 layers, plain or a depthwise 3x3 and a 1x1. Equal: maps, steps, pictures.

    Two controls. One is plain and so narrow that it has the parameters of the separable network: if it were as good,
    then what was saved would be parameters and no more. One is separable and so wide that it has those of the plain
    network: does the saving, spent on maps, win the accuracy back? Time is CPU time of one process, plain and separable
    in turn, of one layer as v3+'s decoder has them: 256 maps, 81 x 81 cells. A depthwise layer does little with each
    number that it fetches, so it waits for memory.
    """
    layers = [layer(256, 256).eval(), SeparableConv(256, 256, relu=True).eval()]
    features = torch.rand(1, 256, 81, 81, generator=torch.Generator().manual_seed(0))
    products = [sum(counting.multiply_adds(one, features) for one in counting.convolutions(net)) for net in layers]

    def plain_and_separable(seed: int) -> dict[str, float]:
        row = {}
        for word, build in NETS.items():
            net = train(started(build, seed), "street", steps=STEPS, seed=seed)
            prediction, label, _ = answers(net, held_out("street"))
            row |= {
                f"mIoU, {word}": mean_iou(prediction, label, 6),
                f"edge IoU, {word}": edge_iou(prediction, label, 6),
            }
        row["times fewer multiply-adds"] = products[0] / products[1]
        row["times less CPU time"] = ratio(*layers, features)
        return row

    sizes = {word: counting.parameters(build()) for word, build in NETS.items()}
    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "maps": MAPS, "parameters": sizes, "timed": [256, 81, 81]},
        values=over_seeds(seeds, plain_and_separable),
    )


@torch.no_grad()
def ratio(slow: Callable, fast: Callable, x: Tensor, rounds: int = 15) -> float:
    """How many times more CPU time `slow` takes than `fast`: both run in turn, and the shortest time of each counts."""
    if probe.active():
        return math.nan
    taken: list[list[float]] = [[], []]
    for _ in range(rounds):
        for net, times in zip((slow, fast), taken):
            began = time.process_time()
            net(x)
            times.append(time.process_time() - began)
    return min(taken[0]) / min(taken[1])
