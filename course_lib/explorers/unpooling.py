"""Unpooling: pool a small grid, bring it back by index, by fixed corner or bilinearly, and fill the holes.

`compute` runs torch's own pooling and unpooling; the student moves the largest value and types the others. One drawing
shows the way of the values, stage by stage: down into the pool, their places across, and up again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import palette
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Grid, Pixel, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Block, Diagram, Map, Mark, Panel, Readout, number_text

PEAK = 9
CELLS = (1, 0, 2, 1, 3, 5, 0, 4, 2, 2, 6, 1, 0, 7, 3, 8)
BY_INDEX, BY_CORNER, BILINEAR = "index", "fixed corner", "bilinear"
STAGES = ("in the grid", "pooled", "places kept", "unpooled")
IN_THE_GRID, POOLED, KEPT, UNPOOLED = range(4)
CELL, GRID, POOL, HOME = 32, (4, 24), (144, 190), (220, 24)  # of the drawing: a cell's side, and where its grids begin
WINDOWS = (palette.SKY, palette.ORANGE, palette.GREEN, palette.PURPLE)  # a colour for each window, row by row
FILLER = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 4  # spreads each value over its neighbours


def unpooling() -> Explorer:
    """Where does a maximum go when it is pooled, and does it come back?"""
    controls = [
        Pixel(name="peak", label="Place of the largest value", size=(4, 4), default=(1, 1)),
        Slider(name="stage", label="The values are", values=STAGES, default=STAGES[-1], play=True),
        Choice(name="fill", label="They come back by", values=(BY_INDEX, BY_CORNER, BILINEAR), default=BY_INDEX),
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
    """A grid, its 2 x 2 maxima and where they stood (window by window), and three ways back."""

    grid: Tensor
    maxima: Tensor
    places: list[tuple[int, int]]
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
    stood = [divmod(place, 4) for place in places.flatten().tolist()]
    return Pooled(grid.float(), maxima[0, 0], stood, {way: map_[0, 0] for way, map_ in back.items()}, filled)


def grid_of(peak: Sequence[int], cells: Sequence[int]) -> Tensor:
    """The 4 x 4 grid with its maximum at the chosen place."""
    grid = torch.tensor(list(cells)).view(4, 4)
    grid[tuple(peak)] = PEAK
    return grid


def render(*, peak: Sequence[int], stage: str, fill: str, cells: Sequence[int]) -> list[Panel]:
    """The way of the values as a drawing, three ways back to the full size, and the holes filled."""
    pooled, ways, filled, numbers = _panels(tuple(peak), tuple(cells))
    return [_way(pooled, peak, STAGES.index(stage), fill), *ways, filled[fill], numbers]


@lru_cache(maxsize=16)
def _panels(peak: tuple[int, int], cells: tuple[int, ...]) -> tuple[Pooled, list[Map], dict[str, Map], Readout]:
    """What the stages share, made once: each way back, the same with its holes filled, and the numbers."""
    pooled = compute(grid_of(peak, cells))
    window = Mark(top=peak[0] // 2 * 2, left=peak[1] // 2 * 2, height=2, width=2, label="the pooling window")

    def grid(title: str, values: Tensor, note: str, marks: Sequence[Mark] = ()) -> Map:
        high = max(PEAK, float(values.max()))
        return Map(title=title, values=values.numpy(), low=0, high=high, numbers=True, note=note, marks=marks)

    words = {
        BY_INDEX: "Every value stands where it was; the rest is 0.",
        BY_CORNER: "Every value stands in its window's top left corner.",
        BILINEAR: "No holes, but nothing stands where it was.",
    }
    ways = [grid(f"Back by {way}", pooled.back[way], words[way], [window]) for way in pooled.back]
    filling = "Weights 1 2 1, 2 4 2, 1 2 1, divided by 4: each value fills the holes around it."
    filled = {
        way: grid(f"Unpooled by {way}, then a 3 x 3 transposed convolution", values, filling)
        for way, values in pooled.filled.items()
    }
    return pooled, ways, filled, _numbers(pooled, peak)


def _way(pooled: Pooled, peak: Sequence[int], stage: int, fill: str) -> Diagram:
    """The grid at the left, its pool below, the map that comes back at the right; each window has its colour."""
    here = pooled.maxima if stage > IN_THE_GRID else None
    back = pooled.back[fill] if stage == UNPOOLED else None
    heads = ((GRID, "the grid", pooled.grid), (POOL, "its pool", here), (HOME, f"back by {fill}", back))
    blocks = [_head(*head) for head in heads]
    blocks += [*_grid(pooled, peak), *_pool(pooled, stage), *_home(pooled, stage, fill)]
    kept = "The index keeps each place and takes it across; the values go on without it."
    notes = {
        IN_THE_GRID: "Drag the 9 anywhere.",
        POOLED: "The largest value of each window falls into the pool. The pool alone does not know where it was.",
        KEPT: kept if fill == BY_INDEX else "No place is kept: only the values go on.",
        UNPOOLED: "The values climb back. Drag the 9 and watch where it ends.",
    }
    title = "From the grid into the pool, and back"
    return Diagram(title=title, width=352, height=258, blocks=blocks, note=notes[stage])


def _head(origin: tuple[int, int], text: str, values: Tensor | None) -> Block:
    """The words above a grid; they tell its numbers too."""
    rows = [] if values is None else [" ".join(map(number_text, row)) for row in values]
    told = f"{text}: {' / '.join(rows) or 'empty'}"
    width = CELL * (2 if origin == POOL else 4)
    return Block(x=origin[0], y=origin[1] - 20, width=width, height=16, text=text, frame=False, told=told)


def _at(origin: tuple[int, int], row: int, column: int) -> tuple[int, int]:
    return origin[0] + CELL * column, origin[1] + CELL * row


def _cell(origin: tuple[int, int], row: int, column: int, text: str = "", *, tone: float = 0.0, window: int = 0,
          start: tuple[int, int] | None = None, **looks: Any) -> Block:  # fmt: skip
    """A square of a grid in the colour of its window; it glides there from where it starts."""
    x, y = _at(origin, row, column)
    shade = palette.hex_of(palette.on_paper(WINDOWS[window], tone)) if tone else ""
    comes = (start[0] - x, start[1] - y) if start else None
    return Block(x=x, y=y, width=CELL, height=CELL, text=text, told="", colour=shade, comes=comes, **looks)


def _grid(pooled: Pooled, peak: Sequence[int]) -> Iterator[Block]:
    """The grid: a box that is clicked, or dragged over, takes the 9; what will fall has its full colour."""
    for row, column in np.ndindex(4, 4):
        tone = 1.0 if (row, column) in pooled.places else 0.35
        looks = {"window": 2 * (row // 2) + column // 2, "strong": [row, column] == list(peak)}
        text = number_text(pooled.grid[row, column])
        yield _cell(GRID, row, column, text, tone=tone, sets={"peak": [row, column]}, **looks)


def _pool(pooled: Pooled, stage: int) -> Iterator[Block]:
    """The pool: empty, then with what has fallen into it."""
    for window, place in enumerate(pooled.places):
        row, column = divmod(window, 2)
        text = number_text(pooled.maxima[row, column])
        if stage == IN_THE_GRID:
            yield _cell(POOL, row, column)
        else:
            start = _at(GRID, *place) if stage == POOLED else None
            yield _cell(POOL, row, column, text, tone=1.0, window=window, start=start)


def _home(pooled: Pooled, stage: int, fill: str) -> Iterator[Block]:
    """The map that comes back: empty, with the places that crossed, then with its values."""
    back = pooled.back[fill]
    yield from (_cell(HOME, row, column) for row, column in np.ndindex(4, 4))
    if stage == KEPT and fill == BY_INDEX:
        for window, place in enumerate(pooled.places):
            words = f"({place[0]}, {place[1]})"
            yield _cell(HOME, *place, words, tone=0.35, window=window, start=_at(GRID, *place), strong=True)
    if stage != UNPOOLED:
        return
    for row, column in np.ndindex(4, 4):
        window, value = 2 * (row // 2) + column // 2, back[row, column]
        if value:
            start = _at(POOL, row // 2, column // 2)
            kept = fill == BY_INDEX
            yield _cell(HOME, row, column, number_text(value), tone=1.0, window=window, start=start, strong=kept)
        else:
            yield _cell(HOME, row, column, "0")


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
