"""The empirical receptive field (Zhou et al., ICLR 2015): hide a patch of the image, see whether the unit notices.

A patch (11 x 11 at every third pixel: about 5000 places on a 224-pixel image) is laid over the image, and the change
of the unit's activation is noted. Each pixel's discrepancy is the mean |change| over the patches that cover it; pixels
outside the theoretical field stay exactly zero, because no patch is laid that does not touch the field. For a channel,
each image is judged at the place that excites the channel most; the maps are then centred on that place and averaged
(the calibrated average). One sweep serves all channels of a layer: `result.of_channel(c)` asks for another one.

In come a network and images; `plan` tells how many forward passes it will take, and `empirical` announces the same
before it begins. The image is cropped as far as that changes nothing and the run stops at the layer.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .probing.frozen import FrozenNet, checked_images
from .probing.influence import Spread
from .probing.occlusion import PATCHES, Plan, Sweep, hidden_under, planned_sweeps
from .probing.request import centre_of, field_for, known_training, words_for
from .theoretical import Field


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Empirical(Spread):
    """The empirical receptive field: of a pixel, on the image's grid; of a channel, centred on the unit."""

    maps: Tensor  # N x H x W, one discrepancy map per image, each in its image's own place
    pixels: list[tuple[int, int]]
    channel: int | None
    layer: str | None
    patch: str
    passes: int
    trained: bool | None
    sweeps: list[Sweep]
    changes: list[Tensor]  # per image: patches x channels, with their sign
    centres: list[tuple[float, float]]

    def of_channel(self, channel: int) -> "Empirical":
        """The same sweep, asked about one channel at the same places; no further pass."""
        count = self.changes[0].shape[1]
        if not 0 <= channel < count:
            raise ValueError(f"channel {channel} does not exist: {self.layer or 'the output'} has {count} channels")
        return _judged(replace(self, channel=channel))

    def __repr__(self) -> str:
        what = f"pixel {self.pixels[0]}" if self.channel is None else f"channel {self.channel}"
        return (
            f"Empirical({what} of {self.layer or 'the output'}, {len(self.maps)} images, {self.patch} patches, "
            f"{self.passes} passes, {words_for(self.trained)}: {self._radii()})"
        )


def empirical(
    net: nn.Module,
    images: Tensor,
    pixel_or_channel: Sequence[int] | int,
    *,
    layer: str | None = None,
    patch: str = "noise",
    size: int = 11,
    stride: int = 3,
    top: int | None = None,
    batch_size: int = 32,
    seed: int = 0,
    field: Field | None = None,
    trained: bool | None = None,
    progress: bool = True,
) -> Empirical:
    """What a unit notices when a patch hides part of the images (N x C x H x W).

    `patch` is what hides: "noise" of the image's own mean and deviation, its "mean" colour, or a "blur" of the image.
    With a channel, `top` keeps only the images that excite it most. A pixel's map is the mean over the channels.
    """
    images = _checked(images, patch, size=size, stride=stride, batch_size=batch_size)
    with FrozenNet(net, layer) as frozen, torch.no_grad():
        field = field_for(net, images, field)
        planned = planned_sweeps(frozen, field, images, pixel_or_channel, size, stride, top, batch_size)
        if progress:
            tqdm.write(str(planned), file=sys.stderr)
        changes = []
        with tqdm(
            total=planned.passes, desc="occlusion", unit="pass", delay=1, leave=False, disable=not progress
        ) as bar:
            bar.update(planned.first_looks)
            for sweep in planned.sweeps:
                image = images[sweep.image]
                hidden = hidden_under(image, patch, seed + sweep.image)
                changes.append(_changes(frozen, image, hidden, sweep, batch_size, bar))
    blank = torch.zeros(images.shape[-2:], dtype=torch.float64)
    return _judged(
        Empirical(
            map=blank,
            unit=(0.0, 0.0),
            maps=blank[None],
            pixels=[sweep.pixel for sweep in planned.sweeps],
            channel=pixel_or_channel if isinstance(pixel_or_channel, int) else None,
            layer=layer,
            patch=patch,
            passes=planned.passes,
            trained=known_training(net, trained),
            sweeps=planned.sweeps,
            changes=changes,
            centres=[centre_of(field, sweep.pixel, layer) for sweep in planned.sweeps],
        )
    )


def plan(
    net: nn.Module,
    images: Tensor,
    pixel_or_channel: Sequence[int] | int,
    *,
    layer: str | None = None,
    size: int = 11,
    stride: int = 3,
    top: int | None = None,
    batch_size: int = 32,
    field: Field | None = None,
) -> Plan:
    """What `empirical` with the same words would cost: patches, passes, crops."""
    images = _checked(images, "noise", size=size, stride=stride, batch_size=batch_size)
    with FrozenNet(net, layer) as frozen, torch.no_grad():
        field = field_for(net, images, field)
        return planned_sweeps(frozen, field, images, pixel_or_channel, size, stride, top, batch_size)


def _checked(images: Tensor, patch: str, *, size: int, stride: int, batch_size: int) -> Tensor:
    images = checked_images(images)
    if patch not in PATCHES:
        raise ValueError(f"patch is one of {', '.join(PATCHES)}, got {patch!r}")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if not 1 <= size <= min(images.shape[-2:]):
        raise ValueError(f"size must be from 1 to the image's shorter side, {min(images.shape[-2:])}, got {size}")
    if not 1 <= stride <= size:
        raise ValueError(f"stride must be from 1 to the patch's size, {size}, got {stride}: else pixels stay unseen")
    return images


def _changes(frozen: FrozenNet, image: Tensor, hidden: Tensor, sweep: Sweep, batch_size: int, bar: tqdm) -> Tensor:
    """For each patch that touches the field, the change of every channel of the unit (patches x channels)."""
    clean, hidden = (sweep.window.cut(picture).to(frozen.device, frozen.dtype) for picture in (image, hidden))
    window = sweep.window
    rows, columns = sweep.rows[:, window.top : window.bottom], sweep.columns[:, window.left : window.right]
    found = []
    for places in sweep.touching.nonzero().split(batch_size):
        under = rows[places[:, 0], None, :, None] & columns[places[:, 1], None, None, :]
        batch = torch.where(under.to(frozen.device), hidden, clean)
        # The clean image runs in the same batch, so that "no change" is an exact zero and not a rounding.
        unit = frozen(torch.cat([clean[None], batch]))[:, :, window.pixel[0], window.pixel[1]]
        found.append((unit[1:] - unit[:1]).cpu())
        bar.update(len(batch) + 1)
    return torch.cat(found)


def _judged(record: Empirical) -> Empirical:
    """The maps of one channel, or of the mean over the channels, and their calibrated average."""
    channel = record.channel
    size = [change.abs().mean(1) if channel is None else change[:, channel].abs() for change in record.changes]
    maps = torch.stack([sweep.map(change) for sweep, change in zip(record.sweeps, size)])
    if len(set(record.pixels)) == 1:
        return replace(record, maps=maps, map=maps.mean(0), unit=record.centres[0])
    average, unit = _calibrated(maps, record.centres)
    return replace(record, maps=maps, map=average, unit=unit)


def _calibrated(maps: Tensor, centres: list[tuple[float, float]]) -> tuple[Tensor, tuple[float, float]]:
    """The maps, shifted so that all units coincide, averaged at each pixel over the images that reach it."""
    height, width = maps.shape[-2:]
    total, number = torch.zeros(2, 2 * height - 1, 2 * width - 1, dtype=torch.float64)
    for one, (y, x) in zip(maps, centres):
        down, right = height - 1 - round(y), width - 1 - round(x)
        total[down : down + height, right : right + width] += one
        number[down : down + height, right : right + width] += 1
    average = total / number.clamp_min(1)
    reach = [1 + int((average.sum(1 - axis) > 0).nonzero().sub(n - 1).abs().max()) if average.any() else n
             for axis, n in enumerate((height, width))]  # fmt: skip
    cut = average[height - reach[0] : height - 1 + reach[0], width - reach[1] : width - 1 + reach[1]]
    return cut, (float(reach[0] - 1), float(reach[1] - 1))
