"""The exercises of 08 about choosing: the best network that one can afford, and the band where outlines are judged."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _affordable(table: dict[str, tuple[float, float]], limit: float) -> str:
    within = [name for name, (memory, _) in table.items() if memory <= limit]
    return max(within, key=lambda name: table[name][1], default="")


@exercise(
    "8.4",
    hints=(
        "First throw away what does not fit. A network that needs just the limit fits.",
        "Of what is left take the best score; if nothing is left, the empty word.",
        'max([name for name in table if table[name][0] <= limit], key=lambda name: table[name][1], default="")',
    ),
    solution=_affordable,
)
def affordable(answer, *, draw: Draw) -> None:
    """Which one fits your machine? my_affordable(table, limit) names the network with the best score that does.

    `table` is {name: (memory, score)}; a network fits if its memory is at most `limit`. If none fits, give "".
    """

    def case(count: int) -> tuple[dict[str, tuple[int, int]], int]:
        memory, scores = draw.apart(1, 20, count), draw.apart(30, 90, count)
        table = {name: (m, s) for name, m, s in zip("cafbed", memory, scores)}
        return table, draw.one_of(memory)

    table = {"large": (9, 80), "small": (2, 60), "middle": (5, 75)}
    expect.function(
        answer,
        _affordable,
        [(table, 6), (table, 5), (table, 1)],
        drawn=(case(count) for count in draw.apart(3, 6, 4) + [6, 6, 6]),
        what="the network of {0} within {1}",
        slips={
            "That is the best of all: it does not fit.": lambda t, limit: max(t, key=lambda n: t[n][1]),
            "That is the smallest: a larger one fits and has a better score.": lambda t, limit: min(
                t, key=lambda n: t[n][0]
            ),
            "That is the largest that fits: ask for the best score.": lambda t, limit: max(
                (n for n in t if t[n][0] <= limit), key=lambda n: t[n][0], default=""
            ),
            "At most: a network that needs just the limit fits.": lambda t, limit: _affordable(t, limit - 0.5),
            "The numbers come as (memory, score), in this order.": lambda t, limit: _affordable(
                {n: t[n][::-1] for n in t}, limit
            ),
            "That is the worst score of those that fit.": lambda t, limit: min(
                (n for n in t if t[n][0] <= limit), key=lambda n: t[n][1], default=""
            ),
        },
    )


def _band(labels: Tensor, width: int) -> Tensor:
    maps = labels[None, None].float()
    size = 2 * width + 1
    largest = F.max_pool2d(maps, size, stride=1, padding=width)
    smallest = -F.max_pool2d(-maps, size, stride=1, padding=width)
    return (largest != smallest)[0, 0]


@exercise(
    "8.5",
    hints=(
        "A pixel is in the band if the window around it holds two classes. How large is the window?",
        "2 * width + 1 pixels to a side. The largest and the smallest class in it differ if and only if there are two.",
        "F.max_pool2d(maps, 2 * width + 1, 1, width) gives the largest class, minus that of -maps the smallest.",
    ),
    solution=_band,
)
def band(answer, *, draw: Draw) -> None:
    """Where are outlines judged? my_band(labels, width) is True where a pixel of another class is at most `width` away.

    `labels` are H x W classes without void. Away counts along rows and columns, the larger of the two: the window is a
    square of 2 * width + 1 pixels, cut off at the border of the picture.
    """

    def case(width: int) -> tuple[Tensor, int]:
        rows, columns = draw.apart(4, 7, 2)
        labels = torch.randint(draw.whole(2, 5), (rows, columns), generator=draw.generator)
        return labels.repeat_interleave(4, 0).repeat_interleave(5, 1), width

    def window(labels: Tensor, high: int, wide: int) -> Tensor:
        maps, padding = labels[None, None].float(), (high // 2, wide // 2)
        spread = [F.max_pool2d(sign * maps, (high, wide), 1, padding) for sign in (1, -1)]
        return (spread[0] != -spread[1])[0, 0]

    example = torch.tensor([[0, 0, 0, 0, 2], [0, 0, 0, 0, 2]]), 1
    expect.function(
        answer,
        _band,
        [example],
        drawn=(case(width) for width in (1, draw.whole(2, 3))),
        what="the band of width {1}",
        slips={
            "The window is `width` pixels wide: it reaches `width` to both sides, 2 * width + 1.": lambda x, w: window(
                x, w - 1 + w % 2, w - 1 + w % 2
            ),
            "That is the inside: the band is where two classes are near.": lambda x, w: ~_band(x, w),
            "Corners are left out: the window is a square.": lambda x, w: (
                window(x, 2 * w + 1, 1) | window(x, 1, 2 * w + 1)
            ),
            "Only rows are looked along: columns, too.": lambda x, w: window(x, 1, 2 * w + 1),
            "Only columns are looked along: rows, too.": lambda x, w: window(x, 2 * w + 1, 1),
            "The border of the picture is no outline.": lambda x, w: _band(
                F.pad(x[None], (w, w, w, w), value=99)[0], w
            )[w:-w, w:-w],
            "The band is one pixel too wide.": lambda x, w: _band(x, w + 1),
        },
    )
