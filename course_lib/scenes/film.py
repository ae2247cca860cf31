"""The film: from parts to a picture, with light, texture, a soft lens and grain.

In: a painted canvas. Out: pictures of multiples of 1/255. All but the last division is whole numbers, hence exact.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.scenes.canvas import Canvas
from course_lib.scenes.dice import Dice, mix

TONES = 4  # each part has four tones, chosen by a soft texture


def develop(canvas: Canvas, dice: Dice, picture: Tensor) -> None:
    """Fills `picture` (N x 3 x H x W, float) with multiples of 1/255."""
    size, pictures, parts = canvas.size, canvas.pictures, canvas.colours.shape[1]
    start = torch.arange(0, pictures * parts * TONES, parts * TONES, dtype=torch.int32)[:, None]
    tones = pick(texture(size), size, dice)
    entry = (canvas.part.view(pictures, -1).to(torch.int32).mul_(TONES).add_(tones).add_(start)).view(-1)
    shades = torch.arange(1 - TONES, TONES, 2) * canvas.roughness[:, None]  # parts x tones: -3, -1, 1, 3 times rough
    colours = (canvas.colours[:, :, None, :] + shades[:, :, None]).to(torch.int16)
    noise = (pick(grain(size), size, dice) * canvas.grain).bitwise_right_shift_(6).view(pictures, size, size)
    noise += light(size, dice) * canvas.sun
    for channel in range(3):
        plane = colours[..., channel].reshape(-1).index_select(0, entry).view(pictures, size, size)
        if canvas.soft:
            plane = soften(plane)
        picture[:, channel] = plane.add_(noise).clamp_(0, 255)
    picture.div_(255)


def light(size: int, dice: Dice) -> Tensor:
    """The sun stands left or right, so one side is a little brighter; some days are darker than others."""
    slope = dice.integer(-14, 14)[:, None]
    level = dice.integer(-10, 10)[:, None]
    across = level + torch.div(slope * (2 * torch.arange(size) + 1 - size), size, rounding_mode="floor")
    return across.to(torch.int16)[:, None, :]


def soften(image: Tensor) -> Tensor:
    """Each pixel keeps three quarters of itself and takes the rest from its four neighbours; the border stays."""
    size = image.shape[-1]
    flat, out = image.view(-1), (image * 12).view(-1)
    # Shifts of the flat memory run over the rows' ends; the border, which alone is wrong then, is put back below.
    out[1:] += flat[:-1]
    out[:-1] += flat[1:]
    out[size:] += flat[:-size]
    out[:-size] += flat[size:]
    out = (out + 8).bitwise_right_shift_(4).view_as(image)
    for border in ((..., 0, slice(None)), (..., -1, slice(None)), (..., 0), (..., -1)):
        out[border] = image[border]
    return out


def pick(tile: Tensor, size: int, dice: Dice) -> Tensor:
    """For each picture its own stretch of a long tile: pictures x pixels."""
    stretches = tile.as_strided((len(tile) - size * size, size * size), (1, 1))
    return stretches.index_select(0, dice.integer(0, len(stretches) - 1))


@lru_cache(maxsize=8)
def texture(size: int) -> Tensor:
    """A long tile of soft blotches, as wide as the picture and closed at its sides, in four tones 0 .. 3."""
    noise = hashed(1, 8 * size, size) % 256
    for blur in (size // 32, max(1, size // 64)):
        noise = F.pad(noise[None].float(), (blur, blur, 0, 0), mode="circular")
        noise = F.pad(noise, (0, 0, blur, blur), mode="replicate")[0].long()
        rows = noise.unfold(0, 2 * blur + 1, 1).sum(-1)
        noise = rows.unfold(1, 2 * blur + 1, 1).sum(-1)
    # Tones by rank: each fills a quarter. Ties are broken by place, so sorting is stable.
    ranks = torch.empty(noise.numel(), dtype=torch.long)
    ranks[torch.argsort(noise.reshape(-1), stable=True)] = torch.arange(noise.numel())
    return (ranks * TONES // noise.numel()).to(torch.int32)


@lru_cache(maxsize=8)
def grain(size: int) -> Tensor:
    """A long tile of independent noise, -64 .. 63, the sum of two throws so that small values are commoner."""
    noise = hashed(2, 8 * size, size)
    return ((noise & 63) + (noise >> 8 & 63) - 63).reshape(-1).to(torch.int16)


def hashed(key: int, rows: int, columns: int) -> Tensor:
    """Random bits for each pixel of a picture, from the key alone."""
    return mix(mix(torch.arange(rows * columns)) ^ key).view(rows, columns)
