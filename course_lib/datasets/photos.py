"""The photographs that come with the course, with masks drawn by hand: no download.

Origin and licences are in data/photos/SOURCES.md. `coarse` makes of a mask what a network with a large stride would
make of the picture.
"""

import json
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import checks, paths

VOID = 255


class Photo(NamedTuple):
    """A picture (uint8, 3 x H x W), its mask (int64, H x W, void 255) or None, and the class names in order."""

    image: Tensor
    mask: Tensor | None
    classes: tuple[str, ...]


def names(*, masked: bool = False) -> list[str]:
    """The photographs; with `masked` only those that have a mask."""
    folder = paths.data() / "photos"
    files = (folder / "masks").glob("*.json") if masked else folder.glob("*.jpg")
    return sorted(file.stem for file in files)


def load(name: str) -> Photo:
    """One photograph."""
    from PIL import Image

    checks.text(name=name)
    if name not in names():
        meant = checks.meant(name, names())
        raise ValueError(f"no photograph is called {name!r}, there are {', '.join(names())}{meant}")
    folder = paths.data() / "photos"
    image = torch.from_numpy(np.array(Image.open(folder / f"{name}.jpg").convert("RGB"))).permute(2, 0, 1).contiguous()
    if name not in names(masked=True):
        return Photo(image, None, ())
    mask = torch.from_numpy(np.array(Image.open(folder / "masks" / f"{name}.png"))).long()
    classes = json.loads((folder / "masks" / f"{name}.json").read_text(encoding="utf-8"))["classes"]
    return Photo(image, mask, tuple(classes))


def resized(name: str, size: tuple[int, int]) -> Photo:
    """One photograph averaged to height and width; a pixel of its mask is the nearest of the large one."""
    image, mask, classes = load(name)
    image = F.interpolate(image[None].float(), size=size, mode="area")[0].round().byte()
    if mask is not None:
        mask = F.interpolate(mask[None, None].float(), size=size, mode="nearest")[0, 0].long()
    return Photo(image, mask, classes)


def coarse(name: str, *, stride: int = 16, confidence: float = 0.9) -> Tensor:
    """Probabilities C x H x W as coarse as a score map of this stride, made from the mask.

    Each cell of stride x stride pixels votes for the class that fills most of it, void left out. The votes are
    enlarged bilinearly, and what `confidence` leaves is spread over all classes, so that nothing is certain.
    """
    photo = load(name)
    if photo.mask is None:
        raise ValueError(f"{name!r} has no mask; these have one: {', '.join(names(masked=True))}")
    checks.whole(1, stride=stride)
    checks.real(confidence=confidence)
    if not 0 <= confidence < 1:
        raise ValueError(f"confidence must be at least 0 and below 1, got {confidence}")
    count, (height, width) = len(photo.classes), photo.mask.shape
    whole = F.one_hot(torch.where(photo.mask == VOID, count, photo.mask), count + 1).permute(2, 0, 1)[:count].float()
    votes = F.avg_pool2d(whole[None], stride, ceil_mode=True).argmax(1)
    votes = F.one_hot(votes, count).permute(0, 3, 1, 2).float()
    enlarged = F.interpolate(votes, scale_factor=stride, mode="bilinear")
    probabilities = confidence * enlarged[0, :, :height, :width] + (1 - confidence) / count
    return probabilities / probabilities.sum(0)
