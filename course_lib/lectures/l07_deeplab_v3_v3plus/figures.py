"""The pictures of 07: weights that fall off the map, the two steps of a separable convolution, answers, a sticker."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import palette
from course_lib.figures.answers import in_words
from course_lib.figures.scores import scores
from course_lib.figures.style import Figure, class_legend, labels, new, picture, styled


@styled
def weights_on_the_map(side: int, rates: Sequence[int]) -> Figure:
    """For each place of a map of side x side cells: how many of a 3x3 kernel's nine weights fall on the map."""
    figure, axes = new(1, len(rates), size=(9, 2.5))
    told = []
    for cell, rate in zip(axes[0], rates):
        counts = on_the_map(side, rate)
        shown = picture(cell, counts, f"rate {rate}: {counts.mean():.1f} of 9", vmin=1, vmax=9)
        told.append(f"rate {rate} {counts.mean():.1f} on average, all nine at {np.mean(counts == 9):.0%} of the places")
    figure.colorbar(shown, ax=axes[0], shrink=0.9, ticks=[1, 2, 4, 6, 9], label="weights on the map")
    figure.alt = (
        f"Maps of {side} x {side} cells, coloured by how many of the nine weights of a 3x3 kernel centred there fall "
        f"on the map: {'; '.join(told)}."
    )
    return figure


def on_the_map(side: int, rate: int) -> np.ndarray:
    """side x side numbers from 1 to 9; counted by a convolution of ones, so that it is what a network does."""
    if side < 1 or rate < 1:
        raise ValueError(f"side and rate must be at least 1, got {side} and {rate}")
    ones = torch.ones(1, 1, side, side)
    return F.conv2d(ones, torch.ones(1, 1, 3, 3), padding=rate, dilation=rate)[0, 0].numpy()


@styled
def separable_steps(before: Tensor, alone: Tensor, mixed: Tensor) -> Figure:
    """The maps that go in, those after each channel was filtered alone, and those after the channels were mixed.

    Each is C x H x W; the second has as many channels as the first.
    """
    if len(before) != len(alone):
        raise ValueError(f"a depthwise step keeps the number of channels, got {len(before)} before and {len(alone)}")
    counts = [len(before), len(alone), len(mixed)]
    wide = -(-counts[2] // counts[0])
    figure, axes = new(1, 3, size=(9, 4.25), width_ratios=[1, 1, wide])
    titles = (
        f"{counts[0]} channels\nin",
        f"each filtered:\n{counts[0]} x 9 = {9 * counts[0]}",
        f"then mixed at each pixel into {counts[2]} maps:\n{counts[0]} x {counts[2]} = {counts[0] * counts[2]} weights",
    )
    for cell, maps, title in zip(axes[0], (before, alone, mixed), titles):
        picture(cell, tiled(maps, rows=counts[0]), title, cmap="gray", vmin=0, vmax=1)
    plain = 9 * counts[0] * counts[2]
    separable = counts[0] * (9 + counts[2])
    figure.photographs = True
    figure.alt = (
        f"Three stacks of maps: {counts[0]} channels, the same {counts[0]} each filtered alone by nine weights, and "
        f"{counts[2]} mixtures of them. Weights: {9 * counts[0]} + {counts[0] * counts[2]} = {separable}, where a "
        f"plain 3x3 convolution has {plain}."
    )
    return figure


def tiled(maps: Tensor, rows: int) -> np.ndarray:
    """Maps below and beside each other, each stretched to 0..1, with a white gap."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    even = F.pad((maps - low) / (high - low).clamp(min=1e-6), (2, 2, 2, 2), value=1.0)
    blank = torch.ones_like(even[0])
    cells = [*even, *[blank] * (-len(even) % rows)]
    columns = [torch.cat(cells[start : start + rows], 0) for start in range(0, len(cells), rows)]
    return torch.cat(columns, 1).numpy()


@styled
def answers(
    pictures: Mapping[str, Tensor],
    maps: Mapping[str, Tensor],
    classes: Sequence[str],
    colours: Sequence,
    *,
    truth: Tensor | None = None,
) -> Figure:
    """Pictures (3 x H x W), then label maps (H x W), each under its name; with `truth` also scored against it."""
    count = len(pictures) + len(maps)
    figure, axes = new(1, count, size=(9, 9 / count + 0.85))
    for cell, (name, image) in zip(axes[0], pictures.items()):
        picture(cell, image, name)
    told = []
    for cell, (name, label) in zip(axes[0, len(pictures) :], maps.items()):
        words = "" if truth is None else scores(label, truth, len(classes))
        labels(cell, label, f"{name}\n{words}" if words else name, colours=colours)
        told.append(f"{name.replace(chr(10), ' ')} ({words or in_words(label, classes)})")
    class_legend(figure, classes, colours=colours)
    names = ", ".join(name.replace("\n", " ") for name in pictures)
    figure.alt = f"Pictures: {names}. Label maps of {', '.join(classes)}: {'; '.join(told)}."
    return figure


@styled
def sticker(image: Tensor, thing: Tensor, name: str, *, border: int = 6) -> Figure:
    """A picture (uint8, 3 x H x W) beside its thing (a mask, H x W), cut out with a white border on a blue ground."""
    if not thing.any():
        raise ValueError(
            f"the network labels no pixel {name}: there is nothing to cut out; try another picture or class"
        )
    rim = F.max_pool2d(thing[None, None].float(), 2 * border + 1, stride=1, padding=border)[0, 0] > 0
    ground = torch.tensor(palette.SKY, dtype=torch.uint8)[:, None, None].expand_as(image)
    cut = torch.where(thing, image, torch.where(rim, torch.full_like(image, 255), ground))
    figure, axes = new(1, 2, size=(9, 0.4 + 4.5 * image.shape[1] / image.shape[2]))
    picture(axes[0, 0], image, "the photograph")
    picture(axes[0, 1], cut, f"{name}, cut out by the network")
    figure.photographs = True
    figure.alt = f"A photograph, and the {float(thing.float().mean()):.0%} of it that a network labels {name}, cut out."
    return figure
