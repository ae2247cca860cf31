"""The exercises of 07: the image in one number, branches side by side, separable convolutions, the decoder."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.exercise import exercise
from course_lib.lectures.l07_deeplab_v3_v3plus.exercises_strides import output_stride as output_stride
from course_lib.lectures.l07_deeplab_v3_v3plus.exercises_strides import plan as plan


def _image_pooling(x: Tensor, weight: Tensor) -> Tensor:
    average = x.mean(dim=(2, 3), keepdim=True)
    return F.conv2d(average, weight).expand(-1, -1, *x.shape[-2:])


@exercise(
    "7.1",
    hints=(
        "One number for each map: its mean over the whole image. keepdim=True leaves a map of 1 x 1.",
        "Then the 1x1 convolution, F.conv2d(average, weight).",
        "Spread the single cell over the map's size again: .expand(-1, -1, height, width), or F.interpolate.",
    ),
    solution=_image_pooling,
)
def image_pooling(answer) -> None:
    """DeepLab v3's image pooling: my_image_pooling(x, weight), as large as x again; BN and ReLU are left out."""
    generator = torch.Generator().manual_seed(33)

    def case(batch: int, before: int, after: int, *size: int) -> tuple[Tensor, Tensor]:
        weight = torch.randn(after, before, 1, 1, generator=generator)
        return torch.rand(batch, before, *size, generator=generator), weight

    expect.function(
        answer,
        _image_pooling,
        [case(1, 2, 3, 2, 3), case(2, 4, 2, 5, 3), case(3, 3, 3, 4, 7)],
        what="the pooled map",
        slips={
            "It is one cell: spread it over the size of x again.": lambda x, w: F.conv2d(x.mean((2, 3), True), w),
            "That is the 1x1 branch: it reads a pixel. Average over the image first.": lambda x, w: F.conv2d(x, w),
            "That is the maximum: image pooling averages.": lambda x, w: _image_pooling(x.amax((2, 3), True), w).expand(
                -1, -1, *x.shape[-2:]
            ),
            "It averages over the batch, too: each image has its own average.": lambda x, w: _image_pooling(
                x.mean(0, keepdim=True).expand_as(x), w
            ),
            "The 1x1 convolution is missing.": lambda x, w: x.mean((2, 3), True).expand_as(x),
            "That is the sum over the map: image pooling takes the mean.": lambda x, w: _image_pooling(
                x.sum((2, 3), True).expand_as(x), w
            ),
            "That is the mean over the channels: take it over rows and columns, dim=(2, 3).": lambda x, w: F.conv2d(
                x.mean(1, keepdim=True).expand_as(x), w
            ),
            "x stands in front of the average: give the average alone.": lambda x, w: torch.cat(
                [x, _image_pooling(x, w)], dim=1
            ),
        },
    )


def _aspp(x: Tensor, branches: list[Callable], project: Callable) -> Tensor:
    return project(torch.cat([branch(x) for branch in branches], dim=1))


class _Share:
    """Stands for a branch: `after` maps from all maps of x, each another mixture."""

    def __init__(self, after: int, seed: int):
        self.after, self.seed = after, seed

    def __call__(self, x: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(100 * self.seed + x.shape[1])
        return F.conv2d(x, torch.rand(self.after, x.shape[1], 1, 1, generator=generator))


@exercise(
    "7.2",
    hints=(
        "Every branch reads x; none reads another branch.",
        "Five branches of 256 maps become 1280: torch.cat([...], dim=1), in the order of the branches.",
        "project is a 1x1 that brings them back to 256: it comes once, after the concatenation.",
    ),
    solution=_aspp,
)
def aspp(answer) -> None:
    """DeepLab v3's ASPP: my_aspp(x, branches, project); branches and project are layers that you may call."""
    generator = torch.Generator().manual_seed(12)
    cases = []
    for before, after, count in ((2, 2, 2), (3, 4, 3), (5, 2, 5)):
        x = torch.rand(1, before, 3, 4, generator=generator)
        cases.append((x, [_Share(after, seed) for seed in range(count)], _Share(after, 9)))

    def chained(x: Tensor, branches: list[Callable], project: Callable) -> Tensor:
        for branch in branches:
            x = branch(x)
        return project(x)

    expect.function(
        answer,
        _aspp,
        cases,
        what="the output of ASPP",
        slips={
            "The branches are added: that is DeepLab v2. v3 concatenates.": lambda x, b, p: p(sum(f(x) for f in b)),
            "The projection is missing after the concatenation.": lambda x, b, p: _aspp(x, b, lambda maps: maps),
            "The branches stand one behind the other: each reads x.": chained,
            "The order of the branches is turned around.": lambda x, b, p: _aspp(x, b[::-1], p),
            "Each branch is projected by itself: project the concatenation, once.": lambda x, b, p: torch.cat(
                [p(f(x)) for f in b], dim=1
            ),
            "x itself is among the maps: only what the branches make of it is concatenated.": lambda x, b, p: p(
                torch.cat([x, *(f(x) for f in b)], dim=1)
            ),
            "The last branch is missing.": lambda x, b, p: _aspp(x, b[:-1], p),
        },
    )


def _separable(x: Tensor, depthwise: Tensor, pointwise: Tensor, rate: int) -> Tensor:
    alone = F.conv2d(x, depthwise, padding=rate, dilation=rate, groups=x.shape[1])
    return F.conv2d(alone, pointwise)


@exercise(
    "7.3",
    hints=(
        "Two convolutions: a 3x3 that leaves the channels apart, then a 1x1 that mixes them.",
        "groups=x.shape[1] leaves the channels apart; dilation and padding are both the rate.",
        "F.conv2d(F.conv2d(x, depthwise, padding=rate, dilation=rate, groups=x.shape[1]), pointwise)",
    ),
    solution=_separable,
)
def separable(answer) -> None:
    """An atrous separable convolution: my_separable(x, depthwise, pointwise, rate), as large as x, without biases.

    depthwise has shape (channels, 1, 3, 3), pointwise (after, channels, 1, 1).
    """
    generator = torch.Generator().manual_seed(65)

    def case(before: int, after: int, height: int, width: int, rate: int) -> tuple:
        shapes = (1, before, height, width), (before, 1, 3, 3), (after, before, 1, 1)
        return *(torch.randn(shape, generator=generator) for shape in shapes), rate

    expect.function(
        answer,
        _separable,
        [case(2, 3, 3, 4, 1), case(3, 3, 5, 4, 1), case(3, 2, 7, 9, 2), case(4, 6, 8, 5, 3)],
        what="the map at rate {3}",
        slips={
            "The pointwise half is missing: a 1x1 mixes the channels.": lambda x, d, p, r: F.conv2d(
                x, d, padding=r, dilation=r, groups=x.shape[1]
            ),
            "The rate is missing: dilation=rate, padding=rate.": lambda x, d, p, r: _separable(x, d, p, 1),
            "Without padding=rate the map shrinks.": lambda x, d, p, r: (
                F.conv2d(F.conv2d(x, d, dilation=r, groups=x.shape[1]), p) if min(x.shape[-2:]) > 2 * r else x
            ),
            "The depthwise half is missing: only channels are mixed, no neighbours.": lambda x, d, p, r: F.conv2d(x, p),
            "A ReLU stands between the halves: here, none does.": lambda x, d, p, r: F.conv2d(
                F.conv2d(x, d, padding=r, dilation=r, groups=x.shape[1]).relu(), p
            ),
            "A ReLU stands at the end: here, none does.": lambda x, d, p, r: _separable(x, d, p, r).relu(),
            "The padding is the rate, but the dilation is not: the map grows.": lambda x, d, p, r: F.conv2d(
                F.conv2d(x, d, padding=r, groups=x.shape[1]), p
            ),
            "The padding is 1, but the dilation is the rate: the map shrinks.": lambda x, d, p, r: F.conv2d(
                F.conv2d(x, d, padding=1, dilation=r, groups=x.shape[1]), p
            ),
            "Every channel is filtered by the first kernel: each has its own.": lambda x, d, p, r: _separable(
                x, d[:1].expand_as(d), p, r
            ),
        },
    )


def _decoder(low: Tensor, encoded: Tensor, reduce: Callable) -> Tensor:
    details = reduce(low)
    encoded = F.interpolate(encoded, size=details.shape[-2:], mode="bilinear", align_corners=True)
    return torch.cat([encoded, details], dim=1)


def _enlarged(encoded: Tensor, low: Tensor) -> Tensor:
    return F.interpolate(encoded, size=low.shape[-2:], mode="bilinear", align_corners=True)


@exercise(
    "7.6",
    hints=(
        "The low-level map has the edges, the encoded map the meaning. Which one is too small?",
        "The low-level feature has many channels and would outweigh the encoder's: reduce(low) first.",
        "F.interpolate(encoded, size=low.shape[-2:], mode='bilinear', align_corners=True), then "
        "torch.cat([encoded, details], dim=1).",
    ),
    solution=_decoder,
)
def decoder(answer) -> None:
    """DeepLab v3+'s decoder up to its 3x3s: my_decoder(low, encoded, reduce) joins the encoded map and the edges.

    `low` is the low-level feature at stride 4, `encoded` the encoder's map at stride 16, `reduce` the 1x1 to 48 maps.
    The encoded map is enlarged bilinearly with corners aligned, and comes first.
    """
    generator = torch.Generator().manual_seed(48)
    cases = []
    for maps, few, height, width in ((2, 1, 2, 3), (5, 3, 3, 2), (9, 4, 4, 5)):
        low = torch.rand(1, maps, 4 * height - 3, 4 * width - 3, generator=generator)
        cases.append((low, torch.rand(1, 3, height, width, generator=generator), _Share(few, 4)))
    expect.function(
        answer,
        _decoder,
        cases,
        what="the joined map",
        slips={
            "The low-level feature is not reduced: it would outweigh the encoder's.": lambda low, e, r: _decoder(
                low, e, lambda maps: maps
            ),
            "The low-level map was made small: enlarge the encoded one, or the edges are lost.": lambda low, e, r: (
                torch.cat([e, F.interpolate(r(low), size=e.shape[-2:], mode="bilinear", align_corners=True)], dim=1)
            ),
            "The order is turned around: the encoded map comes first.": lambda low, e, r: _decoder(low, e, r).roll(
                r.after, 1
            ),
            "Corners are not aligned: align_corners=True.": lambda low, e, r: torch.cat(
                [F.interpolate(e, size=low.shape[-2:], mode="bilinear"), r(low)], dim=1
            ),
            "It repeats cells: enlarge bilinearly.": lambda low, e, r: torch.cat(
                [F.interpolate(e, size=low.shape[-2:]), r(low)], dim=1
            ),
            "One channel was kept of the low-level feature. That circulates; the paper keeps 48.": lambda low, e, r: (
                torch.cat([_decoder(low, e, r)[:, :3], low.mean(1, keepdim=True)], dim=1)
            ),
            "The two are added: lay them side by side, torch.cat([...], dim=1).": lambda low, e, r: (
                _enlarged(e, low) + r(low)[:, :1]
            ),
            "reduce is for the low-level feature: the encoded map keeps its channels.": lambda low, e, r: torch.cat(
                [_enlarged(r(e), low), low], dim=1
            ),
            "reduce comes too late: it is for the low-level feature alone, before the two are joined.": (
                lambda low, e, r: r(torch.cat([_enlarged(e, low), low], dim=1))
            ),
        },
    )


@exercise(
    "7.7",
    hints=(
        "Draw the five points: where is the top, and how flat is it?",
        "The table begins at 8 channels. Differences of a tenth of a point may be chance: is there a second seed?",
        "Two of the five follow.",
    ),
    solution="ad",
)
def low_level(answer) -> None:
    """Which statements follow from DeepLab v3+'s table of low-level channels? Answer with letters, such as "bd".

    The decoder's 1x1 reduces the low-level feature to ... channels (Chen et al. 2018, Table 1; VOC 2012 validation)
        channels     8       16      32      48      64
        mean IoU     77.61   77.92   78.16   78.21   77.94

    a  Of the five counts that were tried, 48 is the best.
    b  One channel would do as well as 48.
    c  48 is better than 32 at every repetition of the training.
    d  From 8 channels to 64 mean IoU changes by less than one point.
    e  The more low-level channels, the better.
    """
    why = {
        "a": "78.21 is the largest number of the row.",
        "b": "one channel was not tried, and from 16 down to 8 it already falls. "
        '"One channel" circulates in lecture notes; it is 48.',
        "c": "there is one number for each count: without a second seed nobody knows what chance does to 0.05 points.",
        "d": "78.21 - 77.61 = 0.60.",
        "e": "64 channels are worse than 48.",
    }
    expect.statements(answer, "ad", why)
