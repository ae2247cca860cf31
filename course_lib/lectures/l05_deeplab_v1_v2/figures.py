"""The pictures of 05: fields of view, windows of pools, two ways to enlarge, whom a pixel listens to, ASPP's taps.

`VIEWS` and `CRF_GAINS` hold printed scores.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib.figures.answers import answers as answers
from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, class_legend, new, picture, styled
from course_lib.lectures.l05_deeplab_v1_v2.figures_crf import tinted
from course_lib.metrics import Confusion

BLANK, READ, SHARED = "#f3f3f3", "#bfe0f5", COLOURS[0]
HALVES = (COLOURS[1], COLOURS[0])

# Mean IoU in percent on VOC 2012's validation set, with the CRF, by fc6's kernel and rate: Chen et al. 2015, Table 2.
VIEWS = {(7, 4): 67.64, (4, 4): 63.74, (4, 8): 67.14, (3, 12): 67.64}
# The same without the CRF and with it.
CRF_GAINS = {
    "v1, 4x4 at rate 4": (59.80, 63.74),  # Chen et al. 2015, Table 1a
    "v1, large field of view": (62.25, 67.64),  # Chen et al. 2015, Table 1a
    "v1, and features of early layers": (64.21, 68.70),  # Chen et al. 2015, Table 1a
    "v2, VGG16, large field of view": (65.76, 69.84),  # Chen et al. 2018, Table 3
    "v2, VGG16, ASPP": (68.96, 71.57),  # Chen et al. 2018, Table 3
    "v2, ResNet-101, ASPP": (76.35, 77.69),  # Chen et al. 2018, Table 4
}


@styled
def over(image: Tensor, maps: Mapping[str, Tensor], classes: Sequence[str], mask: Tensor) -> Figure:
    """A photograph under several maps, probabilities C x H x W, each with its mean IoU against the mask."""
    figure, axes = new(1, len(maps), size=(WIDTH, 0.75 + WIDTH / len(maps) * image.shape[-2] / image.shape[-1]))
    told = []
    for axis, (name, probabilities) in zip(axes[0], maps.items()):
        found, wanted = tuple(probabilities.shape[-2:]), tuple(image.shape[-2:])
        if found != wanted:
            raise ValueError(f"the map {name!r} has {found} pixels, the picture {wanted}")
        score = Confusion(len(classes)).update(probabilities.argmax(0), mask).mean_iou
        picture(axis, calmed(tinted(image, probabilities.argmax(0))), f"{name}: mean IoU {score:.2f}")
        told.append(f"{name} {score:.2f}")
    class_legend(figure, classes)
    figure.photographs = True
    figure.alt = f"A photograph of {', '.join(classes)} under {len(maps)} maps. Mean IoU: {', '.join(told)}."
    return figure


def calmed(image: Tensor) -> Tensor:
    """A photograph, uint8, in 32 shades a channel: no eye sees it, and the notebook's file is a third smaller."""
    return image & 0xF8


@styled
def views(kernels: Mapping[str, tuple[int, int]], parameters: Sequence[int], side: int = 41) -> Figure:
    """fc6 as (kernel, rate) on a map of side x side cells: which of them it reads, and the network's parameters."""
    if len(kernels) != len(parameters):
        raise ValueError(f"each kernel needs its parameters, got {len(kernels)} kernels and {len(parameters)} numbers")
    figure, axes = new(1, len(kernels), size=(WIDTH, 1.1 + WIDTH / len(kernels)))
    told = []
    for axis, (name, (kernel, rate)), count in zip(axes[0], kernels.items(), parameters):
        span = (kernel - 1) * rate + 1
        if span > side:
            raise ValueError(f"a {kernel}x{kernel} at rate {rate} spans {span} cells, the map has {side}")
        cells = np.zeros((side, side))
        start = (side - span) // 2
        cells[start : start + span, start : start + span] = 0.25
        cells[start : start + span : rate, start : start + span : rate] = 1
        printed = f"printed: {VIEWS[kernel, rate]:.2f} %" if (kernel, rate) in VIEWS else ""
        words = f"{name}\n{kernel**2} weights, span {span}\n{count / 1e6:.1f} M parameters\n{printed}"
        picture(axis, cells, words, cmap="Blues")
        axis.spines[:].set_visible(True)
        told.append(
            f"{name}: {kernel**2} weights over {span} x {span} cells, {count:,} parameters in all {printed}".rstrip()
        )
    figure.alt = f"The cells of a {side} x {side} map that fc6 reads. {'; '.join(told)}."
    return figure


@styled
def windows(pools: Mapping[str, Sequence[tuple[int, int]]], pixels: int) -> Figure:
    """Along one axis: what neighbouring cells of each pool read, from the first to before the second number."""
    figure, axes = new(len(pools), 1, size=(8, 0.5 + 1.25 * len(pools)))
    told = []
    for axis, (name, reads) in zip(axes[:, 0], pools.items()):
        times = [sum(first <= pixel < last for first, last in reads) for pixel in range(pixels)]
        for pixel, count in enumerate(times):
            colour = (BLANK, READ, SHARED)[min(count, 2)]
            axis.add_patch(Rectangle((pixel - 0.42, -0.42), 0.84, 0.84, facecolor=colour, edgecolor=QUIET, lw=0.6))
        for cell, (first, last) in enumerate(reads):
            middle, height = (first + last - 1) / 2, 1.35
            for pixel in range(first, last):
                axis.plot([pixel, middle], [0.42, height - 0.3], color=QUIET, linewidth=0.9, zorder=0)
            axis.add_patch(Rectangle((middle - 0.6, height - 0.3), 1.2, 0.6, facecolor="white", edgecolor=INK))
            axis.text(middle, height, f"cell {cell}", ha="center", va="center", fontsize=8.5)
        axis.set(xlim=(-1, pixels), ylim=(-0.6, 1.8), aspect="equal", title=name)
        axis.axis("off")
        shared = sum(count > 1 for count in times)
        told.append(
            f"{name}: {len(reads)} cells read {sum(count > 0 for count in times)} pixels, {shared} of them twice"
        )
    figure.alt = f"A row of {pixels} pixels and the cells above them. {'; '.join(told)}."
    return figure


@styled
def enlarged(row: Tensor, size: int) -> Figure:
    """One row of values, enlarged with corners aligned and with edges aligned: the same row, two answers."""
    if row.ndim != 1 or not 1 < len(row) <= size:
        raise ValueError(f"the row must be shorter than {size} and hold 2 values or more, got {tuple(row.shape)}")
    figure, axes = new(1, 2, size=(WIDTH, 3), sharey=True)
    told = []
    for axis, aligned in zip(axes[0], (True, False)):
        new_row = F.interpolate(row[None, None].double(), size=size, mode="linear", align_corners=aligned)[0, 0]
        index = torch.arange(len(row), dtype=torch.float64)
        scale = (size - 1) / (len(row) - 1) if aligned else size / len(row)
        places = index * scale if aligned else (index + 0.5) * scale - 0.5
        axis.plot(range(size), new_row, "o-", color=COLOURS[0], markersize=3.5, linewidth=1)
        axis.plot(places, row, "D", color=COLOURS[1], markersize=9, markerfacecolor="none", markeredgewidth=2)
        met = sum(bool(place == place.round()) for place in places)
        axis.set(title=f"align_corners={aligned}: a cell every {scale:.4g} pixels", xlabel="pixel")
        told.append(
            f"align_corners={aligned}: cells lie {scale:.4g} pixels apart, {met} of {len(row)} on a pixel, "
            f"first value {float(new_row[0]):.4g}, second {float(new_row[1]):.4g}"
        )
    figure.alt = f"{len(row)} values enlarged to {size}. {'; '.join(told)}."
    return figure


@styled
def listens(image: Tensor, pixel: tuple[int, int], widths: Sequence[tuple[float, float]]) -> Figure:
    """Whom one pixel listens to: the CRF's appearance kernel from it to all others, for each (theta_xy, theta_rgb).

    The pictures show the square root of averages over 2 x 2 pixels, so that those who weigh little can be seen, too.
    """
    height, width = image.shape[-2:]
    y, x = pixel
    if not (0 <= y < height and 0 <= x < width):
        raise ValueError(f"pixel {pixel} lies outside the picture of {height} x {width}")
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    away = (rows - y) ** 2 + (columns - x) ** 2
    colour = (image.float() - image[:, y, x, None, None].float()).square().sum(0)
    figure, axes = new(1, 1 + len(widths), size=(WIDTH, 0.65 + WIDTH / (1 + len(widths)) * height / width))
    picture(axes[0, 0], calmed(image), "the picture, one pixel")
    told = []
    for axis, (theta_xy, theta_rgb) in zip(axes[0, 1:], widths):
        kernel = (-away / (2 * theta_xy**2) - colour / (2 * theta_rgb**2)).exp()
        heat = F.avg_pool2d(kernel[None], 2, ceil_mode=True, count_include_pad=False)[0].sqrt()
        frame = (-0.5, width - 0.5, height - 0.5, -0.5)
        picture(axis, heat, f"place {theta_xy:g} px, colour {theta_rgb:g}", vmin=0, vmax=1, extent=frame)
        told.append(
            f"widths {theta_xy:g} pixels and {theta_rgb:g} grey levels: as much as {float(kernel.sum()):.0f} twins"
        )
    for axis in axes[0]:
        axis.plot(x, y, "o", markersize=8, markerfacecolor="none", markeredgecolor="white", markeredgewidth=3)
        axis.plot(x, y, "o", markersize=8, markerfacecolor="none", markeredgecolor=COLOURS[1], markeredgewidth=1.6)
    figure.photographs = True
    figure.alt = f"How much the pixel at row {y}, column {x} listens to each other pixel. {'; '.join(told)}."
    return figure


@styled
def taps(image: Tensor, cells: Sequence[tuple[int, int]], rates: Sequence[int], side: int) -> Figure:
    """Where the nine taps of each rate fall on a square picture, for some cells of a map of side x side."""
    if image.shape[-1] != image.shape[-2]:
        raise ValueError(f"the picture must be square, got {tuple(image.shape[-2:])}")
    step = image.shape[-1] / side
    figure, axes = new(1, len(cells), size=(WIDTH, 0.3 + 0.98 * WIDTH / len(cells)))
    told = []
    for axis, (y, x) in zip(axes[0], cells):
        picture(axis, image)
        on_map = [_mark(axis, (y, x), rate, colour, side, step) for rate, colour in zip(rates, COLOURS)]
        counts = [f"rate {rate} {count} of 9" for rate, count in zip(rates, on_map)]
        axis.set_title(f"cell ({y}, {x}): {sum(on_map)} of {9 * len(rates)} taps on the map")
        told.append(f"at cell ({y}, {x}) {', '.join(counts)}")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(rates))
    figure.alt = f"The taps of 3x3 kernels over a scene, on a map of {side} x {side} cells: {'; '.join(told)}."
    return figure


def _mark(axis: Axes, cell: tuple[int, int], rate: int, colour: str, side: int, step: float) -> int:
    """Draws the taps that lie on the map; returns how many do."""
    places = [(cell[0] + rate * down, cell[1] + rate * right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    seen = [(y, x) for y, x in places if 0 <= y < side and 0 <= x < side]
    ys, xs = zip(*[((y + 0.5) * step - 0.5, (x + 0.5) * step - 0.5) for y, x in seen])
    axis.plot(
        xs, ys, "s", markersize=8, color=colour, markeredgecolor="white", markeredgewidth=1.2, label=f"rate {rate}"
    )
    return len(seen)


@styled
def crf_gains() -> Figure:
    """What the papers print without and with the CRF: the better the network, the less is left for it to do."""
    figure, axes = new(size=(8.5, 0.9 + 0.42 * len(CRF_GAINS)))
    axis = axes[0, 0]
    told = []
    for line, (name, (before, after)) in enumerate(CRF_GAINS.items()):
        axis.plot([before, after], [line, line], color=QUIET, linewidth=2, zorder=1)
        axis.plot(before, line, "o", color=HALVES[0], markersize=9, label="without" if not line else "")
        axis.plot(after, line, "D", color=HALVES[1], markersize=8, label="with the CRF" if not line else "")
        axis.text(after + 0.5, line, f"+{after - before:.2f}", va="center")
        told.append(f"{name} {before:.2f} and {after:.2f}")
    axis.set_yticks(range(len(CRF_GAINS)), CRF_GAINS)
    axis.set(ylim=(len(CRF_GAINS) - 0.4, -0.6), xlabel="mean IoU in percent, VOC 2012 validation, as printed")
    axis.grid(axis="x")
    axis.legend(loc="upper right")
    figure.alt = f"Mean IoU without and with the CRF, as the papers print it: {'; '.join(told)}."
    return figure
