"""Photographs with masks in one folder, and lists of names that say which of them to learn from.

    my_pets/
        images/NAME.jpg     masks/NAME.png
        classes.txt         a line for each label: 0 background; 255 is void
        train.txt  val.txt  test.txt     a name on each line

So lies the reduced set of the Oxford-IIIT Pet photographs on which the networks of `training.photographs` were trained.
"""

from pathlib import Path

from course_lib.datasets.pairs import VOID, Pairs, Transform, stems


class Listed(Pairs):
    """split: the name of a list, without .txt."""

    def __init__(self, root: str | Path, split: str = "train", transform: Transform | None = None):
        self.root, self.split = Path(root), split
        if not self.root.is_dir():
            raise FileNotFoundError(f"there is no folder {self.root}; expected one with images, masks and {split}.txt")
        self.classes = classes_of(self.root / "classes.txt")
        names = stems(self.root / f"{split}.txt")
        pairs = [(self.root / "images" / f"{name}.jpg", self.root / "masks" / f"{name}.png") for name in names]
        super().__init__(pairs, transform=transform)


def classes_of(path: Path) -> tuple[str, ...]:
    """The names of labels 0, 1, 2, ... from lines of label and name."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: expected a line for each label, such as '0 background'")
    lines = [line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    lines = [line for line in lines if line[0] != str(VOID)]
    for number, line in enumerate(lines):
        if len(line) != 2 or line[0] != str(number):
            found = " ".join(line)
            raise ValueError(f"{path}, line {number + 1}: found {found!r}, expected '{number} NAME'")
    return tuple(name.strip() for _, name in lines)
