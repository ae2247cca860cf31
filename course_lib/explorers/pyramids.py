"""Pyramids: what each ASPP rate and each pooling bin sees of a scene, and what comes out of pooling it.

`taps` and `bins` are the geometry; the shares of classes under them are counted on the scene's own labels. The
picture's three colours stand for a network's channels: pooling averages them as it would any features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Pixel
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import LINE_COLOURS, Chart, Image, Line, Mark, Panel, Readout
from course_lib.models.blocks import resize
from course_lib.models.deeplab_v3 import aspp_rates
from course_lib.models.pspnet import BINS
from course_lib.scenes import Scenes

CELLS, CELL = 33, 4  # an image of 513 at output stride 16 makes a map of 33 x 33; here a cell stands for 4 pixels
RATES = aspp_rates(16)
ASPP, POOLING = "ASPP (DeepLab v3)", "pyramid pooling (PSPNet)"


def pyramids() -> Explorer:
    """What one cell of a feature map learns of the rest of the scene."""
    controls = [
        Pixel(name="cell", label="Cell of the feature map", size=(CELLS, CELLS), default=(15, 12)),
        Choice(name="module", label="Module", values=(ASPP, POOLING), default=ASPP),
    ]
    return Explorer(
        render, controls, name="pyramids", title="What each rate and each bin sees", guide=GUIDES["pyramids"]
    )


@dataclass(frozen=True)
class World:
    """A scene, and the share of each class in each cell of the feature map (classes x 33 x 33)."""

    image: Tensor
    shares: np.ndarray
    classes: tuple[str, ...]


@cache
def world() -> World:
    """The scene and its classes, averaged over each cell."""
    scenes = Scenes("street", size=CELLS * CELL, count=1, seed=3)
    image, label, _ = scenes[0]
    one_hot = F.one_hot(label, scenes.num_classes).permute(2, 0, 1).double()
    return World(image, F.avg_pool2d(one_hot, CELL).numpy(), scenes.classes)


def taps(cell: Sequence[int], rate: int) -> list[tuple[int, int]]:
    """The cells that a 3 x 3 kernel at this rate reads and that lie on the map."""
    around = [(cell[0] + rate * down, cell[1] + rate * right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return [(y, x) for y, x in around if 0 <= y < CELLS and 0 <= x < CELLS]


def bin_of(cell: Sequence[int], bins: int) -> tuple[slice, slice]:
    """The bin of adaptive pooling that the cell lies in: from floor(i n / b) to ceil((i + 1) n / b)."""
    first = [place * bins // CELLS for place in cell]
    return tuple(slice(i * CELLS // bins, -(-(i + 1) * CELLS // bins)) for i in first)


def compute(cell: Sequence[int], module: str) -> dict[str, tuple[np.ndarray, list[Mark], str]]:
    """For each branch: the share of each class in what it reads, where that lies, and how much of it is on the map."""
    shares, found = world().shares, {}
    whole = shares.mean((1, 2))
    if module == ASPP:
        for (name, rate), colour in zip([("1 x 1", 0), *((f"rate {r}", r) for r in RATES)], LINE_COLOURS):
            cells = taps(cell, rate) if rate else [tuple(cell)]
            marks = [Mark(top=CELL * y, left=CELL * x, height=CELL, width=CELL, colour=colour) for y, x in cells]
            under = np.mean([shares[:, y, x] for y, x in cells], 0)
            found[name] = under, marks, f"{len(cells)}/{9 if rate else 1}"
        found["image pooling"] = whole, [], f"{CELLS} x {CELLS}"
        return found
    for bins, colour in zip(BINS, LINE_COLOURS):
        rows, columns = bin_of(cell, bins)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        inset = 0.6 * BINS.index(bins)  # so that borders that fall together stay apart
        mark = Mark(
            top=CELL * rows.start + inset,
            left=CELL * columns.start + inset,
            height=CELL * height - 2 * inset,
            width=CELL * width - 2 * inset,
            colour=colour,
        )
        found[f"{bins} x {bins} bins"] = shares[:, rows, columns].mean((1, 2)), [mark], f"{height} x {width}"
    return found


def render(*, cell: Sequence[int], module: str) -> list[Panel]:
    """The scene with what the chosen cell reads, the pooled classes, and the numbers."""
    found = compute(cell, module)
    marks = [mark for _, those, _ in found.values() for mark in those]
    scene = Image(
        title="The scene, and what the chosen cell reads",
        pixels=_pixels(world().image),
        names=list(zip(LINE_COLOURS, found)) if module == POOLING else list(zip(LINE_COLOURS, list(found)[:-1])),
        marks=marks,
        note="Click to choose a cell. Pooling takes every cell of the outlined bin, a kernel only its nine.",
    )
    classes = world().classes
    chart = Chart(
        title="How much of which class each branch sees",
        x="class",
        y="share",
        lines=[Line(name=name, x=range(len(classes)), y=shares) for name, (shares, _, _) in found.items()],
        bars=classes,
        low=0,
        high=1,
    )
    rows = [(f"{name} ({words})", _most(shares, classes)) for name, (shares, _, words) in found.items()]
    return [scene, chart, _pooled(module), Readout(title=f"What cell ({cell[0]}, {cell[1]}) sees", rows=rows)]


def _most(shares: np.ndarray, classes: Sequence[str]) -> str:
    order = [i for i in np.argsort(-shares, kind="stable")[:3] if shares[i] > 0]
    return ", ".join(f"{classes[i]} {shares[i]:.0%}" for i in order)


@cache
def _pooled(module: str) -> Image:
    """What is concatenated: averages, brought back to the map's size as the networks do it."""
    levels = (1,) if module == ASPP else BINS
    maps = []
    for bins in levels:
        cells = F.avg_pool2d(world().image[None], CELL)
        maps.append(resize(F.adaptive_avg_pool2d(cells, bins), (CELLS, CELLS), align_corners=True)[0])
    rows = [torch.cat(maps[i : i + 2], 2) for i in range(0, len(maps), 2)]
    what = "image pooling: one colour for all" if module == ASPP else "bins 1, 2 (above), 3, 6 (below)"
    return Image(
        title=f"What comes out of {what}",
        pixels=_pixels(torch.cat(rows, 1)),
        note="Averages of the picture's own colours, resized bilinearly: how much of it, no longer which shape.",
    )


def _pixels(image: Tensor) -> np.ndarray:
    return (255 * image).round().byte().permute(1, 2, 0).numpy()
