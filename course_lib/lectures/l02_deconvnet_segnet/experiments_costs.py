"""02 DeconvNet and SegNet, measured: what their decoders cost at full size, and what small ones of them score.

Thresholds and lengths of training were chosen on seeds from 100 on, which no row of the ledger uses.
"""

import math
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from course_lib import models
from course_lib.evidence import probe
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.cost import costs
from course_lib.evidence.small_training import answers, held_out, mean_iou, over_seeds, started, train
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l02_deconvnet_segnet.networks import SMALL, WIDTH, small, without_fully_connected
from course_lib.models import written

SIDE, STEPS = 224, 250


def forward(net: nn.Module, image: Tensor) -> None:
    with torch.no_grad():
        net(image)


def forward_and_backward(net: nn.Module, image: Tensor) -> None:
    net(image).mean().backward()


def times_as_long(slow: nn.Module, fast: nn.Module, work: Callable[[nn.Module, Tensor], None], image: Tensor) -> float:
    """CPU time of one network over that of another, one after the other."""
    if probe.active():
        return math.nan
    spent = []
    for net in (slow, fast):
        began = time.process_time()
        work(net, image)
        spent.append(time.process_time() - began)
        net.zero_grad()
    return spent[0] / spent[1]


def bytes_to_train(exact: dict, pictures: int) -> int:
    """Weights, their gradients, and what the forward pass keeps for the backward pass."""
    return 2 * 4 * exact["parameters"] + pictures * exact["bytes kept to learn"]


def scores(seed: int) -> dict[str, float]:
    row = {}
    for name in SMALL:
        net = train(started(partial(small, name), seed), "street", steps=STEPS, seed=seed)
        row[f"mIoU, {written.network(name)}"] = mean_iou(*answers(net, held_out("street"))[:2], 6)
    return row


@claim(
    "D9",
    "M",
    "SegNet answers faster than DeconvNet.",
    seeds=3,
    paper="Badrinarayanan et al. 2017, table 6: 422.5 against 474.7 ms forward, 488.7 against 602.2 ms backward, 6803 "
    "against 9731 MB in training; table 3, CamVid: 60.1 against 59.8 % mean IoU",
    core=Core("DeconvNet's time over SegNet's", "forward, ratio", bound=1.12,
              why="the paper's own ratio, 474.7 to 422.5 ms (table 6)"),
    secondary=(Secondary("near in accuracy", "mIoU, SegNet", "mIoU, DeconvNet"),),
    remarks={
        "holds": "The fully connected layers cost the time, although they hold few of the multiply-adds: their weights "
        "must all be read for a single cell. Without them the two are nearly as fast. With many pictures at a time the "
        "maps fill the memory, and these are alike. The accuracy is that of two small networks after few steps."
    },
)  # fmt: skip
def two_decoders(seeds: Seeds) -> Evidence:
    """Time: full size, one picture, as a ratio in one process, because seconds say more of a machine than of a network;
    seeds are repetitions. Memory: counted. Accuracy: both at a sixteenth of the width, same steps, same pictures.

    Multiply-adds hardly differ, so why should time? The control cuts out fc6, fc7 and fc6_deconv, which have most of
    the weights and few of the multiply-adds: what is left of the ratio is due to the rest of the decoder. Accuracy is
    shown and decides nothing: at these few steps a small DeconvNet, through its single cell, learns more slowly.
    """
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    segnet, deconvnet = models.build("segnet").train(), models.build("deconvnet").train()
    times_as_long(deconvnet, segnet, forward_and_backward, image)  # the first time is slower and does not count

    def ratios(seed: int) -> dict[str, float]:
        return {
            "forward, ratio": times_as_long(deconvnet, segnet, forward, image),
            "forward and backward, ratio": times_as_long(deconvnet, segnet, forward_and_backward, image),
        }

    def control(seed: int) -> dict[str, float]:
        return {"forward, ratio, without fc6 and fc7": times_as_long(deconvnet, segnet, forward, image)}

    values = over_seeds(seeds, ratios)
    without_fully_connected(deconvnet)
    values |= over_seeds(seeds, control)
    values |= over_seeds(seeds, scores)
    exact = {name: costs(name, SIDE) for name in SMALL}
    both = [exact["deconvnet"], exact["segnet"]]
    counted = {"multiply-adds": [one["multiply-adds"] for one in both]}
    for pictures in (1, 16):
        counted[f"memory to train on {pictures}"] = [bytes_to_train(one, pictures) for one in both]
    values |= {f"{what}, ratio": [more / less] * len(seeds) for what, (more, less) in counted.items()}
    return Evidence(
        settings={"side": SIDE, "width of the small ones": WIDTH, "steps": STEPS, "exact": exact},
        values=values,
    )
