"""The exercises of 03 that count channels and sides."""

from course_lib.checking import expect
from course_lib.checking.exercise import exercise


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
    "3.3",
    hints=(
        "On the way down a block passes everything on: its channels plus layers * growth. Keep each for the skip.",
        "The bottleneck and the blocks on the way up pass on only their new maps, layers * growth.",
        "A stage on the way up: the copy + the new maps of the block before + layers * growth. 656 + 240 + 192.",
    ),
    solution=_channels,
)
def channels(answer) -> None:
    """FC-DenseNet's channels: my_channels(first, down, bottleneck, up, growth) lists them after each stage.

    The first convolution, each block down, the bottleneck, each block up (its whole stack). `down` and `up` are lists
    of layer counts. For FC-DenseNet103: 48, 112, 192, 304, 464, 656, 896, 1088, 816, 576, 384, 256.
    """
    expect.function(
        answer,
        _channels,
        [
            (2, [1], 2, [4], 1),
            (48, [4, 5, 7, 10, 12], 15, [12, 10, 7, 5, 4], 16),
            (48, [4] * 5, 4, [4] * 5, 12),
            (10, [2, 3, 4], 5, [1, 2, 6], 7),
        ],
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
def unet_side(answer) -> None:
    """U-Net's output: my_unet_side(side) for an image of side x side, where side is 16k + 12; 572 give 388."""
    expect.function(
        answer,
        _unet_side,
        [(572,), (252,), (1020,), (204,), (412,)],
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
