"""05 DeepLab v1 and v2, measured: how to enlarge a score map, and what the CRF mends and breaks."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.crf import dense_crf
from course_lib.datasets import photos
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import (
    answers,
    edge_iou,
    held_out,
    iou,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l05_deeplab_v1_v2.networks import CLASSES, STRIDE, WAYS, Enlarged
from course_lib.metrics import trimap_iou
from course_lib.scenes import Scenes

STEPS, POLE = 200, 5


@remembered
def enlarging(way: str, seed: int, family: str = "street", stride: int = STRIDE) -> Enlarged:
    classes = Scenes(family).num_classes
    return train(started(partial(Enlarged, way, classes, stride), seed), family, steps=STEPS, seed=seed)


@claim(
    "L4",
    "M",
    "Bilinear upsampling by 8 is as accurate as a transposed convolution that learns.",
    seeds=5,
    paper="Chen et al. 2015: the score maps are smooth enough for bilinear interpolation by 8",
    core=Core("bilinear over learned", "mIoU, bilinear", "mIoU, bilinear start, learned", bound=-0.01,
              why="not worse by one point, the smallest gain that the papers of this course print as one"),
    secondary=(
        Secondary("bilinear over learned from a random start", "mIoU, bilinear", "mIoU, transposed"),
        Secondary("a random start leaves a board", "board's strength, transposed", "board's strength, bilinear"),
        Secondary("the start decides", "board's strength, transposed", "board's strength, bilinear start, learned"),
    ),
    remarks={
        "does not reproduce here": "A learned one that starts as bilinear interpolation is the most accurate: from six "
        "score maps it draws finer than a cell. It repeats a faint pattern in every cell; bilinear upsampling has none."
    },
)  # fmt: skip
def ways_up(seeds: Seeds) -> Evidence:
    """Varied: how score maps of stride 8 are enlarged. Equal: the network before, steps, pictures.

    The checkerboard is what flat score maps with a little noise get in every cell of 8 x 8 pixels alike. The control is
    a transposed convolution that learns as much but starts as bilinear interpolation (FCN's): if it stays cleaner, then
    the start leaves the board and not the operation.
    """

    def up(seed: int) -> dict[str, float]:
        row = {}
        for way in WAYS:
            net = enlarging(way, seed)
            prediction, label, _ = answers(net, held_out("street"))
            row[f"mIoU, {way}"] = mean_iou(prediction, label, CLASSES)
            row[f"edge IoU, {way}"] = edge_iou(prediction, label, CLASSES)
            row[f"board's share, {way}"], row[f"board's strength, {way}"] = checkerboard(net, seed)
        row["mIoU gained by learning"] = max(row[f"mIoU, {way}"] for way in WAYS[1:]) - row["mIoU, bilinear"]
        return row

    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "stride": STRIDE, "kernel": 2 * STRIDE},
        values=over_seeds(seeds, up),
    )


@torch.no_grad()
def checkerboard(net: Enlarged, seed: int) -> tuple[float, float]:
    """The pattern that flat scores get, the same in every cell, away from the border.

    First its share of all that differs between neighbours, then its strength: its deviation beside the deviation that
    the network's scores have between the pixels of a street.
    """
    flat = 1 + 0.1 * torch.randn(4, CLASSES, 16, 16, generator=torch.Generator().manual_seed(seed))
    answer = net.enlarge(flat)
    fine = (answer - F.avg_pool2d(answer, 3, stride=1, padding=1)).unfold(2, STRIDE, STRIDE).unfold(3, STRIDE, STRIDE)
    cells = fine[:, :, 2:-2, 2:-2].permute(1, 0, 2, 3, 4, 5).flatten(1, 3).flatten(2)  # class, cell, place
    pattern = cells.mean(1)
    share = pattern.var(1, correction=0) / cells.flatten(1).var(1, correction=0).clamp_min(1e-12)
    street = net(held_out("street", 16).batch(range(16))[0]).transpose(0, 1).flatten(1)
    return float(share.mean()), float((pattern.std(1) / street.std(1)).mean())


# What did best on other pictures for networks of seed 100: weight, pixels, grey levels; and, alone, weight and pixels.
APPEARANCE, SMOOTHNESS = (30, 6, 8), (1, 1.5)
COLOURLESS = (0, 6, 8)
PICTURES = 32
MAPS = {"shapes": ("shapes", 8), "street": ("street", 8), "street, stride 4": ("street", 4)}
THIN = {"rocket": ("rocket", "tower"), "coffee": ("spoon",)}


@claim(
    "L5",
    "M",
    "A dense CRF sharpens coarse maps.",
    seeds=5,
    paper="Chen et al. 2015, table 1: 62.25 without and 67.64 % mean IoU with the CRF on VOC (LargeFOV)",
    core=Core("edges gain", "edge IoU, shapes, after", "edge IoU, shapes, before", bound=0.054,
              why="the paper's own gain over all pixels (table 1, 62.25 to 67.64); the boundary should gain no less"),
    secondary=(
        Secondary("by the colours", "edge IoU, shapes, after", "edge IoU, shapes, without colours"),
        Secondary("poles hardly seen", "pole IoU, street, after", "pole IoU, street, before"),
        Secondary("poles seen", "pole IoU, street, stride 4, after", "pole IoU, street, stride 4, before"),
    ),
    remarks={
        "holds": "It is the picture's colours that do it. Thin things that the map has hardly seen are erased; those "
        "that it has seen are mended."
    },
)  # fmt: skip
def crf_sharpens(seeds: Seeds) -> Evidence:
    """Varied: the map as the network gives it, or after ten iterations of mean field. Equal: network, pictures.

    Edges on shapes; poles on street, from maps of stride 8, which hardly see them, and of stride 4. The control is a
    CRF whose only kernel smooths and sees no picture: what it does not gain is due to the colours. The maps of the
    photographs are their masks made as coarse as stride 16, and the settings there are DeepLab v2's.
    """

    def sharpened(seed: int) -> dict[str, float]:
        row = {}
        for word, (family, stride) in MAPS.items():
            scenes = held_out(family, PICTURES)
            image, label, _ = scenes.batch(range(len(scenes)))
            for stage, found in stages(enlarging("bilinear", seed, family, stride), image).items():
                row[f"edge IoU, {word}, {stage}"] = edge_iou(found, label, scenes.num_classes)
                row[f"mIoU, {word}, {stage}"] = mean_iou(found, label, scenes.num_classes)
                if family == "street":
                    row[f"pole IoU, {word}, {stage}"] = iou(found, label, CLASSES, POLE)
        return row

    seen = {name: on_photograph(name) for name in photos.names(masked=True)}
    settings = {"appearance": APPEARANCE, "without colours": SMOOTHNESS, "photographs": seen, "steps": STEPS}
    return Evidence(
        settings=settings,
        values=over_seeds(seeds, sharpened),
    )


@torch.no_grad()
def stages(net: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """The labels before the CRF, after it, and after one that sees no colours."""
    scores = torch.cat([net(some) for some in image.split(16)]).softmax(1)
    picture = (image * 255).round().to(torch.uint8)
    return {
        "before": scores.argmax(1),
        "after": dense_crf(picture, scores, appearance=APPEARANCE, smoothness=(0, 1)).argmax(1),
        "without colours": dense_crf(picture, scores, appearance=COLOURLESS, smoothness=SMOOTHNESS).argmax(1),
    }


def on_photograph(name: str) -> dict[str, float]:
    """Mean IoU within three pixels of a boundary, and the IoU of what is thin, before and after."""
    photo, coarse = photos.load(name), photos.coarse(name)
    row = {}
    for word, scores in (("before", coarse), ("after", dense_crf(photo.image, coarse))):
        found = scores.argmax(0)
        row[f"edge {word}"] = round(trimap_iou(found, photo.mask, len(photo.classes), 3), 4)
        for thin in THIN.get(name, ()):
            row[f"{thin} {word}"] = round(iou(found, photo.mask, len(photo.classes), photo.classes.index(thin)), 4)
    return row
