"""What students' own files look like when something is wrong with them, and what they are told."""

import struct
import zlib

import numpy as np
import pytest
import torch
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


def test_what_pillow_refuses_is_told_with_the_file(root):
    """A text of 70 MB inside a PNG: Pillow's own words do not say in which file."""
    path = root / "images" / "cat.png"
    text = b"zTXt" + b"words\0\0" + zlib.compress(bytes(70 << 20))
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    content = path.read_bytes()
    path.write_bytes(content[:33] + chunk + content[33:])  # after the head
    with pytest.raises(ValueError, match=r"images/cat\.png cannot be read as a picture \(.*\): open it in a viewer"):
        Folder(root, CLASSES)[0]


@pytest.mark.parametrize("mode, alpha", [("RGBA", 0), ("RGBA", 254), ("LA", 0), ("P", 0)])
def test_a_picture_that_hides_colours_behind_transparency_is_refused_and_the_advice_mends_it(root, mode, alpha):
    path = root / "images" / "cat.png"
    picture = Image.new("RGBA", (8, 6), (200, 30, 30, 255))
    picture.putpixel((3, 2), (10, 20, 30, alpha))
    if mode == "P":
        picture.quantize().save(path)
    else:
        picture.convert(mode).save(path)
    with pytest.raises(
        ValueError, match=r"cat\.png has transparent pixels \(alpha down to \d+\); expected a picture"
    ) as told:
        Folder(root, CLASSES)[0]
    advice = str(told.value).split("To put it on white: ")[1]
    exec(advice, {"path": path})
    assert Folder(root, CLASSES).load(0)[0].shape == (3, 6, 8)
    if alpha == 0:
        assert Folder(root, CLASSES).load(0)[0][:, 2, 3].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_a_picture_whose_alpha_is_full_is_read(root, mode):
    picture = Image.new("RGBA", (8, 6), (200, 30, 20, 255))
    if mode == "P":
        picture = picture.quantize()
        picture.info["transparency"] = bytes([255])
    picture.save(root / "images" / "cat.png")
    assert Folder(root, CLASSES).load(0)[0][:, 0, 0].tolist() == [200, 30, 20]


def turned(path, note, size=(6, 6)):
    """A picture with a note by which viewers turn it."""
    exif = Image.Exif()
    exif[0x0112] = note
    path.unlink(missing_ok=True)
    write_image(path, size=size, exif=exif)


@pytest.mark.parametrize("note", [3, 6])
def test_a_square_picture_that_is_turned_beside_a_mask_that_is_not_is_told_once(root, note):
    for name in ("cat", "dog"):
        turned(root / "images" / f"{name}.png", note)
        write_mask(root / "masks" / f"{name}.png", labels(0, 1, size=(6, 6)))
    data = Folder(root, CLASSES)
    with pytest.warns(
        UserWarning, match=rf"cat\.png has a note .*EXIF orientation {note}\); its mask .* has none"
    ) as told:
        list(data) + [data[0]]
    assert len(told) == 1
    image = root / "images" / "cat.png"
    before = data.load(0)[0]
    exec(str(told[0].message).split("To be sure: ")[1], {"image": image})
    turned(root / "images" / "dog.png", 1)
    assert torch.equal(Folder(root, CLASSES).load(0)[0], before)


def test_a_mask_as_the_picture_lies_in_its_file_is_refused_with_the_reason(root):
    turned(root / "images" / "cat.png", 6, size=(8, 6))
    write_mask(root / "masks" / "cat.png", labels(0, 1, size=(8, 6)))
    with pytest.raises(ValueError, match=r"is 6x8 .* as the picture lies in its file; expected 8x6, as view"):
        Folder(root, CLASSES)[0]


def test_a_mask_as_viewers_show_the_picture_is_right(root):
    turned(root / "images" / "cat.png", 6, size=(8, 6))
    assert Folder(root, CLASSES)[0][0].shape == (3, 6, 8)


@pytest.mark.parametrize("colours", [None, {(0, 0, 0): 0, (255, 255, 255): 1}])
def test_a_mask_with_the_same_note_turns_with_its_picture(root, colours):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((8, 6), np.uint8)
    pixels[0, 0] = 1
    picture = Image.fromarray(pixels * 255).convert("RGB") if colours else Image.fromarray(pixels)
    turned(root / "images" / "cat.png", 6, size=(8, 6))
    picture.save(root / "masks" / "cat.png", exif=exif)
    label = Folder(root, CLASSES, colours=colours).load(0)[1]
    assert label.nonzero().tolist() == [[0, 7]]  # by a quarter clockwise, as the picture


def test_the_size_of_a_picture_too_large_is_told_in_millions(root):
    with open(root / "images" / "cat.png", "wb") as file:
        file.write(png_head(20_000, 20_000))
    with pytest.raises(ValueError, match=r"cat\.png has 400 million pixels; expected at most 89 million"):
        Folder(root, CLASSES)[0]


def png_head(width, height):
    """The beginning of a PNG: enough to know its size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">II", zlib.crc32(head), 0) + b"IDAT"
