"""PASCAL VOC 2012 segmentation, alone or with the extra labels of SBD.

Everingham et al.: "The PASCAL Visual Object Classes Challenge 2012"; 1464 train and 1449 val images, 20 classes and
background, void 255 (counting void as background costs about half the mIoU).
Hariharan et al.: "Semantic Contours from Inverse Detectors", ICCV 2011 (SBD). SBD's own train split overlaps VOC's
val; its list train_noval does not, so it is the only one offered here, and any image of VOC's val is left out besides.
"""

from pathlib import Path

import numpy as np

from course_lib import checks, paths
from course_lib.datasets.matlab import segmentation
from course_lib.datasets.pairs import Pair, Pairs, Transform, check_count, check_name, read_labels
from course_lib.datasets.pairs import stems as stems_of
from course_lib.files.archives import fetch_and_unpack
from course_lib.files.download import Remote, fetch

COUNTS = {"train": 1464, "val": 1449, "trainval": 2913}
SBD_COUNT = 5623  # SBD's train_noval

VOC_ARCHIVE = Remote(
    name="VOCtrainval_11-May-2012.tar",
    mirrors=(  # the old host went silent in autumn 2025: it comes last
        "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
        "https://d2l-data.s3-accelerate.amazonaws.com/VOCtrainval_11-May-2012.tar",
        "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
    ),
    md5="6cd6e144f989b92b3379bac3b3de84fd",
    size=2_000_000_000,
)
SBD_ARCHIVE = Remote(
    name="benchmark.tgz",
    mirrors=(
        "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz",
        "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz",
    ),
    md5="82b4d87ceb2ed10f6038a1cba92111cb",
    size=1_420_000_000,
)
SBD_LIST = Remote(
    name="train_noval.txt",
    mirrors=(
        "https://www.cs.cornell.edu/~bharathh/train_noval.txt",
        "http://home.bharathh.info/pubs/codes/SBD/train_noval.txt",
    ),
    md5="79bff800c5f0b1ec6b21080a3c066722",
    size=70_000,
)


class VOC2012(Pairs):
    """Photographs of VOC 2012 with their label maps, as (image, label).

    root: the folder that holds or shall hold VOCdevkit; without one, the course's folder of downloads.
    split: "train", "val" or "trainval". sbd: "train_noval" adds SBD's images to "train".
    transform: as `Pairs` takes it. download: fetch what is missing. complete: insist on the published number of images.
    """

    classes = (
        "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
        "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    )  # fmt: skip

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "train",
        sbd: str | None = None,
        transform: Transform | None = None,
        *,
        download: bool = True,
        complete: bool = True,
    ):
        if root is not None:
            checks.paths(root=root)
        check_name(split, list(COUNTS), "split")
        if sbd is not None:
            check_name(sbd, ["train_noval"], "SBD list")
            if split != "train":
                raise ValueError(f"sbd={sbd!r} adds training images: it goes with split='train', got {split!r}")
        self.root, self.split = Path(root or paths.downloads() / "voc2012"), split
        self.complete, self.download = complete, download
        names = self.names(split)
        pairs = [self.pair(name) for name in names]
        if sbd:
            apart = set(names) | set(self.names("val"))
            pairs += [pair for pair in self.sbd_pairs() if pair[0].stem not in apart]
        super().__init__(pairs, transform=transform)

    @property
    def devkit(self) -> Path:
        """The folder VOCdevkit/VOC2012, unpacked here or put here by hand."""
        for unpacked in (self.root, self.root / "VOC2012_unpacked"):
            if (unpacked / "VOCdevkit" / "VOC2012").is_dir():
                return unpacked / "VOCdevkit" / "VOC2012"
        if not self.download:
            raise FileNotFoundError(f"{self.root} has no VOCdevkit/VOC2012: unpack it there, or pass download=True")
        return fetch_and_unpack(VOC_ARCHIVE, self.root, "VOC2012_unpacked") / "VOCdevkit" / "VOC2012"

    def names(self, split: str) -> list[str]:
        """The names of the pictures in a split, their number checked."""
        path = self.devkit / "ImageSets" / "Segmentation" / f"{split}.txt"
        names = stems_of(path)
        if self.complete:
            check_count(len(names), COUNTS[split], f"VOC 2012 {split} ({path})")
        return names

    def pair(self, name: str) -> Pair:
        """The files of one picture of VOC: photograph and mask."""
        return self.devkit / "JPEGImages" / f"{name}.jpg", self.devkit / "SegmentationClass" / f"{name}.png"

    def sbd_pairs(self) -> list[Pair]:
        """The files of SBD's pictures in its list, fetched and unpacked if wanted."""
        folder = self.root / "benchmark_RELEASE" / "dataset"
        if not folder.is_dir():
            folder = self.root / "SBD_unpacked" / "benchmark_RELEASE" / "dataset"
        if not folder.is_dir():
            if not self.download:
                raise FileNotFoundError(
                    f"{self.root} has no benchmark_RELEASE: unpack SBD there, or pass download=True"
                )
            fetch_and_unpack(SBD_ARCHIVE, self.root, "SBD_unpacked")
        names = self.root / SBD_LIST.name
        if not names.exists() and self.download:
            fetch(SBD_LIST, self.root)
        found = stems_of(names)
        if self.complete:
            check_count(len(found), SBD_COUNT, f"SBD train_noval ({names})")
        return [(folder / "img" / f"{name}.jpg", folder / "cls" / f"{name}.mat") for name in found]

    def read_mask(self, path: Path) -> np.ndarray:
        """The label map, from VOC's PNG or from SBD's .mat."""
        return segmentation(path) if path.suffix == ".mat" else read_labels(path)
