"""The pictures of 01: answers beside the truth, a classifier's heat map, IoU by size, tents, a torn bus."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib.figures.answers import side_by_side
from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, class_legend, labels, new, picture, styled
from course_lib.metrics import Confusion
from course_lib.models.blocks import bilinear_upsampling


@styled
def answers(
    image: Tensor, label: Tensor, found: Mapping[str, Tensor], classes: Sequence[str], colours: Sequence
) -> Figure:
    """A picture, its truth, and what each network says, with its mean IoU on this picture."""
    if not found:
        raise ValueError("give at least one answer, such as {'FCN-32s': labels}")
    for name, said in found.items():
        if said.shape != label.shape:
            raise ValueError(f"{name} has shape {tuple(said.shape)}, the truth {tuple(label.shape)}: answers are H x W")
    score = {name: Confusion(len(classes)).update(said, label).mean_iou for name, said in found.items()}
    titled = {f"{name}: mean IoU {score[name]:.2f}": said for name, said in found.items()}
    panels = 2 + len(found)
    figure = side_by_side(image, label, titled, panels if panels <= 4 else -(-panels // 2), classes, colours)
    told = ", ".join(f"{name} {value:.2f}" for name, value in score.items())
    figure.photographs = image.dtype == torch.uint8
    figure.alt = f"A picture, its true labels, and {len(found)} answer{'s' * (len(found) > 1)}. Mean IoU here: {told}."
    return figure


@styled
def heat(image: Tensor, says: Tensor, name: str, *, stride: int = 32) -> Figure:
    """What each cell of a convolutional classifier says of one class.

    image: uint8, 3 x H x W. says: h x w, a probability for each cell of `stride` pixels.
    """
    height, width = image.shape[-2:]
    cells = (-(-height // stride), -(-width // stride))
    if tuple(says.shape) != cells:
        raise ValueError(f"{height} x {width} pixels at stride {stride} make {cells} cells, got {tuple(says.shape)}")
    figure = Figure(figsize=(WIDTH, 0.5 + 0.64 * WIDTH * height / width))
    axes = figure.subplot_mosaic([["grid", "cells"], ["light", "cells"]], width_ratios=(1, 2.1))
    picture(axes["grid"], image, f"one cell: {stride} x {stride} pixels")
    for draw, length in ((axes["grid"].axhline, height), (axes["grid"].axvline, width)):
        for line in range(stride, length, stride):
            draw(line - 0.5, color="white", linewidth=0.6, alpha=0.8)
    picture(axes["cells"], says, f"the probability of {name} in each cell, in %", vmin=0, vmax=1)
    for row, line in enumerate(says.tolist()):
        for column, value in enumerate(line):
            ink = INK if value > 0.55 else "white"
            axes["cells"].text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=ink)
    enlarged = F.interpolate(says[None, None], scale_factor=stride, mode="bilinear")[0, 0, :height, :width]
    picture(axes["light"], (image * (0.15 + 0.85 * enlarged)).byte(), "enlarged, as light")
    figure.photographs = True
    sure = int((says > 0.5).sum())
    figure.alt = (
        f"A photograph under a grid of {cells[0]} x {cells[1]} cells; the probability of {name} in each cell; and the "
        f"photograph, bright where it is high. It is above one half in {sure} of {says.numel()} cells, at most "
        f"{says.max():.2f}, at least {says.min():.2f}."
    )
    return figure


@styled
def tents(kernel_size: int = 64, stride: int = 32, values: Sequence[float] = (0.4, 1.0, 0.3, 0.8)) -> Figure:
    """A bilinear transposed convolution along one axis: one tent for each cell, for equal and for other values."""
    plane = bilinear_upsampling(1, kernel_size=kernel_size, stride=stride).weight[0, 0].detach()
    tent = plane.diagonal().sqrt()
    figure, axes = new(1, 2, size=(WIDTH, 2.9), sharey=True)
    flat = [1.0] * len(values)
    even = stamped(axes[0, 0], flat, tent, stride)[kernel_size - stride : stride - kernel_size]
    axes[0, 0].set(title="every cell is 1: the tents add up to 1", ylabel="value", ylim=(0, 1.15))
    stamped(axes[0, 1], values, tent, stride)
    centres = [number * stride + (kernel_size - 1) / 2 for number in range(len(values))]
    axes[0, 1].plot(centres, values, "o", color=INK, markersize=6)
    axes[0, 1].set(title="other values: straight lines between the cells")
    axes[0, 1].legend(loc="upper right")
    figure.alt = (
        f"Left {len(values)} overlapping tents of height 1, each {kernel_size} pixels wide and {stride} pixels from "
        f"the next. Their sum lies between {even.min():.4g} and {even.max():.4g} away from the border. Right the same "
        f"tents times {', '.join(f'{value:g}' for value in values)}: their sum runs straight from value to value."
    )
    return figure


def stamped(axis: Axes, values: Sequence[float], tent: Tensor, stride: int) -> Tensor:
    """Draws the tent of each cell times its value, and their sum, which is returned."""
    total = torch.zeros((len(values) - 1) * stride + len(tent))
    for cell, value in enumerate(values):
        places = torch.arange(cell * stride, cell * stride + len(tent))
        total[places] += value * tent
        axis.fill_between(places.tolist(), (value * tent).tolist(), alpha=0.3, color=COLOURS[0], linewidth=0)
        axis.plot(places.tolist(), (value * tent).tolist(), color=COLOURS[0], linewidth=1)
    axis.plot(total.tolist(), color=INK, linestyle="--", linewidth=2, label="sum of the tents")
    axis.set(xlabel="pixel of the enlarged map", xlim=(0, len(total) - 1))
    return total


@styled
def by_size(row: Mapping) -> Figure:
    """IoU over the size of the object, a line for each stride: row F2 of the ledger."""
    values: Mapping[str, Sequence[float]] = row["values"]
    sizes = list(dict.fromkeys(name.split(", ")[0] for name in values if name.endswith(", 32s")))
    sizes = [size for size in sizes if f"{size}, 8s" in values]
    figure, axes = new(size=(WIDTH, 3.6))
    axis, told = axes[0, 0], []
    lines = {"8s": (COLOURS[2], "o-"), "16s": (COLOURS[0], "s-"), "32s": (COLOURS[1], "^-"), "32s, long": (QUIET, "^:")}
    for name, (colour, style) in lines.items():
        runs = [values[f"{size}, {name}"] for size in sizes]
        means = [sum(run) / len(run) for run in runs]
        axis.plot(means, style, color=colour)
        axis.vlines(range(len(sizes)), list(map(min, runs)), list(map(max, runs)), color=colour, linewidth=1)
        word = "FCN-32s, twice the training" if name == "32s, long" else f"FCN-{name}"
        apart = {"8s": 0.025, "16s": -0.015}.get(name, 0)  # from the other's words
        place = (1.25, 0.1) if name == "32s, long" else (len(sizes) - 0.93, means[-1] + apart)
        axis.text(*place, word, color=INK if colour == QUIET else colour, va="center")
        told.append(f"{word} {', '.join(f'{mean:.2f}' for mean in means)}")
    axis.set(xlim=(-0.2, len(sizes) + 0.1), ylim=(0, 0.9), ylabel="IoU", xlabel="side of the object, in pixels")
    axis.set_xticks(range(len(sizes)), sizes)
    figure.alt = f"IoU of objects {', '.join(sizes)} pixels: {'; '.join(told)}."
    return figure


@styled
def torn(
    image: Tensor,
    label: Tensor,
    found: Mapping[int, Tensor],
    place: tuple[int, int],
    classes: Sequence[str],
    colours: Sequence,
) -> Figure:
    """A thing with two names: picture, truth and the answers of networks, with the square that each sees of one pixel.

    `found` maps the side of a network's field to its answer.
    """
    y, x = place
    height, width = label.shape
    if not (0 <= y < height and 0 <= x < width):
        raise ValueError(f"place must lie in the {height} x {width} picture, got {tuple(place)}")
    figure, axes = new(1, 2 + len(found), size=(9, 0.55 + 9 / (2 + len(found))))
    picture(axes[0, 0], image, "the picture")
    labels(axes[0, 1], label, "the truth", colours=colours)
    told = []
    for axis, (field, said) in zip(axes[0, 2:], found.items()):
        everything = max(y, x, height - 1 - y, width - 1 - x) <= field // 2
        labels(axis, said, f"sees {field} pixels{': all of it' * everything}", colours=colours)
        frame(axis, place, field)
        told.append(f"with {field} pixels {classes[int(said[y, x])]}")
    frame(axes[0, 0], place, min(found))
    for axis in axes.flat:
        axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    class_legend(figure, classes, colours=colours)
    figure.alt = (
        f"A picture and its truth; at the pixel ({y}, {x}) the true class is {classes[int(label[y, x])]}. "
        f"The answers there: {', '.join(told)}."
    )
    return figure


def frame(axis: Axes, place: tuple[int, int], side: int) -> None:
    """A square around a pixel, dark on white, so that it shows on every class."""
    corner = (place[1] - side / 2, place[0] - side / 2)
    axis.add_patch(Rectangle(corner, side, side, fill=False, edgecolor="white", linewidth=3.2))
    axis.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=INK, linewidth=1.4))
