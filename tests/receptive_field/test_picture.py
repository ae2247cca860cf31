"""The picture of the three fields: a panel for each, and words from the same numbers."""

import numpy as np
import pytest
import torch

from course_lib.receptive_field.picture import picture, save
from course_lib.receptive_field.probing.influence import Spread


@pytest.fixture(scope="module")
def mask():
    mask = torch.zeros(60, 80, dtype=torch.bool)
    mask[20:50, 30:60] = True
    return mask


@pytest.fixture(scope="module")
def spread():
    y, x = torch.arange(60.0)[:, None], torch.arange(80.0)[None, :]
    return Spread(map=torch.exp(-((y - 35) ** 2 + (x - 45) ** 2) / 50).double(), unit=(35, 45))


def test_each_map_has_a_panel(mask, spread):
    assert len(picture(mask=mask).axes) == 1
    assert len(picture(mask=mask, effective=spread).axes) == 2
    assert len(picture(torch.rand(3, 60, 80), mask=mask, effective=spread, empirical=spread.map.numpy()).axes) == 3


def test_the_words_hold_the_numbers(mask, spread):
    figure = picture(mask=mask, effective=spread, title="A unit")
    assert figure.alt.startswith("A unit. Theoretical field: a box of 30 by 30 pixels, 18.8 % of the image")
    assert f"{spread.radius(0.6827):.1f} pixels radius holds 68.27 %" in figure.alt
    assert f"{spread.radius(0.9545):.1f} pixels 95.45 %" in figure.alt
    assert "Empirical" not in figure.alt


def test_a_field_with_holes_says_how_much_is_read(mask):
    holes = mask.clone()
    holes[20:50:2, 1::2] = False
    assert "of which 75 % is read" in picture(mask=holes).alt


def test_outside_the_field_the_image_is_dark(mask):
    shown = picture(torch.ones(60, 80, 3), mask=mask).axes[0].images[0].get_array()
    assert float(shown[30, 40].min()) == 1
    assert float(shown[5, 5].max()) < 0.45


def test_a_small_field_is_shown_enlarged():
    mask = torch.zeros(200, 200, dtype=torch.bool)
    mask[90:101, 90:101] = True
    assert picture(mask=mask).axes[0].get_xlim() == (83.5, 106.5)


@pytest.mark.parametrize(
    "image",
    [np.zeros((60, 80, 3), np.uint8), torch.randn(3, 60, 80), np.random.default_rng(0).random((60, 80)), None],
    ids=["bytes", "channels first", "grey", "none"],
)
def test_any_image_will_do(image, mask, tmp_path):
    picture(image, mask=mask).savefig(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000


def test_a_saved_png_is_small_and_carries_its_words(mask, spread, tmp_path):
    from PIL import Image

    figure = picture(torch.rand(60, 80, 3), mask=mask, effective=spread)
    save(figure, tmp_path / "small.png")
    figure.savefig(tmp_path / "full.png", dpi=110)
    assert (tmp_path / "small.png").stat().st_size < 0.6 * (tmp_path / "full.png").stat().st_size
    assert Image.open(tmp_path / "small.png").text["Description"] == figure.alt
    save(figure, tmp_path / "one.svg")
    assert (tmp_path / "one.svg").read_text().startswith("<?xml")


def test_a_map_of_another_size_has_its_own_ground(mask):
    """A channel's calibrated average lies on a canvas of its own."""
    figure = picture(torch.rand(60, 80, 3), mask=mask, empirical=Spread(map=torch.rand(31, 31).double(), unit=(15, 15)))
    assert figure.axes[1].images[0].get_array().shape == (31, 31, 3)


def test_a_map_of_zeros_is_drawn_as_such(mask):
    assert "Effective field: zero everywhere." in picture(mask=mask, effective=torch.zeros(60, 80)).alt


def test_wrong_shapes_are_answered_clearly(mask):
    with pytest.raises(ValueError, match="nothing to draw"):
        picture(torch.rand(60, 80))
    with pytest.raises(ValueError, match="the image is 50 x 80, the field 60 x 80"):
        picture(torch.rand(50, 80), mask=mask)
    with pytest.raises(ValueError, match="never negative"):
        picture(effective=-torch.ones(5, 5))


def test_the_disc_of_68_percent_is_drawn_through_and_that_of_95_dashed_each_on_a_pale_rim(spread):
    circles = picture(effective=spread).axes[0].patches
    assert [circle.get_linestyle() for circle in circles] == ["-", "-", "-", "--"]
    assert [circle.get_linewidth() for circle in circles] == [3.0, 1.2, 3.0, 1.2]
