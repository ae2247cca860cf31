"""Unpooling: pool a small grid, bring it back by index, by fixed corner or bilinearly, and fill the holes.

`compute` runs torch's own pooling and unpooling; the student moves the largest value and types the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Grid, Pixel
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Map, Mark, Panel, Readout, number_text

PEAK = 9
CELLS = (1, 0, 2, 1, 3, 5, 0, 4, 2, 2, 6, 1, 0, 7, 3, 8)
BY_INDEX, BY_CORNER, BILINEAR = "index", "fixed corner", "bilinear"
FILLER = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 4  # spreads each value over its neighbours


def unpooling() -> Explorer:
    """Where does a maximum go when it is pooled, and does it come back?"""
    controls = [
        Pixel(name="peak", label="Place of the largest value", size=(4, 4), default=(1, 1)),
        Choice(name="fill", label="Fill the map unpooled by", values=(BY_INDEX, BY_CORNER, BILINEAR), default=BY_INDEX),
        Grid(name="cells", label="The other values (0 to 8)", shape=(4, 4), default=CELLS, high=PEAK - 1),
    ]
    return Explorer(
        render,
        controls,
        name="unpooling",
        title="Max pooling forgets where; unpooling remembers",
        guide=GUIDES["unpooling"],
    )


@dataclass(frozen=True)
class Pooled:
    """A grid, its 2 x 2 maxima, and three ways back."""

    grid: Tensor
    maxima: Tensor
    back: dict[str, Tensor]
    filled: dict[str, Tensor]


def compute(grid: Tensor) -> Pooled:
    """Pools a 4 x 4 grid and brings it back in three ways; then one 3 x 3 transposed convolution over each."""
    x = grid[None, None].float()
    maxima, places = F.max_pool2d(x, 2, return_indices=True)
    corner = torch.zeros_like(x)
    corner[..., ::2, ::2] = maxima
    back = {
        BY_INDEX: F.max_unpool2d(maxima, places, 2, output_size=x.shape[-2:]),
        BY_CORNER: corner,
        BILINEAR: F.interpolate(maxima, scale_factor=2, mode="bilinear", align_corners=False),
    }
    filled = {way: F.conv_transpose2d(map_, FILLER[None, None], padding=1)[0, 0] for way, map_ in back.items()}
    return Pooled(grid.float(), maxima[0, 0], {way: map_[0, 0] for way, map_ in back.items()}, filled)


def grid_of(peak: Sequence[int], cells: Sequence[int]) -> Tensor:
    """The 4 x 4 grid with its maximum at the chosen place."""
    grid = torch.tensor(list(cells)).view(4, 4)
    grid[tuple(peak)] = PEAK
    return grid


def render(*, peak: Sequence[int], fill: str, cells: Sequence[int]) -> list[Panel]:
    """The grid, the pooled grid, and three ways back to the full size."""
    pooled = compute(grid_of(peak, cells))
    window = Mark(top=peak[0] // 2 * 2, left=peak[1] // 2 * 2, height=2, width=2, label="the pooling window")

    def grid(title: str, values: Tensor, note: str = "", marks: Sequence[Mark] = ()) -> Map:
        high = max(PEAK, float(values.max()))
        return Map(title=title, values=values.numpy(), low=0, high=high, numbers=True, note=note, marks=marks)

    small = Mark(top=peak[0] // 2, left=peak[1] // 2)
    words = {
        BY_INDEX: "Every value stands where it was; the rest is 0.",
        BY_CORNER: "Every value stands in its window's top left corner.",
        BILINEAR: "No holes, but nothing stands where it was.",
    }
    ways = [grid(f"Back by {way}", pooled.back[way], words[way], [window]) for way in pooled.back]
    filled = grid(
        f"Unpooled by {fill}, then a 3 x 3 transposed convolution",
        pooled.filled[fill],
        "Weights 1 2 1, 2 4 2, 1 2 1, divided by 4: each value fills the holes around it.",
    )
    return [
        grid("The grid: click to move the 9", pooled.grid, "The other values can be typed.", [window]),
        grid("Largest of each 2 x 2 window", pooled.maxima, "A quarter of the values, and no places.", [small]),
        *ways,
        filled,
        _numbers(pooled, peak),
    ]


def _numbers(pooled: Pooled, peak: Sequence[int]) -> Readout:
    rows = [("Largest, before pooling", f"({peak[0]}, {peak[1]})")]
    for way, back in pooled.back.items():
        row, column = np.unravel_index(int(back.argmax()), back.shape)
        home = "home" if (row, column) == tuple(peak) else "elsewhere"
        rows.append((f"Largest, by {way}", f"({row}, {column}), {home}"))
    for way, back in pooled.back.items():
        error = float((back - pooled.grid).abs().mean())
        zero = int((back == 0).sum())
        rows.append((f"Mean error, by {way}", f"{number_text(error)}; {zero} of {back.numel()} are 0"))
    rows.append(("Learned weights in unpooling", "0"))
    return Readout(title="Did it come back?", rows=rows)
