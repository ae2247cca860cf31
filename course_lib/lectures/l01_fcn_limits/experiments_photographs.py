"""01 Limits of FCN, on photographs: what a start from ImageNet is worth, and what a stride takes from the truth."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.datasets import CamVid
from course_lib.evidence import probe, real_photographs
from course_lib.evidence.claim import TRAININGS, Seeds, claim
from course_lib.evidence.photograph_training import EVERY, SETTINGS, Variant, kept
from course_lib.evidence.real_photographs import CAMVID, FOLDS, PROBED, WIDTH, folder, of_fold
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.metrics import Confusion, trimap
from course_lib.scenes import Scenes

STARTS = {"ImageNet": Variant("imagenet"), "random": Variant("random", start=None, learning_rate=1e-3, head_factor=2)}


@claim(
    "F6",
    "M",
    "A classifier is a segmenter in waiting: from ImageNet's weights, a network trained on 249 photographs is far "
    "ahead of the same network from a random start, after the same steps.",
    seeds=3,
    core=Core("ImageNet over random", "mIoU, ImageNet", "mIoU, random", bound=0.054,
              why="it is what the CRF brings DeepLab v1 (62.25 to 67.64 %, its table 1), the largest gain of one part "
              "in the tables of lecture 08; a start that brings less would be no reason to seek one out"),
    secondary=(
        Secondary("the same on val", "mIoU on val, ImageNet", "mIoU on val, random"),
        Secondary("steps to the same mIoU", "steps, random", "steps, ImageNet"),
    ),
)  # fmt: skip
def transfer(seeds: Seeds) -> Evidence:
    """Varied: the weights that the body starts from. Equal: network, photographs and their order, steps, schedule.

    A trained body wants a small rate, a random one a large rate. So each start has its own: the stored network's
    recipe, and for the random start the best of 4e-4, 1e-3 and 2e-3 for the body by the mean IoU on val at the end, at
    seed 100, which no claim uses; the head learns at 2e-3 in all. "Steps" is the first look at val, of those after each
    ten steps, at which a start has reached the best that the random start reaches at all.

    The sign was expected: the stored network's card has one longer run of each start.
    """
    spent = []

    def starts(seed: int) -> dict[str, float]:
        found = {word: kept(variant, seed) for word, variant in STARTS.items()}
        spent.extend(run["seconds"] for run in found.values())
        goal = max(value for _, value in found["random"]["on the way"])
        row = {f"mIoU, {word}": run["test"] for word, run in found.items()}
        row |= {f"mIoU on val, {word}": run["val"] for word, run in found.items()}
        return row | {f"steps, {word}": first_at(run["on the way"], goal) for word, run in found.items()}

    values = over_seeds(seeds, starts)
    rates = {word: [start.learning_rate, start.learning_rate * start.head_factor] for word, start in STARTS.items()}
    return Evidence(
        settings={
            **SETTINGS,
            "rates of body and head": rates,
            "val on the way": f"after each {EVERY} steps",
            TRAININGS: sum(spent),
        },
        values=values,
    )


def first_at(looks: list[tuple[float, float]], goal: float) -> float:
    """The first step whose score reaches the goal; not a number when none does."""
    return next((step for step, value in looks if value >= goal), float("nan"))


STRIDES = (8, 16, 32)
PAINTED = {"painted streets, 64 pixels": 64, "painted streets, 256 pixels": 256}
SCENES = 40  # of each size in a fold


@claim(
    "F7",
    "M",
    "How much a stride takes away is a matter of the pictures: from the truth of streets a stride of 32 takes far more "
    "than from that of single animals.",
    seeds=5,
    paper="Long et al. 2015, appendix A: the truth through a stride of 8, 16, 32 keeps 96.4, 92.8, 86.1 % mean IoU on "
    "VOC 2011",
    core=Core("animals over streets, at 32", "mIoU at 32, pets", "mIoU at 32, CamVid", bound=0.067,
              why="it is what the paper loses from 16 to 32 (92.8 to 86.1 %): as much as a stride twice as large"),
    secondary=tuple(
        Secondary(f"animals over streets, at {stride}", f"mIoU at {stride}, pets", f"mIoU at {stride}, CamVid")
        for stride in STRIDES[:2]
    ),
)  # fmt: skip
def truth_through_strides(seeds: Seeds) -> Evidence:
    """Varied: the pictures. Equal: what is done with them: each cell of the stride holds its classes' shares, and the
    shares are enlarged bilinearly. No network has a part in it: it is what one that knew the truth would say.

    Pets are 256 pixels long and hold one animal, whose border is void; CamVid's frames are 480 x 360, with 11 classes,
    poles and signs among them, and little void; painted streets have 6 classes and no void. Beside it stands which
    share of the pixels lies within three pixels of a boundary: that is what a stride puts at risk.
    """

    def worlds(fold: int) -> dict[str, float]:
        row = of_labels("pets", (label for _, label in of_fold(fold)), 3)
        row |= of_labels("CamVid", streets(fold), len(CamVid.classes))
        for word, size in PAINTED.items():
            scenes = Scenes("street", size=size, count=probe.at_most(SCENES, PROBED), seed=fold)
            row |= of_labels(word, (scenes[number][1] for number in range(len(scenes))), scenes.num_classes)
        return row

    return Evidence(
        settings={
            **real_photographs.SETTINGS,
            "CamVid": "the test list, at 480 x 360; its pictures are not in the project, these numbers are",
            "painted scenes of a fold": SCENES,
        },
        values=over_seeds(seeds, worlds),
    )


def streets(fold: int) -> Iterable[Tensor]:
    """The labels of a fold of CamVid's test list."""
    data = CamVid(folder(CAMVID), "test")
    numbers = range(fold, len(data), FOLDS)
    probe.note(f"CamVid test: {numbers}")
    return (data.load(number)[1].long() for number in numbers[: probe.at_most(len(numbers), PROBED)])


def of_labels(word: str, labels: Iterable[Tensor], classes: int) -> dict[str, float]:
    """What is left of these labels behind each stride, and how much of them is near a boundary."""
    matrices, near, known = {stride: Confusion(classes) for stride in STRIDES}, 0, 0
    for label in labels:
        near += int(trimap(label, WIDTH, void_edges=True).sum())
        known += int((label != 255).sum())
        for stride, matrix in matrices.items():
            matrix.update(through_cells(label, stride, classes), label)
    found = {f"mIoU at {stride}, {word}": matrix.mean_iou for stride, matrix in matrices.items()}
    return found | {f"near a boundary, {word}": near / known}


def through_cells(label: Tensor, stride: int, classes: int) -> Tensor:
    """The label (H x W) from the shares of its classes in cells of the stride; void has no share."""
    ones = F.one_hot(label.where(label != 255, torch.tensor(classes)), classes + 1)[..., :classes]
    shares = F.avg_pool2d(ones.permute(2, 0, 1)[None].float(), stride, ceil_mode=True, count_include_pad=False)
    large = F.interpolate(shares, scale_factor=stride, mode="bilinear", align_corners=False)
    return large[0, :, : label.shape[0], : label.shape[1]].argmax(0)
