"""The pictures of 02: pooling and back on numbers and on a photograph, stamps, maps of a decoder."""

from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib import palette
from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, new, picture, styled

PALE = "#f4f4f4"


@styled
def pool_and_unpool(grid: Tensor, pooled: Tensor, places: Tensor) -> Figure:
    """A map, its 2x2 maxima, and the maxima put back at their places. All are 1 x 1 x H x W, as torch has them."""
    if grid.shape[:2] != (1, 1) or pooled.shape != places.shape:
        raise ValueError(
            f"expected one map and its pooled values with their places, got {tuple(grid.shape)}, "
            f"{tuple(pooled.shape)} and {tuple(places.shape)}"
        )
    back = F.max_unpool2d(pooled, places, 2, output_size=grid.shape[-2:])
    figure, axes = new(1, 3, size=(9, 3.3))
    kept = torch.zeros(grid.shape[-2:], dtype=torch.bool)
    kept.view(-1)[places.flatten()] = True
    numbers(axes[0, 0], grid[0, 0], "the map; its maxima", kept)
    numbers(axes[0, 1], pooled[0, 0], "pooled", torch.ones_like(pooled[0, 0], dtype=torch.bool))
    numbers(axes[0, 2], back[0, 0], "unpooled", kept)
    share = float(kept.float().mean())
    figure.alt = (
        f"A map of {grid.shape[-2]} x {grid.shape[-1]}, its {pooled.numel()} maxima, and the maxima back in their "
        f"places: {share:.0%} of the map is filled, the rest is 0."
    )
    return figure


def numbers(axis: Axes, values: Tensor, title: str, marked: Tensor) -> None:
    """A small map as a table: the marked cells in colour, thick lines round each 2x2 window."""
    height, width = values.shape
    axis.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axis.set_title(title)
    axis.axis("off")
    for y in range(height):
        for x in range(width):
            colour = COLOURS[4] if marked[y, x] else PALE
            axis.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, alpha=0.6, edgecolor="white"))
            axis.text(x + 0.5, y + 0.5, f"{float(values[y, x]):g}", ha="center", va="center", fontsize=12)
    if height > 2:
        for y in range(0, height, 2):
            for x in range(0, width, 2):
                axis.add_patch(Rectangle((x, y), 2, 2, fill=False, edgecolor=QUIET, linewidth=1.6))


@styled
def stamps(image: Tensor, kernel: Tensor, stride: int) -> Figure:
    """A transposed convolution taken apart: what each pixel stamps into the output, and the sum. H x W each."""
    if image.ndim != 2 or kernel.ndim != 2 or image.numel() > 6:
        raise ValueError(
            f"image and kernel must be H x W, the image of at most 6 pixels, got {tuple(image.shape)} and "
            f"{tuple(kernel.shape)}"
        )
    parts = []
    for pixel in image.flatten().nonzero().flatten().tolist():
        alone = torch.zeros_like(image)
        alone.view(-1)[pixel] = image.flatten()[pixel]
        parts.append(F.conv_transpose2d(alone[None, None], kernel[None, None], stride=stride)[0, 0])
    whole = F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride)[0, 0]
    figure, axes = new(1, len(parts) + 1, size=(9, 0.35 + 9 / (len(parts) + 1)))
    for number, (axis, part) in enumerate(zip(axes[0], [*parts, whole])):
        title = "their sum" if number == len(parts) else f"pixel {number + 1} stamps"
        picture(axis, part, title, vmin=0, vmax=float(whole.max()))
        for y in range(part.shape[0]):
            for x in range(part.shape[1]):
                bright = float(part[y, x]) > 0.55 * float(whole.max())
                axis.text(x, y, f"{float(part[y, x]):g}", ha="center", va="center", fontsize=9,
                          color=INK if bright else "white")  # fmt: skip
    figure.alt = (
        f"{len(parts)} stamps of {kernel.shape[0]} x {kernel.shape[1]}, {stride} cells apart, and their sum, in which "
        f"values from {float(whole.min()):g} to {float(whole.max()):g} stand."
    )
    return figure


@styled
def there_and_back(image: Tensor, pools: int = 3) -> Figure:
    """The edges of a photograph (uint8, 3 x H x W), pooled and enlarged again in three ways."""
    step = 2**pools
    height, width = (side // step * step for side in image.shape[-2:])
    grey = image.float().mean(0)[:height, :width]
    down, right = (F.pad(grey.diff(dim=axis), edge) for axis, edge in ((0, (0, 0, 0, 1)), (1, (0, 1))))
    edges = x = (down**2 + right**2).sqrt()[None, None]
    places = []
    for _ in range(pools):
        x, found = F.max_pool2d(x, 2, return_indices=True)
        places.append(found)
    by_place = by_corner = x
    for found in reversed(places):
        by_place = F.max_unpool2d(by_place, found, 2)
        by_corner = F.max_unpool2d(by_corner, corners_of(by_corner), 2)
    bilinear = F.interpolate(x, scale_factor=step, mode="bilinear", align_corners=False)
    panels = {
        "the edges of the photograph": edges,
        f"{pools} pools, then unpooled to the remembered places": by_place,
        f"{pools} pools, then unpooled to the upper left corner": by_corner,
        f"{pools} pools, then bilinear upsampling": bilinear,
    }
    figure, axes = new(2, 2, size=(WIDTH, 0.7 + WIDTH * height / width))
    for axis, (title, found) in zip(axes.flat, panels.items()):
        picture(axis, found[0, 0], title, cmap="gray", vmin=0, vmax=float(edges.quantile(0.995)), interpolation="none")
    figure.photographs = edges.numel() > 30_000  # smaller ones are blocks when enlarged, of which a PNG is smaller
    stays = float((by_place == edges)[by_place > 0].float().mean())
    figure.alt = (
        f"The edges of a photograph of {height} x {width} pixels, and what {pools} max pools leave of them. Unpooled "
        f"to the remembered places {filled(by_place):.1%} of the pixels are filled, {stays:.0%} of them with the value "
        f"that stood there; unpooled to corners the same values stand elsewhere; bilinear upsampling blurs them."
    )
    return figure


def corners_of(x: Tensor) -> Tensor:
    """The place of the upper left corner of each 2x2 window, as `max_unpool2d` counts places."""
    rows, columns = (torch.arange(side) for side in x.shape[-2:])
    return (2 * rows[:, None] * 2 * len(columns) + 2 * columns).expand(x.shape)


@styled
def telling_maps(image: Tensor, mask: Tensor, stages: Mapping[str, Tensor]) -> Figure:
    """A picture, and for each stage of a decoder the one map that tells a class best.

    mask: where the class is, H x W of bool. stages: C x h x w each. The map is the one whose values correlate most
    with the mask, over all pixels.
    """
    columns = 3
    rows = -(-(1 + len(stages)) // columns)
    figure, axes = new(rows, columns, size=(WIDTH, rows * (WIDTH / columns + 0.1)))
    cells, told = list(axes.flat), []
    picture(cells[0], image, "the picture, and the true outline")
    for cell, (name, maps) in zip(cells[1:], stages.items()):
        if maps.ndim != 3:
            raise ValueError(f"{name} should be C x h x w, got {tuple(maps.shape)}")
        large = F.interpolate(maps[None], mask.shape, mode="nearest")[0]
        tells = correlation(large.flatten(1), mask.flatten().float())
        best = int(tells.argmax())
        picture(cell, large[best], f"{name}: {maps.shape[-2]} x {maps.shape[-1]} cells")
        told.append(f"{name} {float(tells[best]):.2f}")
    for cell in cells[: 1 + len(stages)]:
        cell.contour(mask.float(), levels=[0.5], colors=[palette.hex_of(palette.VERMILION)], linewidths=1.2)
    for cell in cells[1 + len(stages) :]:
        cell.set_axis_off()
    figure.photographs = True
    figure.alt = (
        f"A picture with the outline of one class, and from each of {len(stages)} stages of a decoder the map that "
        f"tells the class best. Correlation with the class: {', '.join(told)}."
    )
    return figure


def correlation(values: Tensor, mask: Tensor) -> Tensor:
    """Pearson's correlation of each row with the mask; 0 for a row without spread."""
    values, mask = values - values.mean(1, keepdim=True), mask - mask.mean()
    return (values @ mask / (values.norm(dim=1) * mask.norm()).clamp_min(1e-12)).nan_to_num()


def filled(maps: Tensor) -> float:
    """The share of values that are not zero."""
    return float((maps != 0).double().mean())
