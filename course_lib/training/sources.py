"""Data by name for the command line: what to train on and what to be scored on.

"camvid", "voc", "pets" and "folder" are real pictures; "scenes:street" and its like are painted. In come a name, a
root and a recipe; out go two data sets.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch.utils.data import Dataset

from course_lib.datasets import VOC2012, CamVid, Folder, Normalise, Pets, augment
from course_lib.datasets.pairs import Pairs, check_name
from course_lib.datasets.transforms import IMAGENET_MEAN, IMAGENET_STD
from course_lib.scenes import Scenes
from course_lib.training import distributed, laptop
from course_lib.training.recipes import Recipe

NAMES = ("camvid", "voc", "pets", "folder", "scenes:FAMILY")
CAMVID_MEAN, CAMVID_STD = (0.4119, 0.4251, 0.4327), (0.3071, 0.3116, 0.3072)  # of the train split
FRAMES = {"camvid": (360, 480)}  # data sets whose images all have one size
USUAL_CROP = 321


@dataclass(frozen=True)
class Source:
    """A data set by name: what to train on, what to score on."""

    train: Dataset
    test: Dataset
    scored_on: str
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)

    @property
    def num_classes(self) -> int:
        """The number of classes, without void."""
        return self.train.num_classes

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(self.train.classes)


def load(
    name: str,
    recipe: Recipe,
    *,
    root: str | Path | None = None,
    classes: tuple[str, ...] = (),
    colours: Sequence[str] = (),
    size: int = 64,
    count: int = 1024,
    seed: int = 0,
    sbd: bool = False,
    preset: str | None = None,
) -> Source:
    """Training and test data; real files are looked through once before training begins."""
    if name.startswith("scenes:"):
        family = name.removeprefix("scenes:")
        # Another seed is another world: no test image was ever trained on.
        train = Scenes(family, size=size, count=count, seed=seed)
        return Source(train, Scenes(family, size=size, count=256, seed=seed + 1_000_003), "256 scenes of another seed")
    check_name(name, NAMES, "data")
    if root is None and name in ("camvid", "folder"):
        raise ValueError(f"--data {name} needs --root: the folder in which the files lie")
    mean, std = (CAMVID_MEAN, CAMVID_STD) if name == "camvid" else (IMAGENET_MEAN, IMAGENET_STD)
    train = augment(crop=crop_of(name, recipe), scale=recipe.scale, mean=mean, std=std)
    test = Normalise(mean=mean, std=std)
    if preset:
        (mean, std), (train, test) = laptop.LOOK.values(), laptop.looks(recipe)
    if name == "camvid":
        source = Source(CamVid(root, "train", train), CamVid(root, "test", test), "CamVid test")
    elif name == "voc":
        extra = "train_noval" if sbd else None
        source = Source(VOC2012(root, "train", extra, train), VOC2012(root, "val", transform=test), "VOC 2012 val")
    elif name == "pets":
        source = Source(Pets(root, "trainval", transform=train), Pets(root, "test", transform=test), "Pets test")
    else:
        own = partial(Folder, root, classes, colours=table(colours))
        source = Source(own(split="train", transform=train), own(split="val", transform=test), "val")
    for part in (source.train, source.test):
        if isinstance(part, Pairs) and distributed.rank() == 0:
            part.check()
    return replace(source, mean=mean, std=std)


def table(colours: Sequence[str]) -> dict[tuple[int, int, int], int]:
    """R,G,B=LABEL as what a Folder reads."""
    found = {}
    for pair in colours:
        match = re.fullmatch(r"(\d+),(\d+),(\d+)=(\d+)", pair)
        numbers = [int(part) for part in match.groups()] if match else []
        if not numbers or max(numbers) > 255:
            raise ValueError(
                f"--colours expects R,G,B=LABEL with numbers from 0 to 255, such as 255,0,0=1, got {pair!r}"
            )
        found[tuple(numbers[:3])] = numbers[3]
    return found


def crop_of(name: str, recipe: Recipe) -> tuple[int, int]:
    """The recipe's crop, no larger than the frames; whole frames where all have one size and nothing is said."""
    frame = FRAMES.get(name)
    crop = recipe.crop or (max(frame) if frame else USUAL_CROP)
    return (crop, crop) if frame is None else (min(crop, frame[0]), min(crop, frame[1]))
