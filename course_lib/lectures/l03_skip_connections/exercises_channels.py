"""The exercises of 03 that count: a gradient through many layers, channels and sides."""

import math

import torch

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _slope(slopes: list[float]) -> list[float]:
    plain, residual = 1.0, 1.0
    for slope in slopes:
        plain *= slope
        residual *= 1 + slope
    return [plain, residual]


@exercise(
    "3.1",
    hints=(
        "The chain rule: the slope of layers that follow each other is the product of their slopes.",
        "A residual block is y = x + F(x). What is its slope, if F has the slope f?",
        "Without the sum the product of all f, with it the product of all 1 + f: [math.prod(slopes), ...].",
    ),
    solution=_slope,
)
def slope(answer, *, draw: Draw) -> None:
    """What arrives at the first layer? my_slope(slopes) gives two numbers: without skip connections, and with them.

    `slopes` are the derivatives of the layers' functions F at their inputs. Plain layers are y = F(x), residual blocks
    y = x + F(x). Give a list: the derivative through all plain layers, and through all residual blocks.
    """
    expect.function(
        answer,
        lambda slopes: torch.tensor(_slope(slopes), dtype=torch.float64),
        # with slopes below -0.5 the plain product may be the larger one; an odd number of them makes it negative
        [([0.5, 0.5],), ([-2.0, -1.5],), ([-0.5, 0.8],)],
        drawn=(((0.1 * draw.normal(count) + 0.3).tolist(),) for count in draw.apart(3, 9, 3)),
        what="the two derivatives for slopes {0}",
        slips={
            "Slopes multiply along a chain; they do not add up.": lambda s: torch.tensor([sum(s), len(s) + sum(s)]),
            "The two are exchanged: plain layers first.": lambda s: torch.tensor(_slope(s)[::-1]),
            "y = x + F(x) has the slope 1 + F'(x) at each block: the 1 is added block by block.": lambda s: (
                torch.tensor([math.prod(s), 1 + math.prod(s)])
            ),
            "Only the last layer is counted.": lambda s: torch.tensor([s[-1], 1 + s[-1]]),
            "Only the first layer is counted: does `return` stand inside the loop?": lambda s: torch.tensor(
                [s[0], 1 + s[0]]
            ),
            "The derivative of x is 1, not x or 0: both products are the same here.": lambda s: torch.tensor(
                [math.prod(s), math.prod(s)]
            ),
        },
        tolerance=1e-5,
    )


def _channels(first: int, down: list[int], bottleneck: int, up: list[int], growth: int) -> list[int]:
    stages, copies = [first], []
    for layers in down:
        stages.append(stages[-1] + layers * growth)
        copies.append(stages[-1])
    stages.append(stages[-1] + bottleneck * growth)
    new = bottleneck * growth
    for layers in up:
        stages.append(copies.pop() + new + layers * growth)
        new = layers * growth
    return stages


def _passes_all(first: int, down: list[int], bottleneck: int, up: list[int], growth: int) -> list[int]:
    stages = _channels(first, down, bottleneck, up, growth)[: len(down) + 2]
    for layers, copy in zip(up, stages[len(down) : 0 : -1]):
        stages.append(copy + stages[-1] + layers * growth)
    return stages


def _without_copies(first: int, down: list[int], bottleneck: int, up: list[int], growth: int) -> list[int]:
    stages = _channels(first, down, bottleneck, up, growth)
    for index, copy in enumerate(stages[len(down) : 0 : -1], start=len(down) + 2):
        stages[index] -= copy
    return stages


def _without_own(first: int, down: list[int], bottleneck: int, up: list[int], growth: int) -> list[int]:
    stages = _channels(first, down, bottleneck, up, growth)
    return stages[: len(down) + 2] + [stage - n * growth for stage, n in zip(stages[len(down) + 2 :], up)]


def _new_alone(first: int, down: list[int], bottleneck: int, up: list[int], growth: int) -> list[int]:
    stages = _channels(first, down, bottleneck, up, growth)
    return stages[: len(down) + 1] + [layers * growth for layers in (bottleneck, *up)]


def _copies_turned(first: int, down: list[int], bottleneck: int, up: list[int], growth: int) -> list[int]:
    stages = _channels(first, down, bottleneck, up, growth)
    copies = stages[1 : len(down) + 1]
    for index, (wrong, right) in enumerate(zip(copies, copies[::-1]), start=len(down) + 2):
        stages[index] += wrong - right
    return stages


@exercise(
    "3.6",
    hints=(
        "On the way down a block passes everything on: its channels plus layers * growth. Keep each for the skip.",
        "The bottleneck and the blocks on the way up pass on only their new maps, layers * growth.",
        "A stage on the way up: the copy + the new maps of the block before + layers * growth. 656 + 240 + 192.",
    ),
    solution=_channels,
)
def channels(answer, *, draw: Draw) -> None:
    """FC-DenseNet's channels: my_channels(first, down, bottleneck, up, growth) lists them after each stage.

    The first convolution, each block down, the bottleneck, each block up (its whole stack). `down` and `up` are lists
    of layer counts. For FC-DenseNet103: 48, 112, 192, 304, 464, 656, 896, 1088, 816, 576, 384, 256.
    """

    def case(blocks: int) -> tuple[int, list[int], int, list[int], int]:
        up, down = draw.wholes(1, 9, blocks), draw.wholes(1, 9, blocks)
        return draw.whole(2, 60), down, draw.whole(2, 15), up, draw.whole(2, 20)

    expect.function(
        answer,
        _channels,
        [(2, [1], 2, [4], 1), (48, [4, 5, 7, 10, 12], 15, [12, 10, 7, 5, 4], 16)],
        drawn=(case(blocks) for blocks in (draw.whole(2, 3), 3, draw.whole(4, 6))),
        what="the channels for {0}, {1}, {2}, {3}, growth {4}",
        slips={
            "On the way up only a block's new maps are passed on, or the channels would explode.": _passes_all,
            "On the way up the copies from the way down are missing.": _without_copies,
            "On the way up a stage holds its block's own new maps, too: layers * growth.": _without_own,
            "At the bottom the whole stack counts: what came in, and the new maps.": lambda f, down, b, up, growth: [
                b * growth if place == len(down) + 1 else stage
                for place, stage in enumerate(_channels(f, down, b, up, growth))
            ],
            "Those are the new maps alone, which a block passes on: the stack holds what it has read, too.": _new_alone,
            "The copies come in the wrong order: the last one made on the way down is the first to be used.": (
                _copies_turned
            ),
            "The list should begin with the first convolution.": lambda *options: _channels(*options)[1:],
            "The bottleneck's stack is missing.": lambda f, down, *rest: (
                _channels(f, down, *rest)[: len(down) + 1] + _channels(f, down, *rest)[len(down) + 2 :]
            ),
        },
    )


def _unet_side(side: int) -> int:
    for _ in range(4):
        side = (side - 4) // 2
    side -= 4
    for _ in range(4):
        side = 2 * side - 4
    return side


@exercise(
    "3.4",
    hints=(
        "A 3x3 without padding takes 2 away; every level has two of them.",
        "Four times down: minus 4, then half. The bottom: minus 4. Four times up: twice, then minus 4.",
        "572 -> 284 -> 140 -> 68 -> 32 -> 28 -> 52 -> 100 -> 196 -> 388.",
    ),
    solution=_unet_side,
)
def unet_side(answer, *, draw: Draw) -> None:
    """U-Net's output: my_unet_side(side) for an image of side x side, where side is 16k + 12; 572 give 388."""
    expect.function(
        answer,
        _unet_side,
        [(572,), (252,)],
        drawn=((16 * k + 12,) for k in draw.apart(12, 70, 4)),
        what="the side of the output for {0} pixels",
        slips={
            "That is the side of the image: U-Net's convolutions are not padded.": lambda side: side,
            "The bottom's two convolutions are missing.": lambda side: side - 184 + 64,
            "The convolutions on the way up are missing: two at each level.": lambda side: side - 184 + 60,
            "Only one convolution is counted at each level: there are two.": lambda side: side - 92,
            "Only one convolution is counted at each level, and odd sides were rounded: there are two.": lambda side: (
                side - 106
            ),
            "The pool comes after a level's two convolutions: minus 4, then half.": lambda side: side - 248,
            "On the way up the map is enlarged first: twice, then minus 4.": lambda side: side - 244,
            "Five pools are counted: U-Net has four.": lambda side: side - 376,
            "Each convolution is counted as 2 pixels of the image: deep ones cost 4, 8, 16, 32.": lambda side: (
                side - 36
            ),
        },
    )
