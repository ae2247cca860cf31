"""The pictures of 04 that grow: a field layer by layer through a real network, holes, and the law of 1/sqrt(n)."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import Rectangle
from torch import Tensor

from course_lib.figures.style import COLOURS, INK, WIDTH, Figure, new, picture, styled

Box = tuple[int, int, int, int]  # top, left, bottom, right, half open


@styled
def backwards(maps: Mapping[str, tuple[Tensor, Box]], unit: tuple[int, int]) -> Figure:
    """From one unit of a deep map back to the pixels: the cells that it depends on, map by map.

    maps: under each title a map (H x W, or a photograph 3 x H x W) and the box of its cells, the unit's own map first.
    """
    columns = 3
    rows = -(-len(maps) // columns)
    height, width = next(reversed(maps.values()))[0].shape[-2:]
    figure, axes = new(rows, columns, size=(WIDTH, rows * (WIDTH / columns * height / width + 0.28)))
    told = []
    for axis, (name, (image, (top, left, bottom, right))) in zip(axes.flat, maps.items()):
        cells = f"{bottom - top} x {right - left}"
        picture(axis, image, f"{name}: {cells}", extent=(0, image.shape[-1], image.shape[-2], 0), aspect="auto")
        for edge, wide in (("white", 3), (COLOURS[1], 1.8)):
            frame = {"fill": False, "edgecolor": edge, "linewidth": wide}
            axis.add_patch(Rectangle((left, top), right - left, bottom - top, **frame))
        told.append(f"{name} {cells}")
    for axis in axes.flat[len(maps) :]:
        axis.set_axis_off()
    figure.photographs = True
    figure.alt = (
        f"The cells that the unit at row {unit[0]}, column {unit[1]} of a deep map depends on, map by map back to the "
        f"photograph: {', '.join(told)}."
    )
    return figure


@styled
def gridding(schedules: Sequence[Sequence[int]]) -> Figure:
    """For 3x3 layers at these rates: on how many paths each pixel of the field's box is read; white is never."""
    figure, axes = new(1, len(schedules), size=(WIDTH, 0.6 + WIDTH / len(schedules)))
    told = []
    for axis, rates in zip(axes[0], schedules):
        row = np.ones(1)
        for rate in rates:
            row = np.convolve(row, _taps(rate))
        paths = np.outer(row, row)
        share, side = (paths > 0).mean(), len(row)
        shown = np.where(paths > 0, paths, np.nan)
        name = f"rates {', '.join(map(str, rates))}"
        picture(axis, shown, f"{name}: {side} x {side}\n{share:.0%} of the pixels are read", vmin=0)
        axis.set_xticks(np.arange(-0.5, side), minor=True)
        axis.set_yticks(np.arange(-0.5, side), minor=True)
        axis.grid(which="minor", color="#dddddd", linewidth=0.4)
        axis.tick_params(which="both", length=0)
        told.append(f"{name} read {int((paths > 0).sum())} of {paths.size} pixels, {share:.0%}")
    figure.alt = f"The field of three schedules of 3x3 layers, cropped to its box. {'; '.join(told)}."
    return figure


def _taps(rate: int) -> np.ndarray:
    """Three taps of a row, `rate` apart."""
    taps = np.zeros(2 * rate + 1)
    taps[::rate] = 1
    return taps


@styled
def bells(depths: Sequence[int], kernel: int = 3) -> Figure:
    """Along one axis: the share of all paths that end at each pixel, for so many layers of equal weights."""
    figure, axes = new(1, len(depths), size=(WIDTH, 2.5))
    told = []
    for axis, depth in zip(axes[0], depths):
        row = np.ones(1)
        for _ in range(depth):
            row = np.convolve(row, np.full(kernel, 1 / kernel))
        half = len(row) // 2
        deviation = float(np.sqrt(depth * (kernel**2 - 1) / 12))
        axis.bar(range(-half, half + 1), row / row.max(), width=1, color=COLOURS[2], linewidth=0)
        axis.axvspan(-half - 0.5, half + 0.5, color="#e8f1f8", zorder=0)
        axis.plot([-2 * deviation, 2 * deviation], [1.12, 1.12], color=INK, linewidth=2.5, solid_capstyle="butt")
        share = 4 * deviation / len(row)
        axis.set(title=f"{depth} layers: {share:.0%}", xlim=(-half - 1.5, half + 1.5), ylim=(0, 1.25), yticks=[])
        axis.spines["left"].set_visible(False)
        axis.set_xlabel(f"field {len(row)}, deviation {deviation:.2f}")
        told.append(f"{depth} layers: field {len(row)}, standard deviation {deviation:.2f}, four of them {share:.0%}")
    figure.alt = (
        f"Where the paths of 3x3 layers of equal weights end, a bell that becomes a smaller share of the field as "
        f"layers are added. {'; '.join(told)}."
    )
    return figure
