"""Oxford-IIIT Pet: 7349 photographs of cats and dogs, each with a trimap.

Parkhi, Vedaldi, Zisserman, Jawahar: "Cats and Dogs", CVPR 2012.

A trimap counts from one: 1 pet, 2 background, 3 border. Here background is 0 and pet is 1, and the border is void
(255): the annotators drew it where the truth is uncertain, so it should neither teach nor be scored.
border="class" makes it the third class instead, as some tutorials do; the two settings' scores are not comparable.
"""

from pathlib import Path

import numpy as np

from course_lib import checks, paths
from course_lib.datasets.pairs import VOID, Pairs, Transform, check_count, check_name, read_labels
from course_lib.datasets.pairs import stems as stems_of
from course_lib.files.archives import fetch_and_unpack
from course_lib.files.download import Remote

COUNTS = {"trainval": 3680, "test": 3669}
IMAGES = Remote(
    name="images.tar.gz",
    mirrors=(
        "https://thor.robots.ox.ac.uk/~vgg/data/pets/images.tar.gz",
        "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
    ),
    md5="5c4f3ee8e5d25df40f4fd59a7f44e54c",
    size=792_000_000,
)
ANNOTATIONS = Remote(
    name="annotations.tar.gz",
    mirrors=(
        "https://thor.robots.ox.ac.uk/~vgg/data/pets/annotations.tar.gz",
        "https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz",
    ),
    md5="95a8c909bbe2e81eed6a22bccdf3f68f",
    size=20_000_000,
)


class Pets(Pairs):
    """split: "trainval" (3680) or "test" (3669); border: "void" or "class"."""

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "trainval",
        border: str = "void",
        transform: Transform | None = None,
        *,
        download: bool = True,
        complete: bool = True,
    ):
        if root is not None:
            checks.paths(root=root)
        check_name(split, list(COUNTS), "split")
        check_name(border, ["void", "class"], "border")
        self.root, self.split = Path(root or paths.downloads() / "pets"), split
        self.classes = ("background", "pet") if border == "void" else ("background", "pet", "border")
        #             trimap:        (never), pet, background, border
        self.table = np.array([254, 1, 0, VOID if border == "void" else 2] + [254] * 252, np.uint8)
        images = self.part("images", IMAGES, download)
        annotations = self.part("annotations", ANNOTATIONS, download)
        names = stems_of(annotations / f"{split}.txt")
        if complete:
            check_count(len(names), COUNTS[split], f"Pets {split} ({annotations / f'{split}.txt'})")
        pairs = [(images / f"{name}.jpg", annotations / "trimaps" / f"{name}.png") for name in names]
        super().__init__(pairs, transform=transform)

    def part(self, name: str, remote: Remote, download: bool) -> Path:
        """The folder `images` or `annotations`, unpacked here or put here by hand."""
        for folder in (self.root / name, self.root / f"{name}_unpacked" / name):
            if folder.is_dir():
                return folder
        if not download:
            raise FileNotFoundError(f"{self.root} has no folder {name}: unpack {remote.name} there, or download=True")
        return fetch_and_unpack(remote, self.root, f"{name}_unpacked") / name

    def read_mask(self, path: Path) -> np.ndarray:
        """The trimap's values as labels of the chosen task; 255 where they do not count."""
        trimap = read_labels(path)
        strange = trimap[(trimap < 1) | (trimap > 3)]
        if strange.size:
            raise ValueError(f"{path} holds the value {strange[0]}; a trimap holds 1 (pet), 2 (background), 3 (border)")
        return self.table[trimap]
