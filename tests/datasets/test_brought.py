"""Any picture that somebody brings: what is read, and what is refused in words."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.datasets import brought


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def saved(path, picture, **options):
    picture.save(path, **options)
    return path


def test_a_telephones_picture_stands_upright(tmp_path, colours):
    exif = Image.Exif()
    exif[0x0112] = 6  # lying; turn it a quarter clockwise
    path = saved(tmp_path / "turned.png", Image.fromarray(colours), exif=exif)
    assert torch.equal(brought.read(path).permute(1, 2, 0), torch.from_numpy(np.rot90(colours, -1).copy()))


def test_grey_becomes_three_equal_channels(tmp_path, colours):
    image = brought.read(saved(tmp_path / "grey.png", Image.fromarray(colours[..., 0])))
    assert torch.equal(image, torch.from_numpy(colours[..., 0])[None].expand(3, -1, -1))


@pytest.mark.parametrize("turned", [False, True])
def test_what_is_transparent_becomes_white(tmp_path, colours, turned):
    alpha = np.full((40, 60, 1), 255, np.uint8)
    alpha[:, :10] = 0
    exif = Image.Exif()
    exif[0x0112] = 3 if turned else 1
    path = saved(tmp_path / "clear.png", Image.fromarray(np.concatenate([colours, alpha], axis=2)), exif=exif)
    image = brought.read(path)
    image = image.flip(1, 2) if turned else image
    assert (image[:, :, :10] == 255).all()
    assert torch.equal(image[:, :, 10:].permute(1, 2, 0), torch.from_numpy(colours[:, 10:]))


def test_the_second_view_in_a_telephones_jpeg_is_left_alone(tmp_path, colours):
    first, second = Image.fromarray(colours), Image.fromarray(255 - colours)
    path = saved(tmp_path / "two.jpg", first, format="MPO", save_all=True, append_images=[second])
    with Image.open(path) as both:
        assert both.n_frames == 2
    assert (brought.read(path).permute(1, 2, 0).float() - torch.from_numpy(colours).float()).abs().mean() < 60
    assert (brought.read(path).float().mean() - float(colours.mean())).abs() < 3


@pytest.mark.parametrize(
    "make",
    [
        lambda c: c,
        lambda c: torch.from_numpy(c).permute(2, 0, 1),
        lambda c: c.astype(np.float64) / 255,
        lambda c: np.concatenate([c, np.full((40, 60, 1), 255, np.uint8)], axis=2),
        lambda c: Image.fromarray(c),
    ],
    ids=["array", "tensor", "floating", "alpha", "Pillow"],
)
def test_arrays_of_every_kind(make, colours):
    assert torch.equal(brought.read(make(colours)).permute(1, 2, 0), torch.from_numpy(colours))


def test_the_bytes_of_an_upload(colours):
    memory = io.BytesIO()
    Image.fromarray(colours).save(memory, format="PNG")
    assert torch.equal(brought.read(memory.getvalue(), "mine.png").permute(1, 2, 0), torch.from_numpy(colours))
    with pytest.raises(ValueError, match=r"mine\.png cannot be read as a picture"):
        brought.read(memory.getvalue()[:200], "mine.png")


def bad_file(folder, what):
    """A file of each kind that people bring by mistake."""
    path = folder / {"gif": "cat.gif", "png": "cat.png"}.get(what, "cat.jpg")
    if what == "empty":
        path.write_bytes(b"")
    elif what == "text":
        path.write_text("<!DOCTYPE html>\n<html><title>Cat</title>")
    elif what == "heic":
        path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    elif what == "damaged":
        path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    elif what == "cmyk":
        Image.new("CMYK", (64, 64)).save(path)
    elif what == "gif":
        frames = [Image.new("L", (64, 64), value) for value in (0, 255)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
    elif what == "dot":
        Image.new("RGB", (1, 1)).save(path)
    elif what == "strip":
        Image.new("RGB", (20_000, 10)).save(path)
    elif what == "ribbon":
        Image.new("RGB", (2000, 100)).save(path)
    elif what == "folder":
        path.mkdir()
    elif what == "missing":
        Image.new("RGB", (64, 64)).save(folder / "dog.jpg")
    return path


@pytest.mark.parametrize(
    "what, words",
    [
        ("empty", r"is empty \(0 bytes\); expected a picture: copy or download it again"),
        ("text", r"holds text, beginning with '<!DOCTYPE html>.*expected a picture: .*download the picture itself"),
        ("heic", "is a HEIC picture, .*expected JPEG or PNG: share or export it as JPEG"),
        ("damaged", "cannot be read as a picture .*: open it in a viewer and save it anew as PNG"),
        ("cmyk", "is in CMYK, .*expected RGB, grey or RGBA: save it anew in RGB"),
        ("gif", "is a GIF of 2 pictures; expected one: open it in a viewer and save one of them as PNG"),
        ("dot", "is 1 x 1 pixels; expected at least 33 on each side: .*take a larger picture"),
        ("strip", "is 20000 x 10 pixels; expected at least 33 on each side"),
        ("ribbon", "is 2000 x 100 pixels; expected at most 8 times as long as wide: cut out a part"),
        ("folder", "is a folder; expected one picture: give the path of a file in it"),
        ("missing", r"there is no file .*cat\.jpg; its folder holds dog\.jpg"),
    ],
)
def test_each_kind_of_bad_file_gets_a_sentence(tmp_path, what, words):
    path = bad_file(tmp_path, what)
    with pytest.raises((ValueError, OSError), match=words) as caught:
        brought.read(path)
    assert str(path) in str(caught.value)


def test_a_picture_of_too_many_pixels_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    path = saved(tmp_path / "vast.png", Image.new("L", (100, 100)))
    with pytest.raises(ValueError, match=r"vast\.png has .* million pixels"):
        brought.read(path)


@pytest.mark.parametrize(
    "array, words",
    [
        (np.zeros((1, 3, 40, 40), np.float32), r"array of shape \(1, 3, 40, 40\); expected H x W x 3"),
        (np.full((40, 40, 3), 200.0), "is float64 from 200 to 200; expected uint8 from 0 to 255, or floating point"),
        (np.zeros((40, 40, 3), np.int64), "is int64 from 0 to 0; expected uint8"),
        (np.full((40, 40, 3), np.nan), "is float64 from nan to nan"),
    ],
)
def test_an_array_that_is_no_picture_is_named(array, words):
    with pytest.raises(ValueError, match=words):
        brought.read(array)
