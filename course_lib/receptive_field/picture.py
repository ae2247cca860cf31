"""The three receptive fields of one unit on an image: maps come in, a matplotlib Figure with alt text goes out.

    theoretical   the image, everything outside the field shaded (hatched too, so that colour alone carries nothing)
    effective     the weight of each pixel as heat, and the discs that hold 68.27 % and 95.45 % of it
    empirical     the same for the changes under a patch

A panel is drawn for each map that is given. A field that fills little of the image is shown enlarged. The figure's
`alt` says in words, from the same numbers, what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .probing.influence import Spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, EDGE, SHADE = "#1a1a1a", "#e69f00", "#101828"
DISCS = ((0.6827, "-"), (0.9545, "--"))


def picture(
    image: object = None,
    *,
    mask: object = None,
    effective: Spread | object = None,
    empirical: Spread | object = None,
    pixel: Sequence[float] | None = None,
    title: str = "",
) -> Figure:
    """A figure with one panel for each of `mask`, `effective` and `empirical` that is given.

    `image` is H x W, H x W x 3 or 3 x H x W, of bytes or of any numbers (these are stretched to black and white); the
    maps are H x W. `pixel` is where the unit sits on the image; a `Spread` knows it.
    """
    from matplotlib.figure import Figure

    mask = None if mask is None else torch.as_tensor(mask).bool()
    spreads = {"effective": _spread(effective, pixel), "empirical": _spread(empirical, pixel)}
    spreads = {name: spread for name, spread in spreads.items() if spread is not None}
    shapes = [tuple(mask.shape)] if mask is not None else [tuple(spread.map.shape) for spread in spreads.values()]
    if not shapes:
        raise ValueError("nothing to draw: give mask, effective or empirical")
    shape = shapes[0]
    ground = torch.ones(*shape, 3) if image is None else _shown(image)
    if tuple(ground.shape[:2]) != shape:
        raise ValueError(f"the image is {_by(ground.shape[:2])}, the field {_by(shape)} (rows x columns)")
    unit = pixel if pixel is not None else next((spread.unit for spread in spreads.values()), None)
    view = _view(mask if mask is not None else next(iter(spreads.values())).map > 0)
    count = (mask is not None) + len(spreads)
    tall = (view[2] - view[0]) / (view[3] - view[1])
    figure = Figure(figsize=(0.3 + 3.5 * count, 3.4 * min(tall, 1.6) + (1.0 if title else 0.7)), layout="constrained")
    panels = list(figure.subplots(1, count, squeeze=False)[0])
    words = []
    if mask is not None:
        words.append(_draw_mask(panels.pop(0), ground, mask, unit))
    for axes, (name, spread) in zip(panels, spreads.items()):
        here = ground if tuple(spread.map.shape) == shape else torch.ones(*spread.map.shape, 3)
        words.append(_draw_spread(axes, here, spread, name))
    for axes in figure.axes:
        if axes.images[0].get_array().shape[:2] == shape:
            axes.set_xlim(view[1] - 0.5, view[3] - 0.5)
            axes.set_ylim(view[2] - 0.5, view[0] - 0.5)
        axes.tick_params(labelsize=8, colors=INK, length=2)
    if title:
        figure.suptitle(title, fontsize=11, color=INK)
    figure.alt = " ".join([f"{title}." if title else "", *words]).strip()
    return figure


def save(figure: Figure, path: Path, *, dpi: int = 110) -> None:
    """The figure as a file; a PNG with 256 colours, a third of the size, and the alt text as its description."""
    if path.suffix.lower() != ".png":
        figure.savefig(path, dpi=dpi)
        return
    from PIL import Image, PngImagePlugin

    full = BytesIO()
    figure.savefig(full, dpi=dpi, format="png")
    words = PngImagePlugin.PngInfo()
    words.add_itxt("Description", figure.alt)
    few = Image.open(full).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True, pnginfo=words)


def _draw_mask(axes: Axes, ground: Tensor, mask: Tensor, unit: Sequence[float] | None) -> str:
    from matplotlib.colors import to_rgb

    outside = torch.tensor(to_rgb(SHADE))
    shown = torch.where(mask[..., None], ground, 0.25 * ground + 0.75 * outside)
    axes.imshow(shown.numpy(), interpolation="nearest")
    if not mask.all():
        inside = mask.float().numpy()
        axes.contourf(inside, levels=[-0.5, 0.5], colors="none", hatches=["//"], antialiased=False)
        axes.contour(inside, levels=[0.5], colors=EDGE, linewidths=1.2)
    _mark(axes, unit)
    rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
    if not len(rows):
        axes.set_title("theoretical: nothing", fontsize=10, color=INK)
        return "Theoretical field: no pixel of the image can reach this unit."
    box = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    filled = float(mask.sum()) / (box[0] * box[1])
    axes.set_title(f"theoretical: {box[0]} × {box[1]} px", fontsize=10, color=INK)
    holes = f", of which {100 * filled:.3g} % is read" if filled < 1 else ""
    return (
        f"Theoretical field: a box of {box[0]} by {box[1]} pixels{holes}, {100 * float(mask.float().mean()):.3g} % "
        "of the image; the rest is shaded."
    )


def _draw_spread(axes: Axes, ground: Tensor, spread: Spread, name: str) -> str:
    from matplotlib import colormaps
    from matplotlib.patches import Circle

    peak = float(spread.map.max())
    grey = 0.5 + 0.5 * ground.mean(2, keepdim=True).expand(-1, -1, 3)
    if not peak > 0:
        axes.imshow(grey.numpy(), interpolation="nearest")
        axes.set_title(f"{name}: zero everywhere", fontsize=10, color=INK)
        return f"{name.capitalize()} field: zero everywhere."
    strength = (spread.map / peak).sqrt().float()
    heat = torch.from_numpy(colormaps["inferno_r"](0.1 + 0.8 * strength.numpy())[..., :3]).float()
    shown = grey + (heat - grey) * (1.5 * strength).clamp_max(1)[..., None]
    axes.imshow(shown.numpy(), interpolation="nearest")
    y, x = spread.centroid
    radii = [spread.radius(mass) for mass, _ in DISCS]
    for (mass, line), radius in zip(DISCS, radii):
        for colour, width in (("white", 3.0), (INK, 1.2)):  # a pale rim keeps the line visible on dark heat
            axes.add_patch(
                Circle(
                    (x, y), radius, fill=False, edgecolor=colour, linewidth=width, linestyle=line if width < 2 else "-"
                )
            )
        axes.plot([], [], color=INK, linewidth=1.2, linestyle=line, label=f"{100 * mass:g} %: {radius:.1f} px")
    _mark(axes, spread.unit)
    axes.legend(loc="lower right", fontsize=7, framealpha=0.85, title="radius that holds", title_fontsize=7)
    axes.set_title(f"{name}: {radii[1]:.0f} px radius", fontsize=10, color=INK)
    return (
        f"{name.capitalize()} field: a disc of {radii[0]:.1f} pixels radius holds 68.27 % of the weight, "
        f"one of {radii[1]:.1f} pixels 95.45 %."
    )


def _mark(axes: Axes, unit: Sequence[float] | None) -> None:
    if unit is not None:
        axes.plot(unit[1], unit[0], "+", color="white", markersize=10, markeredgewidth=3.5)
        axes.plot(unit[1], unit[0], "+", color=INK, markersize=8, markeredgewidth=1.5)


def _spread(given: object, pixel: Sequence[float] | None) -> Spread | None:
    if given is None or isinstance(given, Spread):
        return given
    values = torch.as_tensor(given).double()
    if values.ndim != 2 or bool((values < 0).any()):
        raise ValueError(
            f"a map is H x W and never negative, got {_by(values.shape)}, smallest {float(values.min()):g}"
        )
    middle = tuple((length - 1) / 2 for length in values.shape)
    return Spread(map=values, unit=tuple(map(float, pixel)) if pixel is not None else middle)


def _shown(image: object) -> Tensor:
    """The image as H x W x 3 from 0 to 1."""
    shown = torch.as_tensor(image).detach().cpu()
    if shown.ndim == 2:
        shown = shown[..., None].expand(-1, -1, 3)
    elif shown.ndim == 3 and shown.shape[0] in (1, 3) and shown.shape[2] not in (1, 3):
        shown = shown.permute(1, 2, 0)
    if shown.ndim != 3 or shown.shape[2] not in (1, 3):
        raise ValueError(f"the image is {_by(shown.shape)}, expected H x W, H x W x 3 or 3 x H x W")
    shown = shown.expand(-1, -1, 3)
    if shown.dtype == torch.uint8:
        return shown.float() / 255
    low, high = shown.min().float(), shown.max().float()
    if low >= 0 and high <= 1:
        return shown.float()
    return (shown.float() - low) / (high - low).clamp_min(1e-12)


def _view(field: Tensor) -> tuple[int, int, int, int]:
    """What to show: everything, or, where the field is small, its box with as much again around it."""
    height, width = field.shape
    rows, columns = field.any(1).nonzero(), field.any(0).nonzero()
    if not len(rows):
        return 0, 0, height, width
    reach = max(8, int(max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1))
    if 3 * reach >= min(height, width):
        return 0, 0, height, width
    y, x = int(rows[0] + rows[-1]) // 2, int(columns[0] + columns[-1]) // 2
    return max(0, y - reach), max(0, x - reach), min(height, y + reach + 1), min(width, x + reach + 1)


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
