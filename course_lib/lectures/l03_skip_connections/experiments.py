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
from course_lib.evidence.verdict import Comparison, Evidence
from course_lib.lectures.l03_skip_connections.networks import Depth, SmallUNet, tower
from course_lib.scenes import Scenes

DEPTHS = (2, 32)


@claim(
    "S2",
    "M",
    "Skips ease gradient flow: with depth the gradient that reaches the first layer fades in a plain network, and not "
    "in a residual or a dense one.",
    seeds=5,
)
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
        comparisons=[
            Comparison("residual over plain", "residual", "plain", 2.0),
            Comparison("dense over plain", "dense", "plain", 2.0),
        ],
        remarks={
            "holds": "A good start does much of the same: plain layers with He's start lose few decades. Without batch "
            "normalisation the residual network's gradient grows instead."
        },
    )


@claim(
    "S3",
    "M",
    "Deeper plain nets train worse than deeper residual ones, at the same budget.",
    seeds=3,
    paper="He et al. 2016, figure 1: 56 plain layers have a higher training error than 20",
)
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
        comparisons=[
            Comparison("deep residual over deep plain", "residual, 48", "plain, 48", 0.05),
            Comparison("deep plain is worse than shallow plain", "plain, 8", "plain, 48", 0.05),
        ],
    )


@claim("S6", "M", "Removing the encoder-decoder skips of one net costs boundary IoU, at each level.", seeds=3)
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
        comparisons=[
            Comparison("all over none", "edge IoU, all", "edge IoU, none", 0.1),
            *[Comparison(f"level {n}", "edge IoU, all", f"edge IoU, without {n}", 0.01) for n in (1, 2, 3)],
        ],
        remarks={
            "does not reproduce here": "The differences have the stated sign, but the seeds scatter too widely to "
            "tell.",
            "holds in part": "The skips together matter a great deal; one alone can be missed where its neighbours "
            "carry nearly the same detail.",
        },
    )
