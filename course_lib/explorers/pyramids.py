"""Pyramids: what each ASPP rate and each pooling bin sees of a photograph, and what comes out of pooling it.

`taps` and `bins` are the geometry; the shares of classes under them are counted on the photograph's own mask. What a
branch reads is cut out and shown beside the others, under the moving hand. The photograph's three colours stand for a
network's channels: pooling averages them as it would any features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.datasets import photos
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Pixel
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import LINE_COLOURS, Collage, Image, Mark, Panel, Piece, Readout, Word
from course_lib.models.blocks import resize
from course_lib.models.deeplab_v3 import aspp_rates
from course_lib.models.pspnet import BINS

CELLS, CELL = 33, 8  # an image of 513 at output stride 16 makes a map of 33 x 33; here a cell stands for 8 pixels
SIDE, GAP, LETTERS, ROW = 132, 12, 30, 3  # of the cut-outs: side, gap, room for a name, how many in a row
RATES = aspp_rates(16)
ASPP, POOLING = "ASPP (DeepLab v3)", "pyramid pooling (PSPNet)"
PHOTO = "astronaut"  # as wide as it is high, and every pixel of it has a class


def pyramids() -> Explorer:
    """What one cell of a feature map learns of the rest of the photograph."""
    controls = [
        Pixel(name="cell", label="Cell of the feature map", size=(CELLS, CELLS), default=(6, 15)),
        Choice(name="module", label="Module", values=(ASPP, POOLING), default=ASPP),
    ]
    return Explorer(
        render, controls, name="pyramids", title="What each rate and each bin sees", guide=GUIDES["pyramids"]
    )


@dataclass(frozen=True)
class World:
    """A photograph, and the share of each class in each cell of the feature map (classes x 33 x 33)."""

    pixels: np.ndarray
    shares: np.ndarray
    classes: tuple[str, ...]


@cache
def world() -> World:
    """The photograph, and its mask averaged over each cell."""
    image, mask, classes = photos.resized(PHOTO, (CELLS * CELL, CELLS * CELL))
    one_hot = F.one_hot(mask, len(classes)).permute(2, 0, 1).double()
    return World(image.permute(1, 2, 0).numpy(), F.avg_pool2d(one_hot, CELL).numpy(), classes)


def taps(cell: Sequence[int], rate: int) -> list[tuple[int, int]]:
    """The cells that a 3 x 3 kernel at this rate reads and that lie on the map."""
    around = [(cell[0] + rate * down, cell[1] + rate * right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return [(y, x) for y, x in around if 0 <= y < CELLS and 0 <= x < CELLS]


def bin_of(cell: Sequence[int], bins: int) -> tuple[slice, slice]:
    """The bin of adaptive pooling that the cell lies in: from floor(i n / b) to ceil((i + 1) n / b)."""
    first = [place * bins // CELLS for place in cell]
    return tuple(slice(i * CELLS // bins, -(-(i + 1) * CELLS // bins)) for i in first)


@dataclass(frozen=True)
class Branch:
    """What a branch reads: the share of each class, the cells as (top, left, height, width), and how many, in words.

    A kernel has a rate; of its nine cells only those on the map are there.
    """

    name: str
    shares: np.ndarray
    reads: list[tuple[int, int, int, int]]
    words: str
    rate: int = 0


def compute(cell: Sequence[int], module: str) -> list[Branch]:
    """What each branch of the module reads around one cell of the map, the cell alone first."""
    shares, (row, column) = world().shares, cell
    name = "1 x 1" if module == ASPP else "the cell"
    found = [Branch(name, shares[:, row, column], [(row, column, 1, 1)], "1/1")]
    if module == ASPP:
        for rate in RATES:
            cells = taps(cell, rate)
            under = shares[:, [y for y, _ in cells], [x for _, x in cells]].mean(1)
            found.append(Branch(f"rate {rate}", under, [(y, x, 1, 1) for y, x in cells], f"{len(cells)}/9", rate))
        return [*found, Branch("image pooling", _whole(), [(0, 0, CELLS, CELLS)], f"{CELLS} x {CELLS}")]
    for bins in BINS:
        rows, columns = bin_of(cell, bins)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        under = _whole() if bins == 1 else shares[:, rows, columns].mean((1, 2))
        found.append(
            Branch(f"{bins} x {bins} bins", under, [(rows.start, columns.start, height, width)], f"{height} x {width}")
        )
    return found


@cache
def _whole() -> np.ndarray:
    return world().shares.mean((1, 2))


def render(*, cell: Sequence[int], module: str) -> list[Panel]:
    """The photograph with what the chosen cell reads, that cut out branch by branch, and the numbers."""
    here, branches = world(), compute(cell, module)
    outlined = [(b, colour) for b, colour in zip(branches, LINE_COLOURS) if b.reads[0][2:] != (CELLS, CELLS)]
    photograph = Image(
        title="The photograph, and what the chosen cell reads",
        pixels=here.pixels,
        names=[(colour, branch.name) for branch, colour in outlined],
        marks=[mark for number, one in enumerate(outlined) for mark in _marks(*one, number)],
        note="Drag the cell. Pooling takes every cell of the outlined bin, a kernel only its nine.",
    )
    rows = [(f"{branch.name} ({branch.words})", _most(branch.shares, here.classes)) for branch in branches]
    numbers = Readout(title=f"What cell ({cell[0]}, {cell[1]}) sees", rows=rows)
    return [photograph, _views(cell, branches), *([_pooled()] if module == POOLING else []), numbers]


def _marks(branch: Branch, colour: str, number: int) -> list[Mark]:
    """Outlines of what a branch reads; those of bins that share a border stay apart."""
    inset = 0 if branch.rate else 1.2 * number
    return [
        Mark(top=CELL * top + inset, left=CELL * left + inset,
             height=CELL * height - 2 * inset, width=CELL * width - 2 * inset, colour=colour)
        for top, left, height, width in branch.reads
    ]  # fmt: skip


def _views(cell: Sequence[int], branches: Sequence[Branch]) -> Collage:
    """What each branch reads, cut out of the photograph; the cells of a kernel in a square of nine."""
    pieces, words, frames = [], [], []
    for number, (branch, colour) in enumerate(zip(branches, LINE_COLOURS)):
        top = number // ROW * (LETTERS + SIDE + GAP) + LETTERS
        left = number % ROW * (SIDE + GAP) + GAP
        words.append(Word(top=top - LETTERS / 2, left=left, size=22, text=branch.name))
        frames.append(Mark(top=top, left=left, height=SIDE, width=SIDE, colour=colour))
        for y, x, height, width in branch.reads:
            place = (top, left, SIDE, SIDE)
            if branch.rate:
                third, down, right = SIDE // 3, (y - cell[0]) // branch.rate + 1, (x - cell[1]) // branch.rate + 1
                place = (top + third * down, left + third * right, third, third)
            pieces.append(
                Piece(pixels=world().pixels, part=(CELL * y, CELL * x, CELL * height, CELL * width), place=place)
            )
    return Collage(
        title="What each branch sees",
        size=(2 * (LETTERS + SIDE + GAP), ROW * (SIDE + GAP) + GAP),
        pieces=pieces,
        words=words,
        marks=frames,
        note="A kernel's nine cells stand together; where one is empty, its tap has left the map."
        if branches[1].rate
        else "Each bin is drawn at one size, however many cells it holds.",
    )


def _most(shares: np.ndarray, classes: Sequence[str]) -> str:
    order = [i for i in np.argsort(-shares, kind="stable")[:3] if shares[i] > 0]
    return ", ".join(f"{classes[i]} {shares[i]:.0%}" for i in order)


@cache
def _pooled() -> Image:
    """What is concatenated: averages, brought back to the map's size as the network does it."""
    cells = F.avg_pool2d(torch.from_numpy(world().pixels).permute(2, 0, 1)[None].float(), CELL)
    maps = [resize(F.adaptive_avg_pool2d(cells, bins), (CELLS, CELLS), align_corners=True)[0] for bins in BINS]
    rows = [torch.cat(maps[i : i + 2], 2) for i in range(0, len(maps), 2)]
    return Image(
        title="What comes out of bins 1, 2 (above), 3, 6 (below)",
        pixels=torch.cat(rows, 1).round().byte().permute(1, 2, 0).numpy(),
        note="Averages of the photograph's own colours, resized bilinearly: how much of it, no longer which shape.",
    )
