"""A photograph in, what is where out."""

import base64
import datetime
import io
import re

import ipywidgets
import numpy as np
import pytest
import torch
from PIL import Image

from course_lib import palette
from course_lib import segment as room
from course_lib.datasets import photos
from course_lib.metrics import Confusion
from course_lib.segment import Segmented, networks, segment, uploaded
from course_lib.shown import side_by_side

CAT = "data/photos/cat.jpg"


@pytest.fixture(scope="module")
def cat():
    return segment(photos.load("cat").image)


def test_the_cat_is_a_cat(cat):
    truth = photos.load("cat").mask
    found = Confusion(2)
    found.update((cat.labels == cat.classes.index("cat")).long()[None], truth[None])
    assert found.iou[1] > 0.85
    assert cat.shares()["dog"] < 0.05


def test_labels_and_scores_have_the_pictures_size(cat):
    height, width = photos.load("cat").image.shape[1:]
    assert cat.scores.shape == (3, height, width)
    assert cat.labels.shape == (height, width)
    assert torch.equal(cat.scores.argmax(0), cat.labels)
    torch.testing.assert_close(cat.probabilities.sum(0), torch.ones(height, width))
    assert sum(cat.shares().values()) == pytest.approx(1)


def test_a_picture_of_twelve_megapixels_gets_the_answer_of_the_small_one(cat):
    small = photos.load("cat").image
    large = torch.nn.functional.interpolate(small[None].float(), (2660, 4000), mode="bilinear")[0].round().byte()
    found = segment(large)
    assert found.labels.shape == (2660, 4000)
    again = torch.nn.functional.interpolate(found.labels[None, None].float(), cat.labels.shape, mode="nearest")[0, 0]
    assert (again.long() == cat.labels).float().mean() > 0.98


@pytest.mark.parametrize("network", networks())
def test_every_network_answers(network):
    found = segment(photos.load("astronaut").image, network)
    assert found.network == network
    assert len(found.classes) == len(found.scores)
    assert found.labels.max() < len(found.classes)


def test_the_selfie_network_finds_the_astronaut():
    astronaut = photos.load("astronaut")
    found = segment(astronaut.image, "selfie").labels == 1
    head, suit = (astronaut.classes.index(part) for part in ("head", "suit"))
    person = (astronaut.mask == head) | (astronaut.mask == suit)
    assert (found & person).sum() / person.sum() > 0.9


def test_the_street_networks_are_not_asked_about_photographs():
    assert "selfie" in networks()
    assert "deeplab_v3plus_pets" in networks()
    assert "segnet_street" not in networks()
    assert "efficientnet_lite0_imagenet" not in networks()
    with pytest.raises(ValueError, match=r"unknown network 'selfi': .*did you mean 'selfie'"):
        segment(photos.load("cat").image, "selfi")


@pytest.fixture
def made():
    """A picture of two classes, half and half."""
    labels = torch.zeros(40, 60, dtype=torch.int64)
    labels[:, 30:] = 1
    scores = torch.nn.functional.one_hot(labels, 2).permute(2, 0, 1).float()
    return Segmented(torch.full((3, 40, 60), 200, dtype=torch.uint8), scores, labels, ("background", "cat"), "made")


def test_the_overlay_leaves_the_background_alone(made):
    overlay = made.overlay()
    assert overlay.dtype == torch.uint8
    assert (overlay[:, :, :30] == 200).all()
    assert (overlay[0, :, 30:] < 200).all()


def test_the_legend_names_each_class_with_its_share_and_colour(made, monkeypatch):
    told = []
    monkeypatch.setattr(room, "side_by_side", lambda pictures, legend: told.append((list(pictures), legend)))
    made.figure()
    assert told == [(["the picture", "made"], [("background 50%", None), ("cat 50%", palette.BLUE)])]


def test_pictures_stand_side_by_side_over_their_legend():
    left, right = np.full((40, 60, 3), 200, np.uint8), np.full((40, 60, 3), 90, np.uint8)
    sheet = side_by_side({"a": left, "b": right}, [("cat", palette.BLUE)], side=120)
    colours = [colour for _, colour in sheet.getcolors(10_000)]
    assert {(200,) * 3, (90,) * 3, palette.BLUE, (255,) * 3} <= set(colours)
    assert sheet.width == 12 + 2 * (120 + 12)
    assert sheet.getpixel((12, 24)) == sheet.getpixel((131, 103)) == (200,) * 3
    assert sheet.getpixel((144, 24)) == sheet.getpixel((263, 103)) == (90,) * 3


@pytest.mark.parametrize("shape", [(1, 1), (3000, 20), (20, 3000)])
def test_odd_shapes_and_long_legends_find_room(shape):
    pictures = dict.fromkeys(("one", "two"), np.zeros((*shape, 3), np.uint8))
    short, long = (side_by_side(pictures, [(f"class {i}", None) for i in range(n)]) for n in (2, 40))
    assert 480 < short.width == long.width < 1000
    assert short.height < 800
    assert long.height > short.height + 100


def test_a_notebook_shows_the_figure(made, monkeypatch):
    got = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata=None, raw=False: got.append((data, metadata)))
    made._ipython_display_()
    data, metadata = got[0]
    assert metadata["image/jpeg"]["alt"] == repr(made)
    assert "the answer of made laid over it in colour: background 50%, cat 50%" in repr(made)
    with Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))) as shown:
        assert shown.format == "JPEG"
        assert min(shown.size) > 200


def test_the_command_writes_the_overlay_and_the_labels(root, tmp_path, capsys, cat):
    room.main([str(root / CAT), "--output", str(tmp_path / "new")])
    told = capsys.readouterr().out
    assert re.search(r"cat\.jpg: background \d+%, cat \d+%, dog \d+%; wrote .*cat_overlay\.png", told)
    with Image.open(tmp_path / "new" / "cat_labels.png") as labels:
        assert labels.mode == "P"
        assert np.array_equal(np.array(labels), cat.labels.numpy())
    with Image.open(tmp_path / "new" / "cat_overlay.png") as overlay:
        assert overlay.width > 600


def test_a_bad_picture_ends_the_command_with_a_sentence(tmp_path):
    (tmp_path / "cat.jpg").write_text("no picture")
    with pytest.raises(SystemExit, match=r"course_lib\.segment: .*holds text, beginning with 'no picture'"):
        room.main([str(tmp_path / "cat.jpg")])


def png() -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(memory, format="PNG")
    return memory.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        {"me.png": {"metadata": {"name": "me.png", "size": 3}, "content": b"abc"}},
        ({"name": "me.png", "type": "image/png", "size": 3, "content": memoryview(b"abc")},),
    ],
    ids=["ipywidgets 7", "ipywidgets 8"],
)
def test_an_upload_is_read_in_both_shapes(value):
    assert uploaded(value) == [("me.png", b"abc")]


@pytest.mark.parametrize("content, expected", [(png(), "Segmented"), (b"", "me.png is empty (0 bytes)")])
def test_the_button_answers_below_itself(content, expected, monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(room, "display", shown.append)
    now = datetime.datetime.now(datetime.timezone.utc)
    file = {"name": "me.png", "type": "image/png", "size": len(content), "content": content, "last_modified": now}
    value = {"me.png": {"content": content}} if ipywidgets.__version__ < "8" else (file,)
    room.upload("selfie").children[0].set_trait("value", value)
    told = " ".join(type(thing).__name__ for thing in shown) + capsys.readouterr().out
    assert expected in told
