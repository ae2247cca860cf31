"""Where the patches of an occlusion sweep lie, what they show, and what the sweep will cost.

For one unit of one image a `Sweep` holds the window of the image that is run, the places of the patch (only those that
touch the unit's theoretical field), and the way back from a change per place to a map. A `Plan` holds all sweeps.
empirical.py makes the plan, announces it and runs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..theoretical import Field
from .frozen import FrozenNet, checked_pixel
from .request import box_of
from .window import Window, find_window

PATCHES = ("noise", "mean", "blur")


@dataclass(frozen=True, eq=False)
class Sweep:
    """One image's share of the work: the unit, its window, and the places where a patch touches its field."""

    image: int
    pixel: tuple[int, int]
    window: Window
    mask: Tensor
    rows: Tensor  # places x H: which rows a patch at each vertical place covers
    columns: Tensor
    touching: Tensor  # vertical places x horizontal places

    def passes(self, batch_size: int) -> int:
        """One per patch, and the clean image once in every batch."""
        places = int(self.touching.sum())
        return places + -(-places // batch_size)

    def map(self, change: Tensor) -> Tensor:
        """Each pixel's mean change over the patches that cover it; zero outside the field."""
        grid = torch.zeros(self.touching.shape, dtype=torch.float64)
        grid[self.touching] = change.double()
        down, across = self.rows.double(), self.columns.double()
        number = down.T @ self.touching.double() @ across
        return torch.where(self.mask, down.T @ grid @ across / number.clamp_min(1), 0.0)


@dataclass(frozen=True, eq=False)
class Plan:
    """What a sweep will cost, known before it begins."""

    sweeps: list[Sweep]
    image_size: tuple[int, int]
    batch_size: int
    first_looks: int  # over whole images: one to see the map, and for a channel one each, to see where it is excited

    @property
    def patches(self) -> int:
        """How many patches are laid on the image in all."""
        return sum(int(sweep.touching.sum()) for sweep in self.sweeps)

    @property
    def passes(self) -> int:
        """Forward passes of one image, or of one crop of it; without the few that prove the crop."""
        return self.first_looks + sum(sweep.passes(self.batch_size) for sweep in self.sweeps)

    def __str__(self) -> str:
        height, width = self.image_size
        share = sum(s.window.size[0] * s.window.size[1] for s in self.sweeps) / (height * width * len(self.sweeps))
        return (
            f"occlusion: {self.patches} patches on {len(self.sweeps)} images = {self.passes} forward passes, "
            f"each of {100 * share:.0f} % of a {height}x{width} image"
        )


def planned_sweeps(
    frozen: FrozenNet,
    field: Field,
    images: Tensor,
    pixel_or_channel: Sequence[int] | int,
    size: int,
    stride: int,
    top: int | None,
    batch_size: int,
) -> Plan:
    """The units to watch, and for each its window and the places of the patch."""
    first = frozen.try_on(images)
    if isinstance(pixel_or_channel, int):
        units = _most_excited(frozen, images, pixel_or_channel, first, top, batch_size)
    elif top is not None:
        raise ValueError("top chooses among images by a channel's excitement; with a pixel, pass the images you want")
    else:
        pixel = checked_pixel(pixel_or_channel, first.shape[-2:], frozen.layer)
        units = [(index, pixel) for index in range(len(images))]
    rows, columns = (covered(length, size, stride) for length in images.shape[-2:])
    sweeps, known = [], {}
    for index, pixel in units:
        if pixel not in known:
            mask = torch.as_tensor(field.mask(pixel, frozen.layer))
            touching = (rows.float() @ mask.float() @ columns.float().T) > 0
            same = sum(other == pixel for _, other in units)
            box = box_of(field, pixel, frozen.layer)
            known[pixel] = find_window(frozen, images, pixel, box, passes=same * int(touching.sum())), mask, touching
        window, mask, touching = known[pixel]
        sweeps.append(Sweep(index, pixel, window, mask, rows, columns, touching))
    looks = 1 + (len(images) if isinstance(pixel_or_channel, int) else 0)
    return Plan(sweeps, tuple(images.shape[-2:]), batch_size, looks)


def _most_excited(
    frozen: FrozenNet, images: Tensor, channel: int, first: Tensor, top: int | None, batch_size: int
) -> list[tuple[int, tuple[int, int]]]:
    """For each image the place where the channel answers most; the `top` images, the most excited first."""
    _, channels, _, width = first.shape
    if not 0 <= channel < channels:
        raise ValueError(f"channel {channel} does not exist: {frozen.layer or 'the output'} has {channels} channels")
    if top is not None and not 1 <= top <= len(images):
        raise ValueError(f"top must be from 1 to the number of images, {len(images)}, got {top}")
    answers = torch.cat([frozen(part)[:, channel].flatten(1).cpu() for part in images.split(batch_size)])
    peak, place = answers.max(1)
    order = peak.argsort(descending=True, stable=True)[:top] if top else torch.arange(len(images))
    return [(int(i), (int(place[i]) // width, int(place[i]) % width)) for i in order]


def covered(length: int, size: int, stride: int) -> Tensor:
    """Places x length: the pixels each patch covers; the last patch ends at the image's edge."""
    starts = list(range(0, length - size + 1, stride))
    if starts[-1] != length - size:
        starts.append(length - size)
    start = torch.tensor(starts)[:, None]
    pixel = torch.arange(length)[None, :]
    return (start <= pixel) & (pixel < start + size)


def hidden_under(image: Tensor, patch: str, seed: int) -> Tensor:
    """What shows where a patch lies, for the whole image."""
    mean = image.mean((1, 2), keepdim=True)
    if patch == "mean":
        return mean.expand_as(image)
    if patch == "noise":
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)).to(image)
        return mean + noise * image.std((1, 2), keepdim=True, correction=0)
    return _blurred(image)


def _blurred(image: Tensor, sigma: float = 5.0) -> Tensor:
    """A Gaussian blur that has its borders repeated."""
    reach = round(3 * sigma)
    weight = torch.exp(-(torch.arange(-reach, reach + 1).to(image) ** 2) / (2 * sigma**2))
    weight = (weight / weight.sum()).expand(len(image), 1, 1, -1)
    wide = F.pad(image[None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(wide, weight, groups=len(image)), weight.transpose(2, 3), groups=len(image))[0]
