"""The pictures of 04: what one cell reads, what a network sees through its keyhole, and how far it can be trusted.

Layers are given as (kernel, stride, rate).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, class_legend, labels, new, picture, styled
from course_lib.receptive_field.probing.influence import Spread

Layer = tuple[int, int, int]  # kernel, stride, rate
Box = Sequence[int]  # top, left, bottom, right, half open
FIELD, CELL, BLANK = COLOURS[0], "#8fc1de", "#f3f3f3"
DASHES = ("-", "--", ":", "-.")


@styled
def ladder(stacks: Mapping[str, Sequence[Layer]]) -> Figure:
    """Along one axis: a cell of the last layer, all it reads in the layer below, and so on down to the pixels."""
    figure, axes = new(1, len(stacks), size=(WIDTH, 0.75 + 0.62 * (1 + max(map(len, stacks.values())))))
    told = []
    for axis, (name, layers) in zip(axes[0], stacks.items()):
        levels = levels_of(layers)
        _rungs(axis, levels, layers)
        read, across = len(levels[0].read), levels[0].span
        holes = f", {across - read} between them never" if across > read else ""
        axis.set_title(f"{name}: {across} pixels across" + (f", {read} read" if holes else ""))
        told.append(f"{name}: one cell reads {read} pixels of a row of {across}{holes}")
    figure.alt = f"Layers one above the other, with lines to what a cell reads. {'; '.join(told)}."
    return figure


class Level:
    """The cells of one map that the cell on top reads, and where they stand over the pixels."""

    def __init__(self, read: set[int]):
        self.read, self.jump, self.shift = read, 1, 0.0

    @property
    def span(self) -> int:
        """How many cells are read, from the first to the last."""
        return max(self.read) - min(self.read) + 1

    def place(self, cell: int) -> float:
        """Where a cell's centre lies, in pixels of the input."""
        return self.shift + self.jump * cell


def reads(cell: int, layer: Layer) -> list[int]:
    """The cells of the map below that one cell of a layer reads, along one axis."""
    kernel, stride, rate = layer
    return [stride * cell + rate * (tap - (kernel - 1) // 2) for tap in range(kernel)]


def levels_of(layers: Sequence[Layer]) -> list[Level]:
    """From the pixels to the single cell on top."""
    for kernel, stride, rate in layers:
        if min(kernel, stride, rate) < 1:
            raise ValueError(f"kernel, stride and rate must be at least 1, got ({kernel}, {stride}, {rate})")
    levels = [Level({0})]
    for layer in reversed(layers):
        levels.insert(0, Level({below for cell in levels[0].read for below in reads(cell, layer)}))
    for (below, above), (kernel, stride, rate) in zip(pairwise(levels), layers):
        centre = rate * (kernel - 1) / 2 - rate * ((kernel - 1) // 2)  # an even kernel stands between two cells
        above.jump, above.shift = below.jump * stride, below.shift + centre * below.jump
    return levels


def _rungs(axis: Axes, levels: Sequence[Level], layers: Sequence[Layer]) -> None:
    left, right = min(levels[0].read) - 2, max(levels[0].read) + 2
    for height, level in enumerate(levels):
        first, last = ((edge - level.shift) / level.jump for edge in (left, right))
        for cell in range(int(np.ceil(first)), int(np.floor(last)) + 1):
            wide, inside = 0.84 * level.jump, cell in level.read
            corner = (level.place(cell) - wide / 2, height - 0.17)
            face = (FIELD if height in (0, len(levels) - 1) else CELL) if inside else BLANK
            axis.add_patch(Rectangle(corner, wide, 0.34, facecolor=face, edgecolor=QUIET, linewidth=0.6, zorder=3))
        for cell in level.read if height else ():
            for below in reads(cell, layers[height - 1]):
                xs = (level.place(cell), levels[height - 1].place(below))
                axis.plot(xs, (height - 0.17, height - 0.83), color=QUIET, linewidth=0.7, zorder=2)
    axis.set(xlim=(left - 0.6, right + 0.6), ylim=(-0.4, len(levels) - 0.6), xticks=[], yticks=range(len(levels)))
    axis.set_yticklabels(["pixels", *map(words_for, layers)], fontsize=8.5)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def words_for(layer: Layer) -> str:
    """A layer in words, such as "3x3 rate 2"."""
    kernel, stride, rate = layer
    size = f"{kernel}x{kernel}"
    return f"{size} rate {rate}" if rate > 1 else f"{size} stride {stride}" if stride > 1 else size


@styled
def kernels(chosen: Sequence[tuple[int, int]]) -> Figure:
    """Square kernels as (size, rate): where their weights lie, all on one scale."""
    spans = [(kernel - 1) * rate + 1 for kernel, rate in chosen]
    side = max(spans)
    figure, axes = new(1, len(chosen), size=(WIDTH, 0.55 + 0.98 * WIDTH / len(chosen)))
    told = []
    for axis, (kernel, rate), span in zip(axes[0], chosen, spans):
        for row in range(kernel):
            for column in range(kernel):
                corner = ((column - (kernel - 1) / 2) * rate - 0.5, (row - (kernel - 1) / 2) * rate - 0.5)
                axis.add_patch(Rectangle(corner, 1, 1, facecolor=FIELD, edgecolor="white", linewidth=0.4))
        edge = Rectangle((-span / 2, -span / 2), span, span, fill=False, edgecolor=QUIET, linestyle="--")
        axis.add_patch(edge)
        limit = side / 2 + 0.6
        axis.set(xlim=(-limit, limit), ylim=(limit, -limit), aspect="equal", xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
        axis.set_title(f"{kernel}x{kernel} rate {rate}\nspan {span}, {kernel**2} weights", fontsize=9.5)
        told.append(f"{kernel}x{kernel} at rate {rate} spans {span} with {kernel**2} weights")
    figure.alt = f"Where the weights of {len(chosen)} kernels lie: {'; '.join(told)}."
    return figure


@styled
def vehicles(images: Tensor, truth: Tensor, answer: Tensor | None, classes: Sequence[str], colours: Sequence) -> Figure:
    """A row of pictures, below them the truth, and below that an answer."""
    maps = {"truth": truth} | ({"answer": answer} if answer is not None else {})
    figure, axes = new(1 + len(maps), len(images), size=(WIDTH, 0.5 + (1 + len(maps)) * WIDTH / len(images) * 0.96))
    for column, image in enumerate(images):
        picture(axes[0, column], image)
        for row, label in enumerate(maps.values(), 1):
            labels(axes[row, column], label[column], colours=colours)
    for row, name in enumerate(("picture", *maps)):
        axes[row, 0].set_ylabel(name)
    class_legend(figure, classes, colours=colours)
    figure.alt = f"{len(images)} pictures and below them the {' and the '.join(maps)}."
    if answer is not None:
        things = truth > 0
        right = float((answer == truth)[things].float().mean())
        figure.alt += f" Of the pixels on vehicles {right:.0%} are right."
    return figure


@styled
def keyhole(image: Tensor, boxes: Mapping[str, Box], pixel: tuple[int, int]) -> Figure:
    """The picture with a pixel and its receptive fields, and beside it all that each field lets through."""
    figure, axes = new(1, 1 + len(boxes), size=(WIDTH, 0.5 + WIDTH / (1 + len(boxes))))
    picture(axes[0, 0], image, "the picture")
    axes[0, 0].plot(pixel[1], pixel[0], "+", color="white", markersize=13, markeredgewidth=4)
    axes[0, 0].plot(pixel[1], pixel[0], "+", color=INK, markersize=11, markeredgewidth=1.8)
    told = []
    for axis, (name, box), dash in zip(axes[0, 1:], boxes.items(), DASHES):
        top, left, bottom, right = box
        frame = {"fill": False, "edgecolor": COLOURS[1], "linewidth": 2, "linestyle": dash}
        axes[0, 0].add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, **frame))
        picture(axis, image[:, top:bottom, left:right], f"{name}: {bottom - top} x {right - left}")
        told.append(f"{name} sees {bottom - top} x {right - left} pixels from row {top}, column {left}")
    height, width = image.shape[-2:]
    figure.alt = (
        f"A picture of {height} x {width} with a cross at row {pixel[0]}, column {pixel[1]}. {'; '.join(told)}."
    )
    return figure


@styled
def by_distance(curves: Mapping[str, Sequence[float]], reach: Mapping[str, float], chance: float = 0.5) -> Figure:
    """The share of right pixels by their distance from the evidence; a line where each network's sight ends."""
    figure, axes = new(size=(8, 3.3))
    axis = axes[0, 0]
    longest = max(map(len, curves.values())) - 1
    told = []
    for (name, curve), colour, dash in zip(curves.items(), COLOURS[1:], DASHES):
        axis.plot(range(len(curve)), curve, dash, color=colour, label=name)
        if name in reach and reach[name] <= longest:
            axis.axvline(reach[name], color=colour, linewidth=1, linestyle=":")
            side, shift = ("left", 0.5) if reach[name] < longest / 2 else ("right", -0.5)
            words = f"{name}\nends here, at {reach[name]:g}"
            axis.text(reach[name] + shift, 0.3, words, fontsize=8.5, color=INK, ha=side)
        told.append(f"{name}: {curve[0]:.2f} at distance 0, {curve[-1]:.2f} at {len(curve) - 1}")
    axis.axhline(chance, color=QUIET, linewidth=1)
    axis.text(0, chance + 0.02, "chance", color=INK, fontsize=9)
    axis.set(xlabel="distance from the cab, in pixels", ylabel="share that is right", ylim=(0.25, 1.03))
    axis.legend(loc="lower left")
    ends = "; ".join(f"the sight of {name} ends at {value:g}" for name, value in reach.items())
    figure.alt = f"Share of right pixels by distance from the cab. {'; '.join(told)}. {ends}."
    return figure


@styled
def three_fields(
    image: Tensor, rows: Mapping[str, tuple[Tensor | np.ndarray, Spread, Spread]], pixel: tuple[int, int]
) -> Figure:
    """For each network what it can see, what moves it by gradient, and what it misses when hidden.

    A row is (mask, effective, empirical); heat is the square root of the share of the largest value.
    """
    figure, axes = new(len(rows), 3, size=(WIDTH, 0.4 + 3.05 * len(rows)))
    told = []
    for line, (name, (mask, *spreads)) in zip(axes, rows.items()):
        mask = torch.as_tensor(mask)
        if mask.shape != image.shape[-2:]:
            raise ValueError(f"the mask is {tuple(mask.shape)}, the picture {tuple(image.shape[-2:])}: they must agree")
        side = float(mask.sum()) ** 0.5
        picture(line[0], torch.where(mask, image, 0.2 * image), f"{name}: theoretical, side {side:.0f}")
        for axis, spread, word in zip(line[1:], spreads, ("effective", "empirical")):
            picture(axis, (spread.map / spread.map.max()).sqrt(), f"{word}: side {spread.side():.1f}", vmin=0, vmax=1)
        for axis in line:
            axis.plot(pixel[1], pixel[0], "+", color="white", markersize=9, markeredgewidth=1.6)
        sides = [spread.side() for spread in spreads]
        told.append(f"{name}: theoretical side {side:.0f}, effective {sides[0]:.1f}, empirical {sides[1]:.1f}")
    figure.alt = f"Three receptive fields of the pixel at row {pixel[0]}, column {pixel[1]}. {'; '.join(told)}."
    return figure


@styled
def on_photograph(image: Tensor, found: Mapping[str, Spread], side: int) -> Figure:
    """A photograph, and what its middle unit looks at with several weights; `side`: the unit's theoretical field.

    image: uint8, 3 x H x W. Heat is the square root of the gradient around each pixel, so that what is faint shows.
    """
    figure, axes = new(1, 1 + len(found), size=(WIDTH, 0.5 + WIDTH / (1 + len(found))))
    picture(axes[0, 0], image, "the photograph")
    told = []
    for axis, (name, spread) in zip(axes[0, 1:], found.items()):
        heat = torch.as_tensor(spread.map, dtype=torch.float32)[None, None]
        heat = F.avg_pool2d(heat, 5, stride=1, padding=2, count_include_pad=False)[0, 0]
        light = (heat / heat.quantile(0.98)).clamp(max=1).sqrt()
        radius = spread.radius(0.5, about="unit")
        picture(axis, light, f"{name}: radius {radius:.0f}", vmin=0, vmax=1)
        told.append(f"{name}, half of the gradient lies within {radius:.0f} pixels")
        centre = [length / 2 for length in image.shape[:0:-1]]
        axis.add_patch(Circle(centre, radius, fill=False, edgecolor="white", linewidth=1.6))
    figure.photographs = True
    figure.alt = (
        f"A photograph of {image.shape[1]} x {image.shape[2]} pixels, and maps of what the middle unit looks at. "
        f"Its theoretical field is {side} pixels wide. {'; '.join(told)}."
    )
    return figure
