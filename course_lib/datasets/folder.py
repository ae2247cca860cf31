"""A student's own pictures: a folder of images beside a folder of masks with the same names.

    my_pictures/
        images/cat_01.jpg   images/cat_02.png   ...
        masks/cat_01.png    masks/cat_02.png    ...

With a split the files lie one folder deeper: images/train, masks/train.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from course_lib.datasets.pairs import VOID, Pairs, Transform
from course_lib.datasets.pictures import OWN, colours_of, opened, read_labels

IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


class Folder(Pairs):
    """Images and masks from a folder.

    classes: the names of labels 0, 1, 2, ...
    colours: for masks painted in colours: {(red, green, blue): label}; label 255 is void.
    void: the label that the masks use for void, if not 255.
    """

    def __init__(
        self,
        root: str | Path,
        classes: Sequence[str],
        *,
        split: str | None = None,
        images: str = "images",
        masks: str = "masks",
        colours: Mapping[tuple[int, int, int], int] | None = None,
        void: int = VOID,
        transform: Transform | None = None,
    ):
        if isinstance(classes, str) or len(classes) < 2:
            raise ValueError(f"classes must be at least two names, one for each label, got {classes!r}")
        self.root, self.classes = Path(root), tuple(classes)
        self.colours, self.void = dict(colours or {}), void
        image_folder, mask_folder = self.root / images / (split or ""), self.root / masks / (split or "")
        for folder in (image_folder, mask_folder):
            if not folder.is_dir():
                raise FileNotFoundError(f"the folder {folder} is missing; expected images and masks in two folders")
        super().__init__(paired(image_folder, mask_folder), transform=transform)

    def read_image(self, path: Path) -> np.ndarray:
        from PIL import ImageOps

        # A telephone writes its pictures lying down and notes the turn beside them.
        return opened(path, lambda picture: colours_of(ImageOps.exif_transpose(picture), path), OWN)

    def read_mask(self, path: Path) -> np.ndarray:
        label = self.read_colours(path) if self.colours else read_labels(path, OWN)
        return np.where(label == self.void, VOID, label).astype(np.uint8)

    def read_colours(self, path: Path) -> np.ndarray:
        painted = opened(path, lambda picture: np.array(picture.convert("RGB")), OWN).astype(np.int64)
        codes = painted @ np.array([1 << 16, 1 << 8, 1])
        label, known = np.zeros(codes.shape, np.uint8), np.zeros(codes.shape, bool)
        for (red, green, blue), value in self.colours.items():
            here = codes == (red << 16 | green << 8 | blue)
            label[here], known = value, known | here
        if not known.all():
            y, x = np.argwhere(~known)[0]
            raise ValueError(
                f"{path} has the colour {tuple(painted[y, x].tolist())} at row {y}, column {x}; no class has it"
            )
        return label


def paired(image_folder: Path, mask_folder: Path) -> list[tuple[Path, Path]]:
    """Images and masks that share a stem; one without a partner is an error."""
    images = {p.stem: p for p in sorted(image_folder.iterdir()) if p.suffix.lower() in IMAGES and p.name[0] != "."}
    masks = {p.stem: p for p in sorted(mask_folder.iterdir()) if p.suffix.lower() in IMAGES and p.name[0] != "."}
    for one, other, folder, what in ((images, masks, mask_folder, "mask"), (masks, images, image_folder, "image")):
        lonely = sorted(one.keys() - other.keys())
        if lonely:
            more = f" ({len(lonely)} such files)" if len(lonely) > 1 else ""
            raise ValueError(f"{one[lonely[0]]} has no {what} named {lonely[0]}.* in {folder}{more}")
    if not images:
        raise ValueError(f"no images in {image_folder}: expected files that end in {', '.join(IMAGES)}")
    return [(images[stem], masks[stem]) for stem in images]
