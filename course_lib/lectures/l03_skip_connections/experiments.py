"""03 Skip connections, measured: gradients that arrive, depth that trains, and what each level's skip is worth."""

import math
from functools import partial

from torch.nn import functional as F

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.small_training import (
    answers,
    edge_iou,
    held_out,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l03_skip_connections.networks import Depth, SmallUNet, tower
from course_lib.scenes import Scenes

DEPTHS = (2, 32)


@claim(
    "S2",
    "M",
    "Skips ease gradient flow: with depth the gradient that reaches the first layer fades in a plain network, even "
    "with He's start, and not in a residual one.",
    seeds=5,
    core=Core("residual over plain, He's start", "residual", "plain, He's start", bound=1.0,
              why="one decade: the usual learning rates differ by as much and make up for less"),
    secondary=(
        Secondary("residual over plain", "residual", "plain"),
        Secondary("dense over plain", "dense", "plain"),
        Secondary("He's start over torch's", "plain, He's start", "plain"),
    ),
    remarks={
        "holds": "A good start does much of the same: plain layers with He's start lose few decades. "
        "Without batch normalisation the residual network's gradient grows instead."
    },
)  # fmt: skip
def gradient_flow(seeds: Seeds) -> Evidence:
    """Varied: how the layers are joined, and the depth. Equal: width, start, pictures; nothing is trained.

    Values are decades: log10 of the first layer's gradient norm at depth 32 over that at depth 2. The control starts
    the plain network as He et al. prescribe: how much of the fading is the start's fault?
    """
    image, label, _ = held_out("street", 4, size=32).batch(range(4))

    def decades(seed: int) -> dict[str, float]:
        row = {}
        for word, joined, he in (("plain", "plain", False), ("residual", "residual", False),
                                 ("dense", "dense", False), ("plain, He's start", "plain", True)):  # fmt: skip
            norms = {}
            for depth in DEPTHS:
                net = started(partial(Depth, joined, depth, he=he), seed)
                F.cross_entropy(net(image), label).backward()
                norms[depth] = float(net.first.weight.grad.norm())
            row[word] = math.log10(max(norms[32], 1e-30) / norms[2])
        return row

    return Evidence(
        settings={"depths": DEPTHS, "start": "torch's own, but for the control", "unit": "decades"},
        values=over_seeds(seeds, decades),
    )


@claim(
    "S3",
    "M",
    "Deeper plain nets train worse than deeper residual ones, at the same budget.",
    seeds=3,
    paper="He et al. 2016, table 2: 34 layers, 28.54 (plain) and 25.03 % top-1 error (residual) on ImageNet",
    core=Core("deep residual over deep plain", "residual, 48", "plain, 48", bound=0.035,
              why="the paper's own gain at 34 layers (table 2, 28.54 to 25.03)"),
    secondary=(
        Secondary("shallow plain over deep plain", "plain, 8", "plain, 48"),
        Secondary("shallow residual over shallow plain", "residual, 8", "plain, 8"),
    ),
)  # fmt: skip
def depth_that_trains(seeds: Seeds) -> Evidence:
    """Varied: the addition, and 8 or 48 layers. Equal: parameters at each depth, steps, pictures, batch normalisation.

    Scored on pictures of the training, because the statement is about training and not about overfitting.
    """

    def depths(seed: int) -> dict[str, float]:
        row = {}
        for add, layers in ((False, 8), (False, 48), (True, 8), (True, 48)):
            net = train(started(partial(tower, add, layers), seed), "street", steps=120, seed=seed)
            prediction, label, _ = answers(net, Scenes("street", count=128, seed=seed))
            row[f"{'residual' if add else 'plain'}, {layers}"] = mean_iou(prediction, label, 6)
        return row

    return Evidence(
        settings={"scenes": "street", "steps": 120, "score": "mean IoU on pictures of the training"},
        values=over_seeds(seeds, depths),
    )


@claim(
    "S6",
    "M",
    "Removing the encoder-decoder skips of one net costs boundary IoU.",
    seeds=3,
    paper="Long et al. 2015, table 2: 59.4 without skips (32s) and 62.7 % mean IoU with two (8s) on VOC 2011",
    core=Core("all over none", "edge IoU, all", "edge IoU, none", bound=0.033,
              why="what two skips gained in FCN's table 2, over all pixels; U-Net's paper has no ablation"),
    secondary=tuple(Secondary(f"level {n}", "edge IoU, all", f"edge IoU, without {n}") for n in (1, 2, 3)),
    remarks={
        "holds": "The skips together matter a great deal. Without a single level the loss is small, and three seeds "
        "scatter too widely to tell it from none: its neighbours carry nearly the same detail."
    },
)  # fmt: skip
def ablation(seeds: Seeds) -> Evidence:
    """Varied: which skips carry the encoder's maps and which carry zeros. Equal: parameters, steps, pictures.

    Level 1 is the finest, at the picture's own size; level 3 has a quarter of it.
    """
    kept = {"all": (1, 2, 3), "without 1": (2, 3), "without 2": (1, 3), "without 3": (1, 2), "none": ()}

    def levels(seed: int) -> dict[str, float]:
        row = {}
        for word, skips in kept.items():
            net = train(started(partial(SmallUNet, skips), seed), "street", steps=300, seed=seed)
            prediction, label, _ = answers(net, held_out("street"))
            row[f"edge IoU, {word}"] = edge_iou(prediction, label, 6)
            row[f"mIoU, {word}"] = mean_iou(prediction, label, 6)
        return row

    return Evidence(
        settings={"scenes": "street", "steps": 300, "edge": "1 pixel on either side of a boundary"},
        values=over_seeds(seeds, levels),
    )
