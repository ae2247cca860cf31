"""The feed: which images each step sees, and how they get there.

In comes a data set of (image, label, ...); out come batches of checked tensors. The order is one permutation after
another, drawn from the seed; step n always sees the same images with the same augmentation, whatever the number of
workers or processes and wherever training was resumed.
"""

import signal
from collections.abc import Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from course_lib.training import dice

Item = tuple[int, int]  # (place in the stream of all images shown, index in the data set)


class Order:
    """For each step the items of this process: every `world`-th image of the step's batch, from the `rank`-th on."""

    def __init__(self, length: int, *, batch_size: int, start: int, steps: int, seed: int, rank: int, world: int):
        self.length, self.batch_size, self.seed = length, batch_size, seed
        self.start, self.steps, self.rank, self.world = start, steps, rank, world
        self.share = int(batch_size) // world  # images of a step that this process sees

    def __len__(self) -> int:
        return self.steps - self.start

    def __iter__(self) -> Iterator[list[Item]]:
        drawn, epoch = [], -1
        for step in range(self.start, self.steps):
            items = []
            for place in range(step * self.batch_size, (step + 1) * self.batch_size):
                if place // self.length != epoch:
                    epoch = place // self.length
                    generator = torch.Generator().manual_seed(dice.seed_of(self.seed, "epoch", epoch))
                    drawn = torch.randperm(self.length, generator=generator).tolist()
                items.append((place, drawn[place % self.length]))
            yield items[self.rank :: self.world]


class Checked(Dataset):
    """Items of a data set, stacked; each throws its own dice, and a label that is no class is named."""

    def __init__(self, data: Dataset, *, num_classes: int, ignore: int | None, seed: int):
        self.data, self.num_classes, self.ignore, self.seed = data, num_classes, ignore, seed

    def __len__(self) -> int:
        return len(self.data)

    def __getitems__(self, items: Sequence[Item]) -> tuple[Tensor, Tensor]:
        indices = [index for _, index in items]
        if hasattr(type(self.data), "batch"):  # scenes paint a whole batch at once
            images, labels = self.data.batch(indices)[:2]
        else:
            images, labels = stacked([self.one(*item) for item in items], indices)
        check_labels(labels, indices, num_classes=self.num_classes, ignore=self.ignore)
        return images, labels

    def one(self, place: int, index: int) -> tuple[Tensor, Tensor]:
        """One item, with random numbers that depend on seed and place alone."""
        dice.throw(dice.seed_of(self.seed, "item", place))
        return tuple(self.data[index][:2])


def batches(data: Checked, order: Order, *, workers: int, pin: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """Step by step, from a loader whose workers live from the first step to the last.

    Scenes are painted for several steps at once and handed out one by one: the same pictures for less work.
    """
    loader = DataLoader(
        data,
        batch_sampler=together(order, 1 if workers else getattr(data.data, "at_once", 1)),
        collate_fn=as_it_is,
        num_workers=workers,
        pin_memory=pin,
        worker_init_fn=deaf,
        generator=torch.Generator(),  # else the loader would draw from the student's own
    )
    for images, labels in loader:
        yield from zip(images.split(order.share), labels.split(order.share))


def together(order: Order, pictures: int) -> Iterator[list[Item]]:
    """The items of as many steps as make so many pictures, and of one at least."""
    steps = iter(order)
    while some := list(islice(steps, max(1, pictures // order.share))):
        yield [item for items in some for item in items]


def as_it_is(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The batch unchanged."""
    return batch


def deaf(worker: int) -> None:
    """Ctrl-C reaches every process of a terminal; only the main one answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def stacked(samples: list[tuple[Tensor, Tensor]], indices: Sequence[int]) -> tuple[Tensor, Tensor]:
    """One tensor of images and one of labels."""
    for (image, label), index in zip(samples, indices):
        check_sample(image, label, index)
        if image.shape != samples[0][0].shape:
            raise ValueError(
                f"images {indices[0]} and {index} have different sizes, {tuple(samples[0][0].shape[1:])} and "
                f"{tuple(image.shape[1:])}: crop them alike (transform=augment(crop=...)) or train with batch_size=1"
            )
    return torch.stack([image for image, _ in samples]), torch.stack([label for _, label in samples])


def check_sample(image: Tensor, label: Tensor, index: int) -> None:
    """Refuse an image or label of another type or shape, and name the item."""
    for what, value in (("image", image), ("label", label)):
        if not isinstance(value, Tensor):
            raise TypeError(f"the {what} of item {index} is a {type(value).__name__}; expected a tensor")
    if image.dim() != 3 or not image.is_floating_point():
        raise ValueError(
            f"image {index} is {image.dtype} of shape {tuple(image.shape)}; expected float, channels x height x width"
        )
    if label.dtype != torch.int64 or label.shape != image.shape[1:]:
        raise ValueError(
            f"label {index} is {label.dtype} of shape {tuple(label.shape)}; expected torch.int64 of the image's "
            f"height x width, {tuple(image.shape[1:])}"
        )


def check_labels(labels: Tensor, indices: Sequence[int], *, num_classes: int, ignore: int | None) -> None:
    """On a GPU a label out of range is 'device-side assert triggered'; here it has a name."""
    lowest, highest = (int(value) for value in torch.aminmax(labels))
    if lowest >= 0 and highest < num_classes:
        return
    wrong = (labels < 0) | (labels >= num_classes)
    if ignore is not None:
        wrong &= labels != ignore
    if wrong.any():
        which, *_ = wrong.nonzero()[0].tolist()
        raise ValueError(
            f"item {indices[which]} holds the label {int(labels[wrong][0])}, but the network knows {num_classes} "
            f"classes (0 to {num_classes - 1}; {ignore} is void): build it with more classes or map the labels"
        )
