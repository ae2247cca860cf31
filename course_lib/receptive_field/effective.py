"""The effective receptive field (Luo, Li, Urtasun, Zemel, NeurIPS 2016): how much each input pixel weighs.

One output pixel is differentiated with respect to the image. The map is |gradient|, summed over the image's channels,
averaged over the images and over random signs of the output's channels (signs, so that channels do not cancel in the
same way each time; |g| and not g squared, which would make every radius smaller).

In comes a network with its weights as they are, random or trained; it runs in evaluation mode and goes back untouched.
Out comes an `Effective`: map, centroid, std, radius(mass), area. Outside the theoretical field it is exactly zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from .probing.frozen import FrozenNet, checked_images, checked_pixel
from .probing.influence import Spread
from .probing.request import box_of, centre_of, field_for, known_training, words_for
from .probing.window import Window, find_window
from .theoretical import Field

UNDERFLOW = 1e-25  # a float32 gradient with a smaller peak has lost its tails


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Effective(Spread):
    """The effective receptive field of one output pixel, on the image's own grid."""

    pixel: tuple[int, int]
    layer: str | None
    images: int
    trained: bool | None  # None: nobody said
    window: Window

    def __repr__(self) -> str:
        height, width = self.map.shape
        return (
            f"Effective(pixel {self.pixel} of {self.layer or 'the output'}, {self.images} images of {height}x{width}, "
            f"{words_for(self.trained)}: {self._radii()})"
        )


def effective(
    net: nn.Module,
    images: Tensor,
    pixel: Sequence[int],
    *,
    layer: str | None = None,
    signs: int = 1,
    batch_size: int = 8,
    seed: int = 0,
    field: Field | None = None,
    trained: bool | None = None,
    progress: bool = True,
) -> Effective:
    """How much each pixel of the images (N x C x H x W) weighs for one pixel of the output, or of a named layer.

    `signs` random draws per image; `field` saves a second trace to who has one of this network at this size. `trained`
    is for the record: a network does not know, unless it carries an attribute of that name.
    """
    images = checked_images(images)
    for name, number in (("signs", signs), ("batch_size", batch_size)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    with FrozenNet(net, layer) as frozen, torch.no_grad():
        answer = frozen.try_on(images)
        pixel = checked_pixel(pixel, answer.shape[-2:], layer)
        field = field_for(net, images, field)
        window = find_window(frozen, images, pixel, box_of(field, pixel, layer), passes=3 * len(images) * signs)
        generator = torch.Generator().manual_seed(seed)
        draws = torch.randint(0, 2, (len(images), signs, answer.shape[1]), generator=generator) * 2 - 1
        total = _gradients(frozen, images, window, draws, batch_size, progress)
    told = {"images": len(images), "trained": known_training(net, trained), "window": window}
    return believed(total, field, pixel, layer, **told)


def believed(total: Tensor, field: Field, pixel: tuple[int, int], layer: str | None, **told: Any) -> Effective:
    """The result of a summed |gradient|, unless that cannot be believed."""
    mask = torch.as_tensor(field.mask(pixel, layer))
    _complain_about(total, mask, field.is_exact(layer))
    return Effective(map=total * mask, unit=centre_of(field, pixel, layer), pixel=pixel, layer=layer, **told)


def _gradients(
    frozen: FrozenNet, images: Tensor, window: Window, draws: Tensor, batch_size: int, progress: bool
) -> Tensor:
    """The mean of |gradient|, H x W, in float64; once more with float64 throughout if float32 was too narrow for it."""
    for dtype in dict.fromkeys((frozen.dtype, torch.float64)):
        total = torch.zeros(images.shape[-2:], dtype=torch.float64)
        bar = tqdm(total=len(images), desc="effective", unit="image", delay=1, leave=False, disable=not progress)
        with bar:
            for start in range(0, len(images), batch_size):
                batch = window.cut(images[start : start + batch_size]).to(frozen.device, dtype).clone()
                window.cut(total).add_(
                    _one_batch(frozen, batch, window.pixel, draws[start : start + batch_size], dtype)
                )
                bar.update(len(batch))
        total /= len(images) * draws.shape[1]
        if torch.isfinite(total).all() and total.max() > UNDERFLOW:
            break
    return total


def _one_batch(frozen: FrozenNet, batch: Tensor, pixel: tuple[int, int], draws: Tensor, dtype: torch.dtype) -> Tensor:
    batch.requires_grad_()
    total = torch.zeros(batch.shape[-2:], dtype=torch.float64)
    with torch.enable_grad():
        value = frozen(batch, dtype=dtype)[:, :, pixel[0], pixel[1]]
        if not value.requires_grad:
            raise ValueError("the network's answer does not depend on its image by any differentiable path")
        for draw in draws.unbind(1):
            (gradient,) = torch.autograd.grad((value * draw.to(value)).sum(), batch, retain_graph=True)
            total += gradient.abs().double().sum((0, 1)).cpu()
    return total


def _complain_about(total: Tensor, mask: Tensor, exact: bool) -> None:
    """The three ways in which a gradient cannot be believed."""
    if not torch.isfinite(total).all():
        raise ValueError("the gradient is not finite (NaN or infinity), even in float64: are the weights finite?")
    if not total.max() > 0:
        raise ValueError(
            "the gradient is zero everywhere: no image moves this pixel. A layer with weights all zero, or units that "
            "never fire on these images, do this; try more images, another pixel or the layer before the activation"
        )
    if exact and float((total * ~mask).max()) > 1e-4 * float(total.max()):  # fast convolutions leak a rounding, no more
        raise RuntimeError("the gradient reaches outside the theoretical receptive field: please report this network")
