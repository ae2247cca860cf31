"""The exercise that designs a head for the harbour: rates that reach from every hull to water or road.

It is part of its lecture's module: `exercises.pspnet.head`. The fields are counted exactly, padding and holes included.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from course_lib.checking import expect
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet
from course_lib.scenes import Scenes

SIDE, PICTURES, GAP = 64, 24, 26


@lru_cache(maxsize=1)
def harbour() -> tuple[Tensor, Tensor]:
    """Where the hulls are, and where water or road is."""
    scenes = Scenes("harbour", size=SIDE, count=PICTURES, seed=0, gap=GAP)
    labels = torch.stack([scenes[index][1] for index in range(PICTURES)])
    water, road, _, boat, car = range(5)
    return (labels == boat) | (labels == car), (labels == water) | (labels == road)


def reads(rates: Sequence[int]) -> Tensor:
    """Along one axis: row i marks the pixels that cell i of the head's last layer reads."""
    through = torch.eye(SIDE)
    for rate in (1, 1, "pool", 1, 1, "pool", *rates):
        place = torch.arange(len(through))
        if rate == "pool":
            step = (place // 2 == torch.arange(len(through) // 2)[:, None]).float()
        else:
            away = (place - place[:, None]).abs()
            step = ((away == 0) | (away == rate)).float()
        through = (step @ through > 0).float()
    return through


def solved(rates: Sequence[int]) -> float:
    """The share of hull pixels whose cell reads water or road."""
    hull, surface = harbour()
    axis = reads(rates)
    sees = axis @ surface.float() @ axis.T > 0
    pixels = sees.repeat_interleave(4, 1).repeat_interleave(4, 2)
    return (pixels & hull).sum().item() / hull.sum().item()


@exercise(
    "6.5",
    hints=(
        "A cell is 4 pixels: a 3x3 at rate r reaches 4 * r pixels farther. Hulls lie up to 56 pixels from the surface.",
        "One large rate jumps over what lies between, and at the border its taps fall off the map.",
        "Two layers are enough: one rate to reach far, one to fill the hole it leaves, such as half of it.",
    ),
    solution=[8, 4],
)
def head(answer) -> None:
    """Design the smallest head for the harbour: a list of rates, as few 3x3 layers as possible.

    Before the head stands a backbone: 3x3, 3x3, 2x2 pool, 3x3, 3x3, 2x2 pool; a field of 16 pixels at stride 4. The
    scenes have 64 x 64 pixels, and between a hull and the water or road that names it lie at least 26 pixels of fog.
    From every pixel of every hull the field must reach that surface.
    """
    rates = expect.whole_numbers(answer, what="the rates")
    if len(rates) > 8:
        raise NotYet(f"there are {len(rates)} layers: far fewer will do")
    share = solved([min(rate, SIDE) for rate in rates])
    if share < 1:
        reach = 8 + 4 * sum(rates)
        lines = [f"{share:.1%} of the hulls' pixels can read water or road; the field reaches {reach} pixels"]
        if reach < 56:
            lines.append("Some hulls are 56 pixels away: the field is too small.")
        elif len(rates) == 1:
            lines.append(
                "The field is large enough, but a single large rate leaves a hole, and the surface lies in it."
            )
        else:
            lines.append("The field is large enough: is there a hole in it, or do taps fall off the map's 16 cells?")
        raise NotYet(*lines)
    if len(rates) > 2:
        raise NotYet(f"every hull is solved, with {len(rates)} layers; two are enough")
