"""What students' own files look like when something is wrong with them, and what they are told."""

import numpy as np
import pytest
from datasets_files import labels, write_image, write_mask
from PIL import Image

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


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_grey_picture_of_16_bits_keeps_its_greys(root, suffix):
    (root / "images" / "cat.png").unlink()
    greys = np.array([0, 128, 129, 257, 32896, 65406, 65407, 65535], np.uint16)
    Image.fromarray(np.tile(greys, (6, 1))).save(root / "images" / f"cat{suffix}")
    image = Folder(root, CLASSES).load(0)[0]
    assert image.shape == (3, 6, 8)
    assert image[:, 3].tolist() == 3 * [[0, 0, 1, 1, 128, 254, 255, 255]]


@pytest.mark.parametrize("values", [np.full((6, 8), 0.5, np.float32), np.full((6, 8), 70_000, np.int32)])
def test_a_picture_of_other_numbers_is_refused(root, values):
    (root / "images" / "cat.png").unlink()
    Image.fromarray(values).save(root / "images" / "cat.tif")
    with pytest.raises(ValueError, match=r"cat\.tif has values from .* expected 8 or 16 bits"):
        Folder(root, CLASSES)[0]
