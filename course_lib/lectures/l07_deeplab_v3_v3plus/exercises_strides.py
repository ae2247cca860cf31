"""The exercises of 07 on output stride: what it is, and strides traded for rates."""

from course_lib.checking import expect
from course_lib.checking.exercise import exercise


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
    "7.5",
    hints=(
        "Walk along the stages with two numbers: the stride reached so far, and the rate, both beginning at 1.",
        "While the product stays within the wanted output stride, the stage keeps its stride.",
        "Otherwise its stride becomes 1, and the rate is multiplied by the stride that was taken away.",
    ),
    solution=_plan,
)
def plan(answer) -> None:
    """Trade strides for rates: my_plan(strides, output_stride) lists the strides that stay, then the stages' rates.

    ResNet's stages have strides 4, 2, 2, 2. my_plan([4, 2, 2, 2], 8) is [4, 2, 1, 1, 1, 1, 2, 4].
    """
    expect.function(
        answer,
        _plan,
        [([4, 2, 2, 2], 8), ([4, 2, 2, 2], 16), ([4, 2, 2, 2], 32), ([2, 2, 2, 2, 2], 4), ([4, 2, 3, 2], 8)],
        what="the plan for strides {0} and output stride {1}",
        slips={
            "The rates stay 1: without them the field of the later layers shrinks.": lambda strides, wanted: (
                _plan(strides, wanted)[: len(strides)] + [1] * len(strides)
            ),
            "Rates multiply: the second stride taken away doubles the rate again, to 4.": lambda strides, wanted: [
                *_plan(strides, wanted)[: len(strides)],
                *(1 if kept == stride else stride for kept, stride in zip(_plan(strides, wanted), strides)),
            ],
            "The rate comes one stage late: the stage that lost its stride is dilated already (torchvision's way).": (
                lambda strides, wanted: _late(_plan(strides, wanted), len(strides))
            ),
            "No stride is taken away.": lambda strides, wanted: strides + [1] * len(strides),
        },
    )


def _late(numbers: list[int], stages: int) -> list[int]:
    return [*numbers[:stages], 1, *numbers[stages:-1]]


def _output_stride(image: int, cells: int) -> float:
    return image / cells


@exercise(
    "7.4",
    hints=(
        "A feature map is smaller than its image, and output stride is at least 1.",
        "It says how many pixels one cell stands for.",
        "The size of the image divided by the size of the encoder's output: 512 / 32 = 16.",
    ),
    solution=_output_stride,
)
def output_stride(answer) -> None:
    """Debug a definition: "output stride = size of the output / size of the input". my_output_stride(image, cells)."""
    expect.function(
        answer,
        _output_stride,
        [(512, 32), (512, 64), (224, 7), (96, 24)],
        what="the output stride of {1} cells for {0} pixels",
        slips={
            "That is the definition that circulates, upside down: it is never below 1.": lambda i, c: c / i,
            "It is a ratio, not a difference.": lambda i, c: i - c,
            "It is about the side, not the area.": lambda i, c: (i / c) ** 2,
            "That counts halvings: three of them make output stride 8.": lambda i, c: (i // c).bit_length() - 1,
            "That is the size of the output.": lambda i, c: c,
        },
    )
