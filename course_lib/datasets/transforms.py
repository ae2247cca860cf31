"""Joint transforms of image and mask, from torchvision.transforms.v2.

In come a tv_tensors.Image and a tv_tensors.Mask (both uint8), out go a float image and its mask. The geometry is
drawn once for both; the mask is only ever copied (nearest neighbour), and what lies outside the picture is void.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from course_lib.datasets.pairs import VOID, Transform

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
    from torchvision import tv_tensors
    from torchvision.transforms import v2

    low, high = scale
    if not 0 < low <= high:
        raise ValueError(f"scale must be (low, high) with 0 < low <= high, got {scale}")
    if crop is None and scale != (1, 1):
        raise ValueError("a random scale without a crop makes images of different sizes: give crop=, or scale=(1, 1)")
    steps: list = []
    if scale != (1, 1):
        steps.append(RandomScale(low, high))
    if crop is not None:
        # The border is the mean colour, so that it is zero once normalised.
        grey = [round(255 * float(m)) for m in mean]
        fill = {tv_tensors.Image: grey, tv_tensors.Mask: VOID}
        steps.append(v2.RandomCrop(crop, pad_if_needed=True, fill=fill))
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


class RandomScale:
    """Resize both by one random factor, drawn evenly on the logarithm so that halving is as likely as doubling."""

    def __init__(self, low: float, high: float):
        self.low, self.high = low, high

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        from torchvision import tv_tensors
        from torchvision.transforms.v2 import functional

        factor = self.low * (self.high / self.low) ** float(torch.rand(()))
        size = [max(1, round(side * factor)) for side in image.shape[-2:]]
        # torchvision resizes masks by "nearest", half a pixel beside the image; "nearest-exact" lies on it.
        nearest = interpolate(mask.as_subclass(Tensor)[None, None], size=size, mode="nearest-exact")[0, 0]
        return functional.resize(image, size, antialias=True), tv_tensors.wrap(nearest, like=mask)


class Normalise:
    """uint8 to float, then (image - mean) / std; the mask passes untouched."""

    def __init__(self, *, mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD):
        self.mean = torch.tensor(mean, dtype=torch.float32).view(3, 1, 1)
        self.std = torch.tensor(std, dtype=torch.float32).view(3, 1, 1)

    def __call__(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        plain = image.as_subclass(Tensor)
        plain = plain if plain.is_floating_point() else plain.float() / 255
        return (plain - self.mean) / self.std, mask
