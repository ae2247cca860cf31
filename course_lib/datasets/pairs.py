"""The base of every real data set: a list of (image file, mask file) and the checks that each pair must pass.

A file that is missing, of another size than its partner, or with a label that is no class is named in the error,
because "CUDA error: device-side assert" names nothing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from course_lib import checks
from course_lib.datasets.pictures import colours_of, opened, read_labels
from course_lib.vision import torchvision

VOID = 255
Pair = tuple[Path, Path]
Transform = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class Pairs(Dataset):
    """(image 3 x H x W float in [0, 1], label H x W int64 with void 255), one per pair of files.

    transform: takes and returns (image, mask) as torchvision's tv_tensors.Image and Mask, both uint8 on the way in,
        so that every joint transform of torchvision.transforms.v2 fits.
    """

    classes: tuple[str, ...] = ()

    def __init__(self, pairs: Sequence[Pair], *, transform: Transform | None = None):
        if not pairs:
            raise ValueError("the data set is empty: no pair of image and mask was found")
        self.pairs = list(pairs)
        self.transform = transform

    @property
    def num_classes(self) -> int:
        """The number of classes, without void."""
        return len(self.classes)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, label = self.load(index)
        if self.transform is not None:
            image, label = transformed(self.transform, image, label)
        if not image.is_floating_point():
            image = image.float() / 255
        return image, label.long()

    def load(self, index: int) -> tuple[Tensor, Tensor]:
        """The checked pair before any transform: uint8 3 x H x W and uint8 H x W."""
        image_path, mask_path = self.pairs[index]
        image = torch.from_numpy(self.read_image(image_path)).permute(2, 0, 1).contiguous()
        label = torch.from_numpy(self.read_mask(mask_path))
        if image.shape[1:] != label.shape:
            raise ValueError(
                f"{mask_path} is {label.shape[0]}x{label.shape[1]} but its image {image_path} is "
                f"{image.shape[1]}x{image.shape[2]}: a mask must have the size of its image (height x width)"
            )
        wrong = label[(label >= self.num_classes) & (label != VOID)]
        if wrong.numel():
            raise ValueError(
                f"{mask_path} holds the label {int(wrong[0])}; expected 0 to {self.num_classes - 1}, or {VOID} for void"
            )
        return image, label

    def size_of(self, index: int) -> tuple[int, int]:
        """Height and width, from the head of the image's file."""
        return opened(self.pairs[index][0], lambda picture: picture.size)[::-1]

    def read_image(self, path: Path) -> np.ndarray:
        """The photograph as an array H x W x 3 of uint8."""
        return opened(path, lambda picture: colours_of(picture, path))

    def read_mask(self, path: Path) -> np.ndarray:
        """The labels as they count in the course; a data set with its own numbers maps them here."""
        return read_labels(path)

    def check(self, *, progress: bool = True) -> None:
        """Read every file once; the first wrong one is named."""
        for index in tqdm(range(len(self)), desc="checking files", delay=1, leave=False, disable=not progress):
            self.load(index)


def transformed(transform: Transform, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Run a joint transform on tv_tensors and come back with plain tensors."""
    tv_tensors = torchvision().tv_tensors
    image, label = transform(tv_tensors.Image(image), tv_tensors.Mask(label))
    image, label = image.as_subclass(Tensor), label.as_subclass(Tensor)
    if image.shape[-2:] != label.shape[-2:]:
        raise ValueError(
            f"after the transform the image is {tuple(image.shape[-2:])} and the mask {tuple(label.shape[-2:])}: "
            "both must go through the same geometry"
        )
    return image, label


def stems(path: Path) -> list[str]:
    """The first word of each line of a split file."""
    if not path.is_file():
        raise FileNotFoundError(f"the split file {path} is missing")
    return [line.split()[0] for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def check_count(found: int, expected: int, what: str) -> None:
    """Refuse a copy of a data set that has not as many images as was published."""
    if found != expected:
        raise ValueError(
            f"{what}: found {found} images, expected {expected}. The copy is not whole; fetch it again, "
            "or pass complete=False to work with a part"
        )


def check_name(value: str, known: Sequence[str], what: str) -> None:
    """A ValueError with the closest known name when `value` is unknown."""
    checks.text(**{what.replace(" ", "_"): value})
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}: expected one of {', '.join(known)}{checks.meant(value, known)}")
