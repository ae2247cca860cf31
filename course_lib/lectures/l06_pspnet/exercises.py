"""The exercises of 06: the pyramid and its channels, the auxiliary loss, a vector of one length."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.attempt import Raised, call
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l06_pspnet.exercises_harbour import head as head
from course_lib.lectures.l06_pspnet.exercises_levels import levels as levels
from course_lib.models.spatial_pyramid import SpatialPyramidPooling


def _pyramid(x: Tensor, bins: list[int], weights: list[Tensor]) -> Tensor:
    maps = [x]
    for bin_count, weight in zip(bins, weights):
        level = F.conv2d(F.adaptive_avg_pool2d(x, bin_count), weight)
        maps.append(F.interpolate(level, size=x.shape[-2:], mode="bilinear", align_corners=True))
    return torch.cat(maps, dim=1)


@exercise(
    "6.1",
    hints=(
        "For each number of bins: average, reduce, enlarge. Beside them stays x itself.",
        "F.adaptive_avg_pool2d(x, bin_count), then F.conv2d with the level's 1x1 weight, then F.interpolate.",
        "Enlarge bilinearly with align_corners=True; torch.cat([x, *levels], dim=1).",
    ),
    solution=_pyramid,
)
def pyramid(answer, *, draw: Draw) -> None:
    """Pyramid pooling: my_pyramid(x, bins, weights), a 1x1 weight for each number of bins; BN and ReLU are left out."""

    def case(channels: int, bins: list[int]) -> tuple:
        x = draw.normal(2, channels * len(bins), *draw.apart(4, 11, 2), scale=5)
        return x, bins, [draw.normal(channels, channels * len(bins), 1, 1) for _ in bins]

    def variant(x: Tensor, bins: list[int], weights: list[Tensor], pool=F.adaptive_avg_pool2d, **how) -> Tensor:
        small = [F.conv2d(pool(x, n), weight) for n, weight in zip(bins, weights)]
        return torch.cat([x, *(F.interpolate(level, size=x.shape[-2:], **how) for level in small)], dim=1)

    aligned = {"mode": "bilinear", "align_corners": True}
    expect.function(
        answer,
        _pyramid,
        [],
        drawn=(case(channels, bins) for channels, bins in ((1, [1, 2]), (2, draw.apart(1, 4, 3)), (2, [1, 2, 3, 6]))),
        what="the pyramid with bins {1}",
        slips={
            "x itself is missing: it comes first.": lambda x, b, w: _pyramid(x, b, w)[:, x.shape[1] :],
            "x comes first, before the levels.": lambda x, b, w: _pyramid(x, b, w).roll(-x.shape[1], 1),
            "Each level keeps one channel. That circulates; PSPNet's weights give 1 / (number of levels).": (
                lambda x, b, w: variant(x, b, [weight.mean(0, keepdim=True) for weight in w], **aligned)
            ),
            "That is the maximum of each bin: PSPNet averages.": lambda *a: variant(
                *a, pool=F.adaptive_max_pool2d, **aligned
            ),
            "F.avg_pool2d(x, n) averages windows of n x n cells. n x n bins are F.adaptive_avg_pool2d(x, n).": (
                lambda *a: variant(*a, pool=F.avg_pool2d, **aligned)
            ),
            "The levels stand in another order: as bins gives them.": lambda x, b, w: _pyramid(x, b[::-1], w[::-1]),
            "Some levels are missing: one for each number of bins.": lambda x, b, w: _pyramid(x, b[:1], w[:1]),
            "The levels are added: lay them side by side behind x, torch.cat([...], dim=1).": lambda x, b, w: sum(
                _pyramid(x, b, w)[:, x.shape[1] :].split([len(weight) for weight in w], dim=1)
            ),
            "A ReLU is in there: here it is left out.": lambda x, b, w: _pyramid(x, b, w).relu(),
            "A ReLU stands behind each 1x1: here it is left out.": lambda x, b, w: torch.cat(
                [x, _pyramid(x, b, w)[:, x.shape[1] :].relu()], dim=1
            ),
            "All levels use the first weight: each has its own.": lambda x, b, w: _pyramid(x, b, w[:1] * len(b)),
            "Corners are not aligned: align_corners=True.": lambda *a: variant(*a, mode="bilinear"),
            "It repeats bins: enlarge bilinearly.": lambda *a: variant(*a, mode="nearest"),
            "The 1x1 reductions are missing.": lambda x, b, w: torch.cat(
                [x, *(F.interpolate(F.adaptive_avg_pool2d(x, n), size=x.shape[-2:], **aligned) for n in b)], dim=1
            ),
        },
    )


def _joined(features: int, bins: int) -> int:
    return features + bins * (features // bins)


@exercise(
    "6.2",
    hints=(
        "Beside the features lie as many levels as there are bins.",
        "Each level is reduced to features // bins channels.",
        "2048 + 4 * 512 = 4096. With three bins and 8 features: 8 + 3 * 2.",
    ),
    solution=_joined,
)
def joined(answer, *, draw: Draw) -> None:
    """How many channels leave pyramid pooling? my_joined(features, bins), for so many maps and numbers of bins."""
    expect.function(
        answer,
        _joined,
        [(2048, 4), (8, 3)],
        drawn=((features, draw.whole(1, 7)) for features in draw.apart(20, 3000, 5)),
        what="the channels for {0} features and {1} levels",
        slips={
            "That is one channel for each level. It circulates; a level has 1 / (number of levels).": lambda f, b: (
                f + b
            ),
            "That is every level with all channels.": lambda f, b: f + b * f,
            "The features themselves are missing.": lambda f, b: b * (f // b),
            "It is twice the features only where the levels divide them: 8 // 3 is 2.": lambda f, b: 2 * f,
            "That is a single level beside the features.": lambda f, b: f + f // b,
        },
    )


def _loss(logits: Tensor, auxiliary: Tensor, target: Tensor) -> Tensor:
    main = F.cross_entropy(logits, target, ignore_index=255)
    return main + 0.4 * F.cross_entropy(auxiliary, target, ignore_index=255)


@exercise(
    "6.6",
    hints=(
        "Two cross-entropies on the same target; the auxiliary one counts less.",
        "Void pixels, 255, teach nothing: ignore_index=255.",
        "F.cross_entropy(logits, ...) + 0.4 * F.cross_entropy(auxiliary, ...)",
    ),
    solution=_loss,
)
def loss(answer, *, draw: Draw) -> None:
    """PSPNet's training loss: my_loss(logits, auxiliary, target), the auxiliary head counts 0.4; 255 is void."""

    def case(classes: int, height: int, width: int, scale: float, sure: float) -> tuple[Tensor, Tensor, Tensor]:
        target = torch.randint(classes, (2, height, width), generator=draw.generator)
        scores = draw.normal(2, 2, classes, height, width, scale=scale)
        scores += sure * F.one_hot(target, classes).movedim(-1, 1)
        target[0, 0, 0] = target[1, : draw.whole(1, height)] = 255  # not as many in each picture
        return scores[0], scores[1], target

    def parts(logits: Tensor, auxiliary: Tensor, target: Tensor, **how) -> tuple[Tensor, Tensor]:
        return tuple(F.cross_entropy(scores, target, ignore_index=255, **how) for scores in (logits, auxiliary))

    # as a network scores at first, one that is often wrong by far, and one that is right: a loss is no bounded number
    how = (1, 0), (20, 0), (2, 9)
    for logits, auxiliary, target in (case(draw.whole(3, 12), *draw.apart(3, 8, 2), *kind) for kind in how):
        main, second = parts(logits, auxiliary, target)
        summed = parts(logits, auxiliary, target, reduction="sum")
        every = target.numel()
        blank = target.where(target != 255, 0)
        each = [_loss(logits[i : i + 1], auxiliary[i : i + 1], target[i : i + 1]) for i in range(2)]
        slips = {
            "The auxiliary loss counts in full: 0.4 of it.": main + second,
            "The main loss counts in full, not 0.6.": 0.6 * main + 0.4 * second,
            "The weights are exchanged: the auxiliary head counts 0.4.": 0.4 * main + second,
            "The auxiliary loss is missing; it is dropped at test time only.": main,
            "It is divided by all pixels: divide by those that are not void.": (summed[0] + 0.4 * summed[1]) / every,
            "It is summed over the pixels: take the mean.": summed[0] + 0.4 * summed[1],
            "Void is counted as class 0: ignore_index=255.": _loss(logits, auxiliary, blank),
            "F.cross_entropy takes the logits: it does the softmax itself.": _loss(
                logits.softmax(1), auxiliary.softmax(1), target
            ),
            "That is the mean of the pictures' means: all pixels of the batch count the same.": sum(each) / 2,
            "It is divided by 1.4: the loss is a sum, not an average.": (main + 0.4 * second) / 1.4,
        }
        try:
            found = call(answer, logits, auxiliary, target)
        except Raised as error:
            if not any("Target 255" in line for line in error.lines):
                raise
            about_void = "255 marks void, it is no class: ignore_index=255, in both losses."
            kept = [line for line in error.lines if "index points" not in line]  # here this general advice misleads
            raise Raised(*kept, about_void) from None
        expect.number(found, _loss(logits, auxiliary, target).item(), what="the loss", slips=slips, tolerance=1e-5)


def _vector(x: Tensor, levels: list[int]) -> Tensor:
    return torch.cat([F.adaptive_max_pool2d(x, level).flatten(1) for level in levels], dim=1)


@exercise(
    "6.4",
    hints=(
        "F.adaptive_max_pool2d(x, level) makes level x level bins of a map of any size.",
        ".flatten(1) makes one row of each image.",
        "torch.cat of the levels' rows, dim=1: 21 numbers a channel for levels 4, 2, 1.",
    ),
    solution=_vector,
)
def vector(answer, *, draw: Draw) -> None:
    """Spatial pyramid pooling: my_vector(x, levels), the maximum of each bin, one row of a fixed length an image."""

    def rows(x: Tensor, levels: list[int], pool=F.adaptive_max_pool2d) -> Tensor:
        return torch.cat([pool(x, level).flatten(1) for level in levels], dim=1)

    expect.function(
        answer,
        lambda x, levels: SpatialPyramidPooling(tuple(levels))(x),
        [(torch.tensor([[[[1.0, 5, 2], [0, 3, 4]]]]), [1, 2])],
        drawn=(
            (draw.normal(*shape, scale=5), levels)
            for shape, levels in (
                ((2, draw.whole(2, 4), *draw.apart(5, 12, 2)), [4, 2, 1]),
                ((3, 2, *draw.apart(6, 13, 2)), draw.apart(1, 5, 3)),
            )
        ),
        what="the vector for levels {1}",
        slips={
            "That is the average of each bin: spatial pyramid pooling takes the maximum.": lambda x, levels: rows(
                x, levels, F.adaptive_avg_pool2d
            ),
            "The levels are in another order: as they are given.": lambda x, levels: rows(x, levels[::-1]),
            "Its length depends on the map's size: pool into level x level bins.": lambda x, levels: x.flatten(1),
            "Only one level is there.": lambda x, levels: rows(x, levels[:1]),
            "The batch is flattened, too: one row an image.": lambda x, levels: rows(x, levels).flatten(),
        },
    )


@exercise(
    "6.7",
    hints=(
        "Each row adds one thing to the row before: subtract neighbours.",
        "Mean IoU: +1.54, +1.41, +4.45. Pixel accuracy: +0.72, +0.94, +2.03.",
        "Three of the five follow. A statement on single bins needs rows with single bins.",
    ),
    solution="ace",
)
def ablation(answer) -> None:
    """Which statements follow from PSPNet's ablation? Answer with letters, such as "bd".

    ADE20K validation, ResNet-50 (Zhao et al. 2017)     mean IoU   pixel accuracy
        dilated ResNet-50                                34.28      76.35
        and data augmentation                            35.82      77.07
        and the auxiliary loss                           37.23      78.01
        and pyramid pooling                              41.68      80.04

    a  Pyramid pooling is the largest of the three steps in both columns.
    b  The 6x6 bins matter more than the whole image's average.
    c  The auxiliary loss helps although its head is dropped at test time.
    d  Pyramid pooling alone, without the other two, would gain 4.45 points as well.
    e  Pyramid pooling gains more than the other two steps together in mean IoU.
    """
    why = {
        "a": "4.45 against 1.54 and 1.41 points of mean IoU, 2.03 against 0.72 and 0.94 of pixel accuracy.",
        "b": "no row leaves a bin out.",
        "c": "37.23 against 35.82: the row was measured at test time, when the head is gone.",
        "d": "no row has pyramid pooling without the others; effects need not add up.",
        "e": "4.45 points against 1.54 + 1.41 = 2.95.",
    }
    expect.statements(answer, "ace", why)
