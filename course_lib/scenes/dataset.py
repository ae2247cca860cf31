"""Scenes: a torch Dataset of a painted world.

In: the name of a family, a size, a seed, knobs. Out: pictures, labels and the maps that explain them, the same for
every batch size, number of workers or threads, machine and version of torch.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import torch
from torch import Tensor
from torch.utils.data import Dataset

from course_lib.scenes import (
    avenue,
    bedroom,
    fine_texture,
    harbour,
    long_vehicle,
    reflections,
    shapes,
    skyline,
    street,
)
from course_lib.scenes.canvas import Canvas
from course_lib.scenes.dice import Dice, permutation, stream
from course_lib.scenes.family import Family
from course_lib.scenes.film import develop

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY
    for module in (street, reflections, long_vehicle, shapes, harbour, skyline, bedroom, fine_texture, avenue)
}
CHUNK = 1 << 20  # pixels painted at a time: enough to make torch's cost per call small, few enough to keep memory low

Sample = tuple[Tensor, Tensor, dict[str, Tensor]]


def families() -> dict[str, str]:
    """The names of the families, each with a line on what it is for."""
    return {name: family.about for name, family in FAMILIES.items()}


class Scenes(Dataset):
    """`count` pictures of a family: (image 3xHxW in 0..1, label HxW, extras), extras holding HxW maps.

    extras["instance"] numbers the things from 1 (0 is no thing); extras["object_size"] is the longer side of a
    thing in pixels; the family's own maps are described in its module.
    """

    def __init__(self, family: str, size: int = 64, count: int = 1024, seed: int = 0, **knobs: object):
        if family not in FAMILIES:
            close = get_close_matches(str(family), FAMILIES, n=1, cutoff=0.0)[0]
            raise ValueError(f"no scenes named {family!r}; did you mean {close!r}? There are: {', '.join(FAMILIES)}")
        for name, value, low, high in (("size", size, 32, 512), ("count", count, 1, 1 << 62)):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value!r}")
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ValueError(f"seed must be a whole number, got {seed!r}")
        self.family, self.size, self.count, self.seed = FAMILIES[family], size, count, seed
        self.knobs = self.family.settings(knobs, size)
        self._key = stream(seed, *family.encode())

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their numbers."""
        return self.family.classes

    @property
    def num_classes(self) -> int:
        """How many classes the labels hold."""
        return len(self.family.classes)

    @property
    def colours(self) -> tuple[tuple[int, int, int], ...]:
        """One colour per class, for `palette.paint`."""
        return self.family.colours

    @property
    def at_once(self) -> int:
        """How many pictures are best painted together; fewer cost more each."""
        return max(1, CHUNK // self.size**2)

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        knobs = "".join(f", {name}={value!r}" for name, value in self.knobs.items())
        return f"Scenes({self.family.name!r}, size={self.size}, count={self.count}, seed={self.seed}{knobs})"

    def __getitem__(self, index: int) -> Sample:
        image, label, extras = self.batch([int(index)])
        return image[0], label[0], {name: plane[0] for name, plane in extras.items()}

    def __getitems__(self, indices: Sequence[int]) -> list[Sample]:
        """Lets torch's DataLoader ask for a whole batch at once, which is many times faster."""
        image, label, extras = self.batch(indices)
        return [(image[i], label[i], {name: plane[i] for name, plane in extras.items()}) for i in range(len(label))]

    def batch(self, indices: Sequence[int] | Tensor | range) -> Sample:
        """The pictures of these indices, stacked: N x 3 x H x W, N x H x W, and N x H x W for each map."""
        indices = self._checked(indices)
        image = torch.empty(len(indices), 3, self.size, self.size)
        maps: dict[str, Tensor] = {}
        start = 0
        for some in indices.split(self.at_once):
            end = start + len(some)
            for name, plane in self._paint(some, image[start:end]).items():
                if name not in maps:
                    maps[name] = plane if len(some) == len(indices) else plane.new_empty(len(indices), *plane.shape[1:])
                if maps[name] is not plane:
                    maps[name][start:end] = plane
            start = end
        return image, maps.pop("label"), maps

    def loader(
        self, batch_size: int = 16, *, shuffle: bool = True, seed: int = 0, epochs: int = 1, drop_last: bool = False
    ) -> "Loader":
        """Batches without a DataLoader: painting is faster than sending pictures between processes."""
        return Loader(self, batch_size, shuffle=shuffle, seed=seed, epochs=epochs, drop_last=drop_last)

    def _checked(self, indices: Sequence[int] | Tensor | range) -> Tensor:
        indices = torch.as_tensor(list(indices) if not isinstance(indices, Tensor) else indices)
        if indices.dim() != 1 or not len(indices) or indices.is_floating_point() or indices.dtype == torch.bool:
            raise ValueError(f"indices must be a list of one or more whole numbers, got {tuple(indices.shape)}")
        indices = indices.long()
        outside = indices[(indices < -self.count) | (indices >= self.count)]
        if len(outside):
            raise IndexError(f"index {int(outside[0])} is outside these {self.count} pictures")
        return indices % self.count

    def _paint(self, indices: Tensor, image: Tensor) -> dict[str, Tensor]:
        """Paints into `image` and returns the label and the maps."""
        dice = Dice(self._key, indices)
        canvas = Canvas(self.family.parts, len(indices), self.size)
        self.family.paint(canvas, dice, **self.knobs)
        develop(canvas, dice, image)
        things = {"instance": canvas.look(canvas.instances), "object_size": canvas.look(canvas.sizes)}
        return {"label": canvas.look(canvas.kinds), **things, **canvas.factors}


class Loader:
    """Goes through the pictures batch by batch, once per epoch; the order depends only on the seed and the epoch."""

    def __init__(self, scenes: Scenes, batch_size: int, *, shuffle: bool, seed: int, epochs: int, drop_last: bool):
        for name, value in (("batch_size", batch_size), ("epochs", epochs)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
        if drop_last and batch_size > scenes.count:
            raise ValueError(f"batch_size {batch_size} leaves no whole batch of {scenes.count} pictures")
        self.scenes, self.batch_size, self.epochs, self.drop_last = scenes, batch_size, epochs, drop_last
        self.seed, self.shuffle = seed, shuffle

    def __len__(self) -> int:
        full, rest = divmod(self.scenes.count, self.batch_size)
        return self.epochs * (full + bool(rest and not self.drop_last))

    def __iter__(self) -> Iterator[Sample]:
        count = self.scenes.count
        for epoch in range(self.epochs):
            order = permutation(count, stream(self.seed, epoch)) if self.shuffle else torch.arange(count)
            # Several batches are painted at once and handed out one by one: the same pictures for less work.
            for some in order.split(self.batch_size * max(1, self.scenes.at_once // self.batch_size)):
                image, label, extras = self.scenes.batch(some)
                for start in range(0, len(some) - (self.batch_size - 1) * self.drop_last, self.batch_size):
                    batch = slice(start, start + self.batch_size)
                    yield image[batch], label[batch], {name: plane[batch] for name, plane in extras.items()}
