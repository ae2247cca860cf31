"""The exercises of 01: a layer made convolutional, FCN's sizes, its kernel, crop and sum, and what its table says."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l01_fcn_limits.exercises_maps import coarse as coarse
from course_lib.lectures.l01_fcn_limits.exercises_maps import convolutional as convolutional
from course_lib.models.blocks import bilinear_upsampling, centre_crop


def _kernel(size: int) -> Tensor:
    half = (size + 1) // 2
    centre = half - 1 if size % 2 else half - 0.5
    axis = 1 - (torch.arange(size) - centre).abs() / half
    return torch.outer(axis, axis)


def _axis(size: int) -> Tensor:
    return _kernel(size).diagonal().sqrt()


def _tent(size: int, half: float, centre: float) -> Tensor:
    axis = (1 - (torch.arange(size) - centre).abs() / half).clamp(min=0)
    return torch.outer(axis, axis)


@exercise(
    "1.4",
    hints=(
        "One axis is a tent: highest in the middle, falling evenly to both sides. The square is its outer product.",
        "With half = (size + 1) // 2 the tent is 1 - |place - centre| / half.",
        "An odd size has its centre on a cell, half - 1; an even size between two cells, half - 0.5.",
    ),
    solution=_kernel,
)
def kernel(answer, *, draw: Draw) -> None:
    """Fill the kernel of a bilinear upsampling: my_kernel(size) gives size x size weights."""
    expect.function(
        answer,
        lambda size: bilinear_upsampling(1, kernel_size=size, stride=2).weight[0, 0],
        [(4,), (3,)],
        drawn=((size,) for size in (4 * draw.whole(2, 16), 4 * draw.whole(1, 15) + 2, 2 * draw.whole(2, 16) + 1)),
        what="the kernel of size {0}",
        slips={
            "It looks divided by its sum: one axis should sum to the stride, or the picture darkens.": lambda size: (
                _kernel(size) / _kernel(size).sum()
            ),
            "The peak sits on one cell: an even kernel has its centre between two cells.": lambda size: _tent(
                size, (size + 1) // 2, size // 2
            ),
            "For an odd size, half is (size + 1) // 2: 3 cells need half = 2.": lambda size: _tent(
                size, size / 2, (size - 1) / 2
            ),
            "All weights are equal: that repeats pixels and does not blend them.": lambda size: torch.ones(size, size),
            "The tent is 0 at its ends already: it should be 0 one step beyond them.": lambda size: _tent(
                size, (size - 1) / 2, (size - 1) / 2
            ),
            "The two axes look added: the kernel is their outer product.": lambda size: (
                _axis(size)[:, None] + _axis(size)
            ),
            "That is one axis; the kernel is the outer product of two.": lambda size: _axis(size),
        },
    )


def _fuse(scores: Tensor, skip: Tensor, offset: int) -> Tensor:
    height, width = scores.shape[-2:]
    return scores + skip[..., offset : offset + height, offset : offset + width]


@exercise(
    "1.5",
    hints=(
        "The map of the skip is larger: cut out a window as large as the scores.",
        "The window begins `offset` cells from the top and from the left. It is not in the centre.",
        "skip[..., offset : offset + height, offset : offset + width], added to the scores.",
    ),
    solution=_fuse,
)
def fuse(answer, *, draw: Draw) -> None:
    """Add a skip as FCN does: my_fuse(scores, skip, offset) crops the skip from the offset and adds it."""

    def case(maps: int, height: int, width: int, offset: int, extra: int) -> tuple[Tensor, Tensor, int]:
        skip = draw.normal(2, maps, height + offset + extra, width + offset + extra, scale=5)
        return draw.normal(2, maps, height, width, scale=5), skip, offset

    scores = torch.tensor([[[[1.0, -2], [0, 3]]]])
    skip = torch.arange(25.0).view(1, 1, 5, 5)

    expect.function(
        answer,
        _fuse,
        [(scores, skip, 2)],
        drawn=(case(*draw.wholes(2, 9, 4), extra) for extra in draw.apart(3, 11, 3)),
        what="the sum",
        slips={
            "The window lies in the centre: it should begin at the offset.": lambda scores, skip, offset: (
                scores + centre_crop(skip, scores.shape[-2:])
            ),
            "The window begins at the corner: the offset is not used.": lambda scores, skip, offset: _fuse(
                scores, skip, 0
            ),
            "The window begins one cell too late.": lambda scores, skip, offset: _fuse(scores, skip, offset + 1),
            "The window begins one cell too early.": lambda scores, skip, offset: _fuse(scores, skip, offset - 1),
            "A ReLU stands after the sum: scores may be negative.": lambda *a: _fuse(*a).relu(),
            "It looks multiplied: FCN adds.": lambda scores, skip, offset: scores * _fuse(0 * scores, skip, offset),
            "The skip looks resized: FCN crops it and leaves its values alone.": lambda scores, skip, offset: (
                scores + F.interpolate(skip, size=scores.shape[-2:], mode="bilinear")
            ),
            "The scores look enlarged to the skip's size: crop the skip instead.": lambda scores, skip, offset: (
                F.interpolate(scores, size=skip.shape[-2:], mode="bilinear") + skip
            ),
            "It looks concatenated: FCN adds. U-Net concatenates.": lambda scores, skip, offset: torch.cat(
                [scores, _fuse(0 * scores, skip, offset)], dim=1
            ),
            "Only the cropped skip comes out: add the scores.": lambda scores, skip, offset: _fuse(
                0 * scores, skip, offset
            ),
        },
    )


def _cells(side: int) -> int:
    side = side + 2 * 100 - 2
    for _ in range(5):
        side = (side + 1) // 2
    return side - 6


def _pooled(side: int, *, up: bool = True) -> int:
    for _ in range(5):
        side = (side + up) // 2
    return side


@exercise(
    "1.2",
    hints=(
        "conv1_1 is 3x3 with padding 100 on both sides: the side grows by 200 and loses 2. The other 3x3 keep it.",
        "Each of the five pools halves and rounds up.",
        "fc6 is 7x7 without padding: it loses 6. 500 -> 698 -> 349, 175, 88, 44, 22 -> 16.",
    ),
    solution=_cells,
)
def cells(answer, *, draw: Draw) -> None:
    """How many cells has FCN's score map? my_cells(side) for an image of side x side pixels; 500 give 16."""
    expect.function(
        answer,
        _cells,
        [(500,), (58,)],
        drawn=((32 * draw.whole(1, 20) + rest,) for rest in (0, 1, 26, 27, *draw.apart(2, 31, 4))),
        what="the cells for {0} pixels",
        slips={
            "The pools round up, as in Caffe: an odd side keeps its last cell.": lambda side: (
                _pooled(side + 198, up=False) - 6
            ),
            "Padding 100 is on both sides: it adds 200.": lambda side: _pooled(side + 98) - 6,
            "The 3x3 kernel of conv1_1 takes 2 away from the 200.": lambda side: _pooled(side + 200) - 6,
            "fc6 is 7x7 without padding and takes 6 cells away.": lambda side: _pooled(side + 198),
            "That is side / 32: conv1_1 pads by 100, and fc6 takes cells away.": lambda side: side / 32,
            "Is that side // 32? conv1_1 pads by 100, and fc6 takes cells away.": lambda side: side // 32,
        },
    )


@exercise(
    "1.6",
    hints=(
        "Subtract rows: what does each step change, and in which column?",
        "A statement about small objects needs a number about small objects.",
        "From 32s to 16s mean IoU gains 3.0, from 16s to 8s 0.3. From the fixed network to the learned one: 14.0.",
    ),
    solution="ace",
)
def gains(answer) -> None:
    """Which statements follow from FCN's own table? Answer with letters, such as "bd".

    PASCAL VOC 2011 (Long et al. 2015, Table 2)    pixel accuracy   mean IoU
        FCN-32s, only the last layer learned        83.0             45.4
        FCN-32s                                     89.1             59.4
        FCN-16s                                     90.0             62.4
        FCN-8s                                      90.3             62.7

    a  The first skip raises mean IoU about ten times as much as the second.
    b  The skips help small objects more than large ones.
    c  From FCN-32s to FCN-8s mean IoU gains more than pixel accuracy does.
    d  A third skip, from pool2, would gain another 0.3.
    e  Learning all layers gains more than both skips together.
    """
    why = {
        "a": "3.0 points from 32s to 16s, 0.3 from 16s to 8s.",
        "b": "the table has no column for the size of objects. It may be true, but this does not show it.",
        "c": "mean IoU gains 3.3 points, pixel accuracy 1.2.",
        "d": "no row has a third skip, and the steps become smaller: a table does not speak about what it left out.",
        "e": "14.0 points from learning all layers, 3.3 from the two skips.",
    }
    expect.statements(answer, "ace", why)
