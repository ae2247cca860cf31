"""A student's own pictures: a folder of images beside a folder of masks with the same names.

    my_pictures/
        images/cat_01.jpg   images/cat_02.png   ...
        masks/cat_01.png    masks/cat_02.png    ...

With a split the files lie one folder deeper: images/train, masks/train.
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from course_lib import checks
from course_lib.datasets.pairs import VOID, Pairs, Transform
from course_lib.datasets.pictures import OWN, colours_of, opened, read_labels, turn_of

IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
UNREAD = f"this format is not read: save it anew as {', '.join(IMAGES)}"
BLACK_AND_WHITE = (
    "holds only 0 and 255, and 255 is void: its white is neither learned nor scored. Number the classes 0, 1, ...; "
    "from PIL import Image; Image.open(mask).point(lambda value: value // 255).save(new_mask) makes 1 of 255"
)


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
        checks.paths(root=root)
        checks.text(images=images, masks=masks, **({} if split is None else {"split": split}))
        checks.whole(0, void=void)
        check_classes(classes, colours)
        self.root, self.classes = Path(root), tuple(classes)
        self.colours, self.void = dict(colours or {}), void
        self.black_and_white: Path | None = None  # the first mask that looks like it
        self.foreground = self.checking = False
        self.turned: set[int] = set()  # pairs of which it is known how they lie
        self.doubted = False  # whether that was doubtful, and said
        image_folder, mask_folder = self.root / images / (split or ""), self.root / masks / (split or "")
        if not self.root.is_dir():
            raise FileNotFoundError(f"there is no folder {self.root}; expected one that holds {images} and {masks}")
        for folder in (image_folder, mask_folder):
            if not folder.is_dir():
                raise FileNotFoundError(f"the folder {folder} is missing; {share(image_folder, mask_folder, split)}")
        super().__init__(paired(image_folder, mask_folder), transform=transform)

    def load(self, index: int) -> tuple[Tensor, Tensor]:
        """The checked pair; the first time, also whether a camera turned the picture but not its mask."""
        if index not in self.turned:
            self.check_turn(*self.pairs[index])
            self.turned.add(index)
        return super().load(index)

    def check_turn(self, image: Path, mask: Path) -> None:
        """A picture is turned by the note in its file. Was its mask painted before or after that?"""
        turn, lying = opened(image, lambda picture: (turn_of(picture), picture.size), OWN)
        if turn == 1:
            return
        upright = lying[::-1] if turn >= 5 else lying
        note, size = opened(mask, lambda picture: (turn_of(picture), picture.size), OWN)
        told = f"{image} has a note by which viewers turn it (EXIF orientation {turn}); its mask {mask} has none"
        mend = "To be sure: from PIL import Image, ImageOps; ImageOps.exif_transpose(Image.open(image)).save(image)"
        if note == 1 and size == lying != upright:
            raise ValueError(
                f"{told}, and is {size[0]}x{size[1]} (width x height), as the picture lies in its file; expected "
                f"{upright[0]}x{upright[1]}, as viewers show it: turn the mask, or take the note out of the picture"
            )
        if note == 1 and size == lying and not self.doubted:
            self.doubted = True
            warnings.warn(f"{told}. The mask is taken to be painted as viewers show the picture. {mend}", stacklevel=2)

    def read_image(self, path: Path) -> np.ndarray:
        """The photograph as RGB, turned as its camera says."""
        return opened(path, lambda picture: colours_of(picture, path, own=True), OWN)

    def read_mask(self, path: Path) -> np.ndarray:
        """The label map, from label numbers or from painted colours, with the folder's own void as 255."""
        if self.colours:
            return self.read_colours(path)
        label = read_labels(path, OWN, own=True)
        self.note(path, label)
        return np.where(label == self.void, VOID, label).astype(np.uint8)

    def note(self, path: Path, label: np.ndarray) -> None:
        """Many programs paint masks black and white, 0 and 255; here all of their foreground would be void."""
        held = set(np.bincount(label.ravel(), minlength=256).nonzero()[0].tolist())
        self.foreground |= bool(held - {0, self.void, VOID})
        if VOID in held and held <= {0, VOID} and self.black_and_white is None:
            self.black_and_white = path
            if not self.checking:
                self.warn()

    def warn(self) -> None:
        """Warn of masks that hold only 0 and 255: these may be black and white, and not void."""
        warnings.warn(f"{self.black_and_white} {BLACK_AND_WHITE}. If void is meant, all is well", stacklevel=2)

    def check(self, *, progress: bool = True) -> None:
        """Also whether the masks, all together, hold any class but the first."""
        self.black_and_white, self.foreground, self.checking = None, False, True
        try:
            super().check(progress=progress)
        finally:
            self.checking = False
        if self.black_and_white and self.foreground:
            self.warn()
        elif self.black_and_white:
            raise ValueError(f"{self.black_and_white} {BLACK_AND_WHITE}. No mask in its folder holds a class but 0")

    def read_colours(self, path: Path) -> np.ndarray:
        """The label map of a painted mask; a colour that stands for no class is an error."""
        from PIL import ImageOps

        read = lambda picture: np.array(ImageOps.exif_transpose(picture).convert("RGB"))
        painted = opened(path, read, OWN).astype(np.int64)
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


def check_classes(classes: object, colours: object) -> None:
    """Refuse class names that are missing, empty or repeated, and colours that are not a mapping."""
    names = list(classes) if isinstance(classes, list | tuple) else []
    if len(names) < 2 or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise ValueError(
            "classes must be a list of at least two names, one for each label and no two alike, "
            f"got {checks.shown(classes)}"
        )
    if colours is not None and not isinstance(colours, Mapping):
        raise TypeError(f"colours must be {{(red, green, blue): label}}, got {checks.shown(colours)}")


def share(image_folder: Path, mask_folder: Path, split: str | None) -> str:
    """What belongs into the folders of a split."""
    if split is None:
        return "expected images and masks in two folders"
    some = {"train": "most of your pictures, four fifths say,", "val": "about a fifth of your pictures"}
    return f"put {some.get(split, 'some of your pictures')} into {image_folder} and their masks into {mask_folder}"


def paired(image_folder: Path, mask_folder: Path) -> list[tuple[Path, Path]]:
    """Images and masks that share a stem; one without a partner is an error."""
    images, masks = by_stem(image_folder), by_stem(mask_folder)
    for one, other, folder, what in ((images, masks, mask_folder, "mask"), (masks, images, image_folder, "image")):
        lonely = sorted(one.keys() - other.keys())
        if lonely:
            more = f" ({len(lonely)} such files)" if len(lonely) > 1 else ""
            unread = [f"; {path.name} is there, but {UNREAD}" for path in unread_in(folder) if path.stem == lonely[0]]
            raise ValueError(
                f"{one[lonely[0]]} has no {what} named {lonely[0]}.* in {folder}{more}{''.join(unread[:1])}"
            )
    if not images:
        unread = [f"; {path.name} is there, but {UNREAD}" for path in unread_in(image_folder)]
        ends = ", ".join(IMAGES)
        raise ValueError(f"no images in {image_folder}: expected files that end in {ends}{''.join(unread[:1])}")
    return [(images[stem], masks[stem]) for stem in images]


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their names without the ending; two of one name are an error, none is left out."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in IMAGES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise ValueError(
                f"{folder} has both {found[path.stem].name} and {path.name}; expected one file of each name, because "
                "images and masks are matched by it: rename one of the two or take it away"
            )
        found[path.stem] = path
    return found


def unread_in(folder: Path) -> list[Path]:
    """Files that may be meant as pictures, in a format that is not read."""
    return [p for p in sorted(folder.iterdir()) if p.is_file() and p.suffix.lower() not in IMAGES and p.name[0] != "."]
