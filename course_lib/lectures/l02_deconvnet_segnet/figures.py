"""The pictures of 02: pooling and back, stamps of a transposed convolution, maps of a decoder, weights."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib.figures.style import COLOURS, HATCHES, INK, QUIET, Figure, new, picture, styled

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
def decoder_maps(images: Tensor, stages: Mapping[str, tuple[Tensor, Tensor]]) -> Figure:
    """For each image two rows: the mean of the channels after unpooling, and below it after the convolutions.

    `images` is N x 3 x H x W; `stages` maps a name to the two maps of a stage, N x C x h x w each.
    """
    for name, pair in stages.items():
        for found in pair:
            if found.ndim != 4 or len(found) != len(images):
                raise ValueError(f"{name} should be {len(images)} x C x h x w, got {tuple(found.shape)}")
    columns, rows = 1 + len(stages), 2 * len(images)
    figure, axes = new(rows, columns, size=(9, 0.3 + rows * 9 / columns))
    for row in range(rows):
        if row % 2 == 0:
            picture(axes[row, 0], images[row // 2], "" if row else "picture")
        else:
            axes[row, 0].set_axis_off()
        words = ("unpooled", "convolved")[row % 2]
        for column, (name, pair) in enumerate(stages.items(), start=1):
            found = pair[row % 2]
            picture(axes[row, column], found[row // 2].mean(0), "" if row else f"{name}\n{found.shape[-1]} cells")
        axes[row, 1].set_ylabel(words)
    told = ", ".join(f"{name} {filled(pair[0]):.0%} and {filled(pair[1]):.0%}" for name, pair in stages.items())
    figure.alt = (
        f"{len(images)} pictures and the mean of the channels at {len(stages)} stages of a decoder, unpooled and "
        f"convolved. Share of the values that are not zero before and after the convolutions: {told}."
    )
    return figure


def filled(maps: Tensor) -> float:
    """The share of values that are not zero."""
    return float((maps != 0).double().mean())


@styled
def where_the_weights_are(networks: Mapping[str, Mapping[str, int]]) -> Figure:
    """One bar for each network, made of its parts' parameter counts."""
    figure, axes = new(size=(9, 0.9 + 0.75 * len(networks)))
    axis = axes[0, 0]
    parts: Sequence[str] = list(dict.fromkeys(part for counts in networks.values() for part in counts))
    for row, counts in enumerate(networks.values()):
        left = 0.0
        for part, count in counts.items():
            index = parts.index(part)
            label = part if row == [part in other for other in networks.values()].index(True) else None
            axis.barh(row, count / 1e6, left=left, height=0.6, color=COLOURS[index % len(COLOURS)], edgecolor="white",
                      hatch=HATCHES[index % len(HATCHES)], label=label)  # fmt: skip
            left += count / 1e6
        axis.text(left + 2, row, f"{left:.1f} million", va="center")
    most = max(sum(counts.values()) for counts in networks.values()) / 1e6
    axis.set(xlim=(0, most * 1.18), xlabel="million parameters")
    axis.set_yticks(range(len(networks)), list(networks))
    axis.invert_yaxis()
    figure.legend(loc="outside upper center", ncols=len(parts))
    told = "; ".join(
        f"{name} {sum(counts.values()):,}: {', '.join(f'{part} {count:,}' for part, count in counts.items())}"
        for name, counts in networks.items()
    )
    figure.alt = f"Parameters of {len(networks)} networks by part. {told}."
    return figure
