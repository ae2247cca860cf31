"""What students' own files look like when something is wrong with them, and what they are told."""

import struct
import zlib

import numpy as np
import pytest
from datasets_files import CLASSES, labels, own_pictures, write_image, write_mask
from PIL import Image

from course_lib.datasets import Folder
from course_lib.datasets.pairs import Pairs


@pytest.fixture
def root(tmp_path):
    return own_pictures(tmp_path)


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


@pytest.mark.parametrize("values", [np.full((6, 8), 0.5, np.float32), np.full((6, 8), 200, np.int32)])
def test_a_picture_of_other_numbers_is_refused(root, values):
    (root / "images" / "cat.png").unlink()
    Image.fromarray(values).save(root / "images" / "cat.tif")
    with pytest.raises(ValueError, match=r"cat\.tif has values from .* expected 8 or 16 bits"):
        Folder(root, CLASSES)[0]


def test_masks_in_black_and_white_are_refused_because_their_white_is_void(root):
    for name in ("cat", "dog"):
        write_mask(root / "masks" / f"{name}.png", labels(0, 255))
    with pytest.raises(ValueError, match=r"cat\.png holds only 0 and 255, and 255 is void.*Number the classes 0, 1"):
        Folder(root, CLASSES).check()
    unchecked = Folder(root, CLASSES)
    with pytest.warns(UserWarning, match=r"cat\.png holds only 0 and 255") as told:
        list(unchecked)
    assert len(told) == 1


def test_the_advice_for_black_and_white_mends_them(root):
    for name in ("cat", "dog"):
        mask = new_mask = root / "masks" / f"{name}.png"
        Image.fromarray(labels(0, 255)).save(mask)
        Image.open(mask).point(lambda value: value // 255).save(new_mask)
    data = Folder(root, CLASSES)
    data.check()
    assert data[0][1].unique().tolist() == [0, 1]


def test_one_mask_in_black_and_white_among_others_is_told(root):
    write_mask(root / "masks" / "dog.png", labels(0, 255))
    with pytest.warns(UserWarning, match=r"dog\.png holds only 0 and 255.*If void is meant, all is well"):
        Folder(root, CLASSES).check()


def test_masks_with_another_number_for_void_or_with_a_table_of_colours_are_left_in_peace(root):
    write_mask(root / "masks" / "dog.png", labels(0, 9))
    Folder(root, CLASSES, void=9).check()
    for name in ("cat", "dog"):
        write_mask(root / "masks" / f"{name}.png", labels(0, 255))
    black, white = (0, 255, 0), (255, 0, 127)  # of the palette
    Folder(root, CLASSES, colours={black: 0, white: 255}).check()


@pytest.mark.parametrize("kind", ["images", "masks"])
def test_two_files_of_one_name_are_refused_and_none_is_dropped(root, kind):
    write_image(root / kind / "cat.bmp")
    with pytest.raises(ValueError, match=rf"{kind} has both cat\.bmp and cat\.png; expected one file of each name"):
        Folder(root, CLASSES)


def test_a_format_that_is_not_read_is_told(root):
    for name in ("cat", "dog"):
        (root / "images" / f"{name}.png").rename(root / "images" / f"{name}.heic")
    with pytest.raises(ValueError, match=r"cat\.heic is there, but this format is not read: save it anew as \.jpg"):
        Folder(root, CLASSES)
    for name in ("cat", "dog"):
        (root / "masks" / f"{name}.png").unlink()
    with pytest.raises(ValueError, match=r"no images in .*cat\.heic is there, but this format is not read"):
        Folder(root, CLASSES)


def test_a_mask_of_16_bits_is_told_its_bits_and_the_advice_mends_it(root):
    mask = new_mask = root / "masks" / "cat.png"
    Image.fromarray(labels(0, 1, 255).astype(np.uint16)).save(mask)
    with pytest.raises(ValueError, match=r"cat\.png has more than 8 bits a pixel .*; expected 8 bits"):
        Folder(root, CLASSES)[0]
    Image.fromarray(np.array(Image.open(mask)).astype("uint8")).save(new_mask)
    assert Folder(root, CLASSES)[0][1].unique().tolist() == [0, 1, 255]


@pytest.mark.parametrize("limit", [40, 20])  # Pillow warns above its limit and refuses above twice that
def test_a_picture_too_large_is_named_and_to_be_shrunk(root, monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ValueError, match=r"images/cat\.png has .* pixels; expected at most .*: shrink it"):
        Folder(root, CLASSES)[0]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # who knows what he does
    assert Folder(root, CLASSES)[0][0].shape == (3, 6, 8)


def test_the_size_of_a_picture_too_large_is_told_in_millions(root):
    with open(root / "images" / "cat.png", "wb") as file:
        file.write(png_head(20_000, 20_000))
    with pytest.raises(ValueError, match=r"cat\.png has 400 million pixels; expected at most 89 million"):
        Folder(root, CLASSES)[0]


def png_head(width, height):
    """The beginning of a PNG: enough to know its size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">II", zlib.crc32(head), 0) + b"IDAT"
