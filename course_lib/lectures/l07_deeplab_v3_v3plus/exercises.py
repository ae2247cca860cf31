"""The exercises of 07: the image in one number, branches side by side, separable convolutions, the decoder."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l07_deeplab_v3_v3plus.exercises_strides import cost as cost
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
def image_pooling(answer, *, draw: Draw) -> None:
    """DeepLab v3's image pooling: my_image_pooling(x, weight), as large as x again; BN and ReLU are left out."""

    def case(batch: int, before: int, after: int, *size: int) -> tuple[Tensor, Tensor]:
        return draw.normal(batch, before, *size, scale=5), draw.normal(after, before, 1, 1)

    example = torch.tensor([[[[1.0, 2, 6]]]]), torch.tensor([[[[2.0]]], [[[-1.0]]]])
    expect.function(
        answer,
        _image_pooling,
        [example],
        drawn=(case(2, *draw.apart(2, 6, 2), *draw.apart(3, 9, 2)) for _ in range(2)),
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
            "A ReLU is in there: here it is left out.": lambda x, w: _image_pooling(x, w).relu(),
            "That is the median over the map: image pooling takes the mean.": lambda x, w: _image_pooling(
                x.flatten(2).median(2).values[..., None, None].expand_as(x), w
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
    """Stands for a layer: `after` maps of both signs from all maps of x, each another mixture."""

    def __init__(self, after: int, draw: Draw):
        self.after, self._shares = after, draw.normal(after, 60, 1, 1)

    def __call__(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self._shares[:, : x.shape[1]])


@exercise(
    "7.2",
    hints=(
        "Every branch reads x; none reads another branch.",
        "Five branches of 256 maps become 1280: torch.cat([...], dim=1), in the order of the branches.",
        "project is a 1x1 that brings them back to 256: it comes once, after the concatenation.",
    ),
    solution=_aspp,
)
def aspp(answer, *, draw: Draw) -> None:
    """DeepLab v3's ASPP: my_aspp(x, branches, project); branches and project are layers that you may call."""

    def case(before: int, after: int, count: int) -> tuple:
        layers = [_Share(after, draw) for _ in range(count + 1)]
        return draw.normal(2, before, *draw.apart(2, 6, 2), scale=5), layers[:-1], layers[-1]

    def chained(x: Tensor, branches: list[Callable], project: Callable) -> Tensor:
        for branch in branches:
            x = branch(x)
        return project(x)

    expect.function(
        answer,
        _aspp,
        [],
        drawn=(case(*draw.apart(2, 6, 2), count) for count in (2, draw.whole(3, 4), 5)),
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
            "A ReLU stands at the end: here it is left out.": lambda x, b, p: _aspp(x, b, p).relu(),
            "Each branch has a ReLU more: concatenate what they give.": lambda x, b, p: p(
                torch.cat([f(x).relu() for f in b], dim=1)
            ),
            "The branches are averaged before the projection: concatenate them.": lambda x, b, p: p(
                sum(f(x) for f in b) / len(b)
            ),
            "The last branch is missing.": lambda x, b, p: _aspp(x, b[:-1], p),
        },
    )


def _separable(x: Tensor, depthwise: Tensor, pointwise: Tensor, rate: int) -> Tensor:
    alone = F.conv2d(x, depthwise, padding=rate, dilation=rate, groups=x.shape[1])
    return F.conv2d(alone, pointwise)


@exercise(
    "7.6",
    hints=(
        "Two convolutions: a 3x3 that leaves the channels apart, then a 1x1 that mixes them.",
        "groups=x.shape[1] leaves the channels apart; dilation and padding are both the rate.",
        "F.conv2d(F.conv2d(x, depthwise, padding=rate, dilation=rate, groups=x.shape[1]), pointwise)",
    ),
    solution=_separable,
)
def separable(answer, *, draw: Draw) -> None:
    """An atrous separable convolution: my_separable(x, depthwise, pointwise, rate), as large as x, without biases.

    depthwise has shape (channels, 1, 3, 3), pointwise (after, channels, 1, 1).
    """

    def case(before: int, after: int, height: int, width: int, rate: int) -> tuple:
        shapes = (2, before, height, width), (before, 1, 3, 3), (after, before, 1, 1)
        return *(draw.normal(*shape, scale=2) for shape in shapes), rate

    expect.function(
        answer,
        _separable,
        [],
        drawn=(case(*draw.apart(2, 6, 2), *draw.apart(7, 10, 2), rate) for rate in (1, draw.whole(2, 3), 3)),
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
            "ReLU6 stands at the end: here, nothing does.": lambda x, d, p, r: F.relu6(_separable(x, d, p, r)),
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
    "7.5",
    hints=(
        "The low-level map has the edges, the encoded map the meaning. Which one is too small?",
        "The low-level feature has many channels and would outweigh the encoder's: reduce(low) first.",
        "F.interpolate(encoded, size=low.shape[-2:], mode='bilinear', align_corners=True), then "
        "torch.cat([encoded, details], dim=1).",
    ),
    solution=_decoder,
)
def decoder(answer, *, draw: Draw) -> None:
    """DeepLab v3+'s decoder up to its 3x3s: my_decoder(low, encoded, reduce) joins the encoded map and the edges.

    `low` is the low-level feature at stride 4, `encoded` the encoder's map at stride 16, `reduce` the 1x1 to 48 maps.
    The encoded map is enlarged bilinearly with corners aligned, and comes first.
    """

    def case(maps: int, few: int, coarse: int, height: int, width: int) -> tuple:
        low = draw.normal(2, maps, 4 * height - 3, 4 * width - 3, scale=5)
        return low, draw.normal(2, coarse, height, width, scale=5), _Share(few, draw)

    expect.function(
        answer,
        _decoder,
        [],
        drawn=(case(draw.whole(5, 9), *draw.apart(2, 4, 2), *draw.apart(2, 5, 2)) for _ in range(3)),
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
                torch.cat([_enlarged(e, low), low.mean(1, keepdim=True)], dim=1)
            ),
            "A ReLU stands on the details: `reduce` is all that is done to them.": lambda low, e, r: torch.cat(
                [_enlarged(e, low), r(low).relu()], dim=1
            ),
            "A ReLU stands at the end: here it is left out.": lambda low, e, r: _decoder(low, e, r).relu(),
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
    "7.8",
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
