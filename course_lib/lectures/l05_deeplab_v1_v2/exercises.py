"""The exercises of 05: corners aligned, the sum of rates, a large field with few weights, and the CRF's kernel."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l05_deeplab_v1_v2.exercises_steps import mean_field as mean_field
from course_lib.lectures.l05_deeplab_v1_v2.exercises_steps import poly as poly


def _aspp(x: Tensor, weights: list[Tensor], biases: list[Tensor], rates: list[int]) -> Tensor:
    branches = [F.conv2d(x, w, b, padding=r, dilation=r) for w, b, r in zip(weights, biases, rates)]
    return torch.stack(branches).sum(0)


@exercise(
    "5.6",
    hints=(
        "Each branch is a classifier of its own: a 3x3 at its rate, from all maps to the classes.",
        "Padding by the rate keeps the size: F.conv2d(x, weight, bias, padding=rate, dilation=rate).",
        "DeepLab v2 adds the branches' scores; v3 is the one that concatenates.",
    ),
    solution=_aspp,
)
def aspp(answer, *, draw: Draw) -> None:
    """DeepLab v2's ASPP: my_aspp(x, weights, biases, rates), one 3x3 weight, one bias and one rate for each branch."""

    def case(before: int, classes: int, height: int, width: int, rates: list[int]) -> tuple:
        x = draw.normal(2, before, height, width, scale=3)
        return x, [draw.normal(classes, before, 3, 3) for _ in rates], [draw.normal(classes) for _ in rates], rates

    def each(x: Tensor, w: list[Tensor], b: list[Tensor], r: list[int]) -> list[Tensor]:
        return [_aspp(x, [weight], [bias], [rate]) for weight, bias, rate in zip(w, b, r)]

    expect.function(
        answer,
        _aspp,
        [],
        drawn=(
            case(draw.whole(1, 4), *draw.apart(2, 9, 3), rates)
            for rates in ([2, 1], draw.apart(1, 5, 3), [6, 12, 18, 24])
        ),
        what="the scores for rates {3}",
        slips={
            "It looks concatenated: that is DeepLab v3. v2 adds the scores.": lambda *a: torch.cat(each(*a), dim=1),
            "It looks averaged: v2 adds.": lambda *a: torch.stack(each(*a)).mean(0),
            "The biases are missing.": lambda x, w, b, r: _aspp(x, w, [0 * bias for bias in b], r),
            "All branches have the same rate: each has its own.": lambda x, w, b, r: _aspp(x, w, b, [r[0]] * len(r)),
            "The rate is missing: dilation=rate, and padding=rate to keep the size.": lambda x, w, b, r: _aspp(
                x, w, b, [1] * len(r)
            ),
            "A ReLU stands at the end: scores may be negative.": lambda *a: _aspp(*a).relu(),
            "Each branch has a ReLU: they are added as they are.": lambda *a: torch.stack(each(*a)).relu().sum(0),
            "That is the maximum of the branches: v2 adds them.": lambda *a: torch.stack(each(*a)).amax(0),
            "That is the first branch alone: does `return` stand inside the loop?": lambda *a: each(*a)[0],
            "That is the last branch alone: add each one to the sum of those before.": lambda *a: each(*a)[-1],
        },
    )


def _resize(row: Tensor, length: int) -> Tensor:
    place = torch.arange(length) * (len(row) - 1) / (length - 1)
    left = place.floor().long().clamp(max=len(row) - 2)
    share = place - left
    return (1 - share) * row[left] + share * row[left + 1]


@exercise(
    "5.3",
    hints=(
        "Corners aligned: the first and the last value stay as they are, the others lie evenly between.",
        "New value number i comes from the place i * (old length - 1) / (new length - 1).",
        "Between two old values: (1 - share) * row[left] + share * row[left + 1], left = floor(place).",
    ),
    solution=_resize,
)
def resize(answer, *, draw: Draw) -> None:
    """Enlarge one row bilinearly, corners aligned: my_resize(row, length), without F.interpolate."""
    example = torch.tensor([0.0, 4.0]), 5

    def reference(row: Tensor, length: int, *, aligned: bool = True, mode: str = "linear") -> Tensor:
        corners = {"align_corners": aligned} if mode == "linear" else {}
        return F.interpolate(row[None, None], size=length, mode=mode, **corners)[0, 0]

    expect.function(
        answer,
        reference,
        [example],
        drawn=(
            (draw.normal(count, scale=5), length)
            for count, length in (
                (draw.whole(3, 7), 4 * draw.whole(2, 7) + 1),
                (draw.whole(3, 9), draw.whole(10, 20)),
                (draw.whole(8, 12), draw.whole(3, 7)),
                (4, 4),
            )
        ),
        what="the row with {1} values",
        slips={
            "That is align_corners=False: it repeats the border. The steps are (n - 1) / (length - 1).": lambda r, n: (
                reference(r, n, aligned=False)
            ),
            "That repeats values: blend the two neighbours.": lambda row, n: reference(row, n, mode="nearest"),
            "The places are i * n / length: with aligned corners it is (n - 1) / (length - 1).": lambda row, n: _blend(
                row, torch.arange(n) * len(row) / n
            ),
            "The shares of the two neighbours are exchanged.": lambda row, n: _blend(
                row, torch.arange(n) * (len(row) - 1) / (n - 1), exchanged=True
            ),
        },
    )


def _blend(row: Tensor, place: Tensor, *, exchanged: bool = False) -> Tensor:
    left = place.floor().long().clamp(max=len(row) - 1)
    right, share = (left + 1).clamp(max=len(row) - 1), place - left
    share = 1 - share if exchanged else share
    return (1 - share) * row[left] + share * row[right]


def _equal_rate(kernel: int, rate: int) -> int:
    return (kernel - 1) * rate // 2


@exercise(
    "5.1",
    hints=(
        "A kernel at a rate spans (kernel - 1) * rate + 1 cells.",
        "A 3x3 at rate r spans 2 * r + 1. Set the two equal.",
        "r = (kernel - 1) * rate / 2: fc6 as a 7x7 at rate 4 becomes a 3x3 at rate 12, with 9 weights for 49.",
    ),
    solution=_equal_rate,
)
def equal_rate(answer, *, draw: Draw) -> None:
    """A large field with few weights: my_equal_rate(kernel, rate), the rate at which a 3x3 spans as much."""
    expect.function(
        answer,
        _equal_rate,
        [(5, 1), (7, 4)],
        drawn=((2 * draw.whole(1, 6) + 1, rate) for rate in draw.apart(1, 20, 5)),
        what="the rate of a 3x3 as wide as a {0}x{0} at rate {1}",
        slips={
            "That is the span itself: which rate gives a 3x3 that span?": lambda k, r: (k - 1) * r + 1,
            "Steps count, not taps: a 3x3 has two steps, the other kernel one fewer than taps.": lambda k, r: k * r / 3,
            "A 3x3 reaches `rate` cells to both sides: halve it.": lambda k, r: (k - 1) * r,
            "That is half the kernel: multiply by its rate.": lambda k, r: (k - 1) // 2,
            "Between k taps lie k - 1 steps, not k.": lambda k, r: k * r // 2,
            "That keeps the ratio of the weights, 9 to 49: the spans should be equal.": lambda k, r: k * k * r / 9,
        },
    )


def _side(pixels: int) -> int:
    for _ in range(3):
        pixels = (pixels + 2 * 1 - 3) // 2 + 1
    return pixels


@exercise(
    "5.2",
    hints=(
        "A window of 3 with padding 1 and stride 2: (side + 2 - 3) // 2 + 1.",
        "Only pool1 to pool3 stride. pool4 and pool5 have stride 1 and keep the size.",
        "321 -> 161 -> 81 -> 41: each pool halves and rounds up.",
    ),
    solution=_side,
)
def side(answer, *, draw: Draw) -> None:
    """DeepLab v1's map: my_side(pixels). pool1 to pool3 are 3x3, stride 2, padding 1; pool4 and pool5 have stride 1."""
    expect.function(
        answer,
        _side,
        [(321,), (10,)],
        drawn=((side,) for side in (8 * draw.whole(4, 80), 8 * draw.whole(4, 80) + 1, *draw.apart(33, 700, 4))),
        what="the side of the map for {0} pixels",
        slips={
            "A 3x3 pool with padding 1 rounds up: 321 becomes 161, and not 160.": lambda pixels: pixels // 8,
            "That has a fraction: a map has whole cells.": lambda pixels: pixels / 8,
            "pool4 and pool5 do not stride in DeepLab v1.": lambda pixels: -(-pixels // 32),
            "The padding is missing: it adds one cell on both sides.": lambda pixels: (
                ((((pixels - 3) // 2 + 1) - 3) // 2 + 1 - 3) // 2 + 1
            ),
            "Two of the three pools are counted.": lambda pixels: -(-pixels // 4),
            "One of the three pools is counted.": lambda pixels: -(-pixels // 2),
            "A size that 8 divides needs no cell more: 64 becomes 32, 16, 8.": lambda pixels: pixels // 8 + 1,
        },
    )


def _appearance(distance: float, colour: float, weight: float, alpha: float, beta: float) -> float:
    return weight * math.exp(-(distance**2) / (2 * alpha**2) - colour**2 / (2 * beta**2))


@exercise(
    "5.4",
    hints=(
        "Two Gaussians, one of place and one of colour, multiplied: both must be near.",
        "A Gaussian is exp(-(d ** 2) / (2 * width ** 2)); do not forget the 2.",
        "weight * exp(-(distance ** 2) / (2 * alpha ** 2) - colour ** 2 / (2 * beta ** 2))",
    ),
    solution=_appearance,
)
def appearance(answer, *, draw: Draw) -> None:
    """The CRF's appearance kernel: my_appearance(distance, colour, weight, alpha, beta) for one pair of pixels.

    `distance` in pixels, `colour` distance in grey levels; alpha is the width of the place's Gaussian, beta the width
    of the colours' one.
    """

    def gaussians(d: float, c: float, w: float, a: float, b: float, *, half: float = 2) -> tuple[float, float]:
        return math.exp(-(d**2) / (half * a**2)), math.exp(-(c**2) / (half * b**2))

    expect.function(
        answer,
        _appearance,
        [(3, 2, 4, 5, 3), (30, 4, 4, 67, 3)],
        drawn=(
            (distance, colour, weight / 4, draw.whole(distance // 2 + 1, 2 * distance), draw.whole(colour, 3 * colour))
            for distance, colour, weight in (draw.apart(1, 20, 3) for _ in range(4))
        ),
        what="the kernel for distance {0} and colour {1} with {2}, {3}, {4}",
        slips={
            "The 2 under the fraction is missing: exp(-(d ** 2) / (2 * width ** 2)).": lambda *p: (
                p[2] * math.prod(gaussians(*p, half=1))
            ),
            "The weight is missing.": lambda *p: math.prod(gaussians(*p)),
            "The two are added: they multiply, since place and colour must both be near.": lambda *p: (
                p[2] * sum(gaussians(*p))
            ),
            "alpha and beta are exchanged: alpha is for the place, beta for the colour.": lambda *p: (
                p[2] * math.prod(gaussians(p[0], p[1], p[2], p[4], p[3]))
            ),
            "The distances are not squared.": lambda d, c, w, a, b: w * math.exp(-d / (2 * a**2) - c / (2 * b**2)),
            "/ 2 * width ** 2 multiplies by the width: put brackets round 2 * width ** 2.": lambda d, c, w, a, b: (
                w * math.exp(-(d**2) / 2 * a**2 - c**2 / 2 * b**2)
            ),
            "The 2 is squared as well: 2 * width ** 2, not (2 * width) ** 2.": lambda *p: (
                p[2] * math.prod(gaussians(*p, half=4))
            ),
            "The minus is missing: who lies farther away counts less.": lambda d, c, w, a, b: (
                w * math.exp(min(d**2 / (2 * a**2) + c**2 / (2 * b**2), 700))
            ),
        },
    )
