"""What students' own files look like when something is wrong with them, and what they are told."""

import pytest
from datasets_files import labels, write_image, write_mask

from course_lib.datasets import Folder
from course_lib.datasets.pairs import Pairs

CLASSES = ("background", "animal")


@pytest.fixture
def root(tmp_path):
    for name in ("cat", "dog"):
        write_image(tmp_path / "images" / f"{name}.png")
        write_mask(tmp_path / "masks" / f"{name}.png", labels(0, 1, 255))
    return tmp_path


@pytest.mark.parametrize("kind", ["images", "masks"])
def test_a_damaged_file_of_ones_own_is_never_told_to_be_fetched_again(root, kind):
    path = root / kind / "cat.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=rf"{kind}/cat\.png cannot be read .*: open it in a viewer and save it anew"):
        Folder(root, CLASSES)[0]
    with pytest.raises(ValueError, match="fetch it again"):  # as the downloaded data sets say it
        Pairs([(root / "images" / "cat.png", root / "masks" / "cat.png")])[0]
