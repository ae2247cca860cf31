"""The exercises of 07 on output stride and on cost: what a stride is, strides for rates, what separable saves."""

import math

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _replaced(strides: list[int], wanted: int) -> list[int]:
    """Each stride that is taken away becomes the rate, instead of multiplying it."""
    kept, rates = _plan(strides, wanted)[: len(strides)], [1]
    for stride, now in zip(strides, kept):
        rates.append(rates[-1] if now == stride else stride)
    return kept + rates[1:]


def _plan(strides: list[int], wanted: int) -> list[int]:
    kept, rates, reached, rate = [], [], 1, 1
    for stride in strides:
        if reached * stride <= wanted:
            reached *= stride
            kept.append(stride)
        else:
            rate *= stride
            kept.append(1)
        rates.append(rate)
    return kept + rates


@exercise(
    "7.4",
    hints=(
        "Walk along the stages with two numbers: the stride reached so far, and the rate, both beginning at 1.",
        "While the product stays within the wanted output stride, the stage keeps its stride.",
        "Otherwise its stride becomes 1, and the rate is multiplied by the stride that was taken away.",
    ),
    solution=_plan,
)
def plan(answer, *, draw: Draw) -> None:
    """Trade strides for rates: my_plan(strides, output_stride) lists the strides that stay, then the stages' rates.

    ResNet's stages have strides 4, 2, 2, 2. my_plan([4, 2, 2, 2], 8) is [4, 2, 1, 1, 1, 1, 2, 4].
    """
    expect.function(
        answer,
        _plan,
        [([4, 2, 2, 2], 8), ([4, 2, 2, 2], 16), ([4, 2, 2, 2], 32), ([2, 2, 2, 2, 2], 4), ([4, 3, 2], 8)],
        drawn=((draw.wholes(1, 4, count), draw.one_of((2, 4, 6, 8, 12, 16))) for count in draw.apart(3, 8, 5)),
        what="the plan for strides {0} and output stride {1}",
        slips={
            "The rates stay 1: without them the field of the later layers shrinks.": lambda strides, wanted: (
                _plan(strides, wanted)[: len(strides)] + [1] * len(strides)
            ),
            "Rates multiply: the second stride taken away doubles the rate again, to 4.": _replaced,
            "The rate comes one stage late: the stage that lost its stride is dilated already (torchvision's way).": (
                lambda strides, wanted: _late(_plan(strides, wanted), len(strides))
            ),
            "A stage behind one that lost its stride keeps its own if the product fits: 4 * 3 does not, 4 * 2 does.": (
                _from_there_on
            ),
            "No stride is taken away.": lambda strides, wanted: strides + [1] * len(strides),
        },
    )


def _from_there_on(strides: list[int], wanted: int) -> list[int]:
    fits = [math.prod(strides[: place + 1]) <= wanted for place in range(len(strides))]
    kept = [stride if fit else 1 for stride, fit in zip(strides, fits)]
    return kept + [math.prod(strides[: place + 1]) // math.prod(kept[: place + 1]) for place in range(len(strides))]


def _late(numbers: list[int], stages: int) -> list[int]:
    return [*numbers[:stages], 1, *numbers[stages:-1]]


def _output_stride(image: int, cells: int) -> float:
    return image / cells


@exercise(
    "7.3",
    hints=(
        "A feature map is smaller than its image, and output stride is at least 1.",
        "It says how many pixels one cell stands for.",
        "The size of the image divided by the size of the encoder's output: 512 / 32 = 16.",
    ),
    solution=_output_stride,
)
def output_stride(answer, *, draw: Draw) -> None:
    """Debug a definition: "output stride = size of the output / size of the input". my_output_stride(image, cells)."""
    expect.function(
        answer,
        _output_stride,
        [(512, 32), (512, 64)],
        drawn=((cells * draw.whole(2, 40), cells) for cells in draw.apart(3, 70, 4)),
        what="the output stride of {1} cells for {0} pixels",
        slips={
            "That is the definition that circulates, upside down: it is never below 1.": lambda i, c: c / i,
            "It is a ratio, not a difference.": lambda i, c: i - c,
            "It is about the side, not the area.": lambda i, c: (i / c) ** 2,
            "That counts halvings: three of them make output stride 8.": lambda i, c: (i // c).bit_length() - 1,
            "That is the size of the output.": lambda i, c: c,
        },
    )


def _cost(cells: int, before: int, after: int, kernel: int) -> list[int]:
    return [cells * kernel**2 * before * after, cells * (kernel**2 * before + before * after)]


@exercise(
    "7.7",
    hints=(
        "A multiply-add for each weight that an output cell reads. How many weights are that, in each of the two?",
        "Ordinary: kernel * kernel * before for each of the `after` outputs. Depthwise: each map has one kernel.",
        "[cells * k ** 2 * before * after, cells * (k ** 2 * before + before * after)]: the 1x1 mixes before * after.",
    ),
    solution=_cost,
)
def cost(answer, *, draw: Draw) -> None:
    """What do separable convolutions save? my_cost(cells, before, after, kernel) lists the multiply-adds of both.

    First the ordinary convolution, then the separable one: depthwise kernel x kernel, then a 1x1. `before` and `after`
    are the numbers of maps, `cells` those of the map that goes out. Biases are not counted.
    """
    expect.function(
        answer,
        _cost,
        [(10, 4, 8, 3)],
        drawn=(  # with a single map that goes out, the separable one is dearer
            (cells, draw.whole(3, 60), after, 2 * draw.whole(1, 3) + 1)
            for cells, after in zip(draw.apart(3, 500, 4), (*draw.wholes(3, 60, 3), 1))
        ),
        what="the multiply-adds for {0} cells, {1} maps to {2}, kernel {3}",
        slips={
            "The two are exchanged: the ordinary convolution first.": lambda n, b, a, k: _cost(n, b, a, k)[::-1],
            "Those are the weights: each is used once for every cell.": lambda n, b, a, k: _cost(1, b, a, k),
            "The 1x1 is missing: it mixes the maps.": lambda n, b, a, k: [n * k**2 * b * a, n * k**2 * b],
            "The depthwise half has one kernel for each of the `before` maps.": lambda n, b, a, k: [
                n * k**2 * b * a,
                n * (k**2 * a + b * a),
            ],
            "The halves are multiplied: one follows the other, so their costs add up.": lambda n, b, a, k: [
                n * k**2 * b * a,
                n * k**2 * b * b * a,
            ],
            "The kernel has kernel * kernel weights, not kernel.": lambda n, b, a, k: [
                n * k * b * a,
                n * (k * b + b * a),
            ],
            "That is the ratio: give both costs.": lambda n, b, a, k: (k**2 * a) / (k**2 + a),
            "Every map is read once for each output: times `before`.": lambda n, b, a, k: [
                n * k**2 * a,
                n * (k**2 * b + a),
            ],
        },
    )
