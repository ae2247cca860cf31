"""Joint transforms of image and mask, from torchvision.transforms.v2.

A transform takes a tv_tensors.Image and a tv_tensors.Mask (both uint8), and returns a float image and its mask. The
geometry is drawn once for both; the mask is only ever copied (nearest neighbour), and what lies outside the picture is
void.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.datasets.pairs import VOID, Transform
from course_lib.vision import torchvision

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def augment(
    *,
    crop: int | tuple[int, int] | None = None,
    scale: tuple[float, float] = (0.5, 2.0),
    flip: bool = True,
    colour: float = 0.0,
    mean: Sequence[float] = (0.0, 0.0, 0.0),
    std: Sequence[float] = (1.0, 1.0, 1.0),
) -> Transform:
    """Random scale, crop, left-right flip and colour, then normalisation: what the papers train with.

    crop: the size to cut out, (height, width) or one number; None leaves the size alone and needs scale=(1, 1).
    colour: how far brightness, contrast and saturation may move, as a share (0.4 is strong).
    """
    v2 = torchvision().transforms.v2
    low, high = scale
    if not 0 < low <= high:
        raise ValueError(f"scale must be (low, high) with 0 < low <= high, got {scale}")
    if crop is None and scale != (1, 1):
        raise ValueError("a random scale without a crop makes images of different sizes: give crop=, or scale=(1, 1)")
    steps: list = []
    if crop is not None:
        # The border is the mean colour, so that it is zero once normalised.
        grey = [round(255 * float(m)) for m in mean]
        steps.append(RandomScaleAndCrop(low, high, (crop, crop) if isinstance(crop, int) else tuple(crop), grey))
    if flip:
        steps.append(v2.RandomHorizontalFlip())
    if colour:
        steps.append(v2.ColorJitter(brightness=colour, contrast=colour, saturation=colour))
    return Joint([*steps, Normalise(mean=mean, std=std)])


class Joint:
    """Transforms of (image, mask), one after the other."""

    def __init__(self, steps: Sequence[Transform]):
        self.steps = list(steps)

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        for step in self.steps:
            image, mask = step(image, mask)
        return image, mask


class Shrink:
    """Resize both so that the longer side has at most so many pixels; smaller pictures stay as they are."""

    def __init__(self, longer_side: int):
        self.longer_side = longer_side

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        tv_tensors = torchvision().tv_tensors
        old = image.shape[-2:]
        factor = self.longer_side / max(old)
        if factor >= 1:
            return image, mask
        new = [max(1, round(side * factor)) for side in old]
        rows, columns = (torch.arange(side) for side in new)
        small = resized(image.as_subclass(Tensor), new, rows, columns)
        labels = mask.as_subclass(Tensor)[nearest(rows, old[0], new[0])[:, None], nearest(columns, old[1], new[1])]
        return tv_tensors.wrap(small, like=image), tv_tensors.wrap(labels, like=mask)


class RandomScaleAndCrop:
    """Resize both by one random factor, then cut out a window at a random place.

    The factor is drawn evenly on the logarithm, so that halving is as likely as doubling. Draws and pixels are those of
    torchvision's resize and RandomCrop (pad_if_needed) one after the other; but where a picture is enlarged, only the
    window's pixels are made. The mask is "nearest-exact": torchvision's "nearest" lies half a pixel beside the image.
    """

    def __init__(self, low: float, high: float, crop: tuple[int, int], grey: Sequence[int]):
        self.low, self.high, self.crop, self.grey = low, high, crop, grey

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        tv_tensors = torchvision().tv_tensors
        old = image.shape[-2:]
        factor = 1.0 if self.low == self.high == 1 else self.low * (self.high / self.low) ** float(torch.rand(()))
        new = [max(1, round(side * factor)) for side in old]
        y, x = (self.first(*sides) for sides in zip(new, self.crop))
        rows, columns = (
            torch.arange(max(start, 0), min(start + cut, side)) for start, cut, side in zip((y, x), self.crop, new)
        )
        window = (..., slice(max(-y, 0), max(-y, 0) + len(rows)), slice(max(-x, 0), max(-x, 0) + len(columns)))
        canvas = torch.tensor(self.grey, dtype=image.dtype)[:, None, None].repeat(1, *self.crop)
        canvas[window] = resized(image.as_subclass(Tensor), new, rows, columns)
        labels = mask.new_full(self.crop, VOID).as_subclass(Tensor)
        labels[window] = mask.as_subclass(Tensor)[
            nearest(rows, old[0], new[0])[:, None], nearest(columns, old[1], new[1])
        ]
        return tv_tensors.wrap(canvas, like=image), tv_tensors.wrap(labels, like=mask)

    @staticmethod
    def first(side: int, cut: int) -> int:
        """Where the window begins; a side that is too short is padded at both ends by what it lacks."""
        lacking = max(cut - side, 0)
        room = side + 2 * lacking - cut
        return (int(torch.randint(0, room + 1, size=())) if room else 0) - lacking


def resized(image: Tensor, size: Sequence[int], rows: Tensor, columns: Tensor) -> Tensor:
    """The rows and columns of the image resized to (height, width)."""
    functional = torchvision().transforms.v2.functional
    height, width = image.shape[-2:]
    if size[0] < height or size[1] < width:  # with antialiasing each pixel has many sources
        image = functional.resize(image, list(size), antialias=True)
        return image[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    above, below, ty = neighbours(rows, height, size[0])
    left, right, tx = neighbours(columns, width, size[1])
    top = int(above[0])
    pixels = image[:, top : int(below[-1]) + 1].float()
    pixels = whole(torch.lerp(pixels.index_select(2, left), pixels.index_select(2, right), tx), image.dtype)
    pixels = torch.lerp(pixels.index_select(1, above - top), pixels.index_select(1, below - top), ty[:, None])
    return whole(pixels, image.dtype).to(image.dtype)


def whole(pixels: Tensor, dtype: torch.dtype) -> Tensor:
    """Rounded half up if they shall be whole numbers: torchvision does so after each of the two axes."""
    return pixels if dtype.is_floating_point else pixels.add_(0.5).floor_()


def neighbours(places: Tensor, old: int, new: int) -> tuple[Tensor, Tensor, Tensor]:
    """The two pixels between which each place of a longer axis lies, and how far it is from the first."""
    centre = (places + 0.5) * (old / new) - 0.5
    first = centre.floor()
    return first.long().clamp(min=0), (first.long() + 1).clamp(max=old - 1), centre - first


def nearest(places: Tensor, old: int, new: int) -> Tensor:
    """The pixel under the centre of each place of the resized axis."""
    return ((places + 0.5) * (old / new)).long().clamp(max=old - 1)


class Normalise:
    """uint8 to float, then (image - mean) / std; the mask passes untouched."""

    def __init__(self, *, mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD):
        self.mean = torch.tensor(mean, dtype=torch.float32).view(3, 1, 1)
        self.std = torch.tensor(std, dtype=torch.float32).view(3, 1, 1)

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        plain = image.as_subclass(Tensor)
        plain = plain if plain.is_floating_point() else plain.float() / 255
        return (plain - self.mean) / self.std, mask
