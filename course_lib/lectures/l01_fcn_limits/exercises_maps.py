"""The exercises of 01 about coarse maps: a layer as a convolution, and the best that one label per cell can say."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _convolutional(weight: Tensor, channels: int, size: int) -> Tensor:
    return weight.view(-1, channels, size, size)


@exercise(
    "1.1",
    hints=(
        "Both layers multiply the same numbers with the same weights. Only the shape of the weight differs.",
        "The layer reads its maps flattened: channel by channel, row by row, as .flatten(1) lays them.",
        "weight has outputs x (channels * size * size): .view(outputs, channels, size, size).",
    ),
    solution=_convolutional,
)
def convolutional(answer, *, draw: Draw) -> None:
    """Make a fully connected layer convolutional: my_convolutional(weight, channels, size) gives the kernel.

    `weight` is that of nn.Linear, which reads `channels` flattened maps of size x size. F.conv2d with your kernel gives
    its output on such a map, and a heat map on a larger one.
    """

    def case(outputs: int, channels: int, size: int) -> tuple[Tensor, int, int]:
        return draw.normal(outputs, channels * size * size), channels, size

    expect.function(
        answer,
        _convolutional,
        [(torch.arange(16.0).view(2, 8), 2, 2)],
        drawn=(case(draw.whole(2, 9), *draw.apart(2, 6, 2)) for _ in range(2)),
        what="the kernel for {1} maps of {2} x {2}",
        slips={
            "The channels come last: the layer was given channel after channel.": lambda w, c, s: w.view(
                -1, s, s, c
            ).permute(0, 3, 1, 2),
            "Rows and columns are exchanged.": lambda *a: _convolutional(*a).mT,
            "The kernel is turned around: F.conv2d does not turn it, nor should you.": lambda *a: _convolutional(
                *a
            ).flip(2, 3),
            "Inputs and outputs are exchanged: F.conv2d wants outputs first, as nn.Linear has it.": lambda *a: (
                _convolutional(*a).transpose(0, 1)
            ),
            "That is nn.Linear's weight: give it four axes.": lambda w, c, s: w,
            "That is a 1x1 kernel over channels * size * size maps: it should read size x size cells.": (
                lambda w, c, s: w[..., None, None]
            ),
        },
    )


def _coarse(labels: Tensor, stride: int) -> Tensor:
    counts = F.avg_pool2d(F.one_hot(labels).permute(2, 0, 1).float(), stride)
    return counts.argmax(0).repeat_interleave(stride, 0).repeat_interleave(stride, 1)


def _sampled(labels: Tensor, stride: int, start: int) -> Tensor:
    return labels[start::stride, start::stride].repeat_interleave(stride, 0).repeat_interleave(stride, 1)


@exercise(
    "1.3",
    hints=(
        "Each block of stride x stride pixels gets one label: that of most of its pixels.",
        "Count class by class: F.one_hot(labels).permute(2, 0, 1).float() is 1 where a pixel has the class.",
        "F.avg_pool2d of it gives shares, .argmax(0) the winner, and .repeat_interleave(stride, 0), then 1, the size.",
    ),
    solution=_coarse,
)
def coarse(answer, *, draw: Draw) -> None:
    """The best that one label per cell can say: my_coarse(labels, stride), as large as labels.

    Each block of stride x stride pixels becomes the class that most of its pixels have; of two equally frequent ones
    the smaller number. Both sides of the H x W labels are multiples of the stride.
    """

    def case(classes: int, rows: int, columns: int, stride: int) -> tuple[Tensor, int]:
        return torch.randint(classes, (rows * stride, columns * stride), generator=draw.generator), stride

    example = torch.tensor([[0, 1, 2, 2], [1, 1, 0, 2], [3, 0, 1, 0], [3, 0, 0, 1]]), 2
    expect.function(
        answer,
        _coarse,
        [example],
        drawn=(
            case(classes, *draw.apart(2, 5, 2), stride)
            for classes, stride in zip((draw.whole(2, 5), draw.whole(9, 12)), draw.apart(3, 6, 2))
        ),
        what="the coarse labels at stride {1}",
        slips={
            "That is the first pixel of each block: take the class that most of its pixels have.": lambda x, s: (
                _sampled(x, s, 0)
            ),
            "That is the pixel in the middle of each block: take the class that most pixels have.": lambda x, s: (
                _sampled(x, s, s // 2)
            ),
            "It has one cell for each block: repeat each, to be as large as labels.": lambda x, s: _coarse(x, s)[
                ::s, ::s
            ],
            "Classes are names: their maximum says nothing.": lambda x, s: (
                F.max_pool2d(x[None, None].float(), s).repeat_interleave(s, 2).repeat_interleave(s, 3)[0, 0]
            ),
            "Classes are names: their average says nothing.": lambda x, s: (
                F.avg_pool2d(x[None, None].float(), s).round().repeat_interleave(s, 2).repeat_interleave(s, 3)[0, 0]
            ),
            "Of two classes with equally many pixels take the smaller number.": lambda x, s: (
                x.max() - _coarse(x.max() - x, s)
            ),
            "The blocks are repeated side by side: each cell should become a block.": lambda x, s: _coarse(x, s)[
                ::s, ::s
            ].repeat(s, s),
        },
    )
