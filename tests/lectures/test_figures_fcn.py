"""The figures of 01 say in words, with numbers, what they show, and refuse what they cannot draw."""

import pytest
import torch

from course_lib import palette
from course_lib.lectures.l01_fcn_limits import figures as fcn

IMAGE = torch.rand(3, 12, 16, generator=torch.Generator().manual_seed(0))
LABEL = torch.zeros(12, 16, dtype=torch.int64)
LABEL[:, 8:] = 1
CLASSES = ("sky", "road", "bus")


def test_answers_tells_the_score_of_each():
    half = torch.zeros_like(LABEL)  # half of the picture is right: IoU 96 / 192 and 0
    figure = fcn.answers(IMAGE, LABEL, {"right": LABEL, "half": half}, CLASSES, palette.ORDER)
    assert "Mean IoU here: right 1.00, half 0.25" in figure.alt
    assert [axes.get_title(loc="left") for axes in figure.axes][2:] == ["right: mean IoU 1.00", "half: mean IoU 0.25"]


def test_many_answers_stand_in_two_rows():
    figure = fcn.answers(IMAGE, LABEL, {f"{n} px": LABEL for n in (4, 8, 16)}, CLASSES, palette.ORDER)
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 3)
    assert sum(axes.axison for axes in figure.axes) == 5


def test_answers_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"FCN-8s has shape \(6, 8\), the truth \(12, 16\)"):
        fcn.answers(IMAGE, LABEL, {"FCN-8s": LABEL[::2, ::2]}, CLASSES, palette.ORDER)
    with pytest.raises(ValueError, match="at least one answer"):
        fcn.answers(IMAGE, LABEL, {}, CLASSES, palette.ORDER)


@pytest.mark.parametrize(("kernel", "stride"), [(64, 32), (4, 2), (16, 8)])
def test_the_tents_of_fcn_add_up_to_one(kernel, stride):
    # bilinear interpolation leaves a flat map flat
    figure = fcn.tents(kernel, stride)
    assert "Their sum lies between 1 and 1 away from the border" in figure.alt


def test_torn_tells_what_each_network_calls_the_pixel():
    narrow, wide = LABEL.clone(), LABEL.clone()
    narrow[3, 10] = 2
    figure = fcn.torn(IMAGE, LABEL, {5: narrow, 9: wide}, (3, 10), CLASSES, palette.ORDER)
    assert "at the pixel (3, 10) the true class is road" in figure.alt
    assert "with 5 pixels bus, with 9 pixels road" in figure.alt
    sides = [patch.get_width() for axes in figure.axes for patch in axes.patches]
    assert sides == [5, 5, 5, 5, 9, 9]  # picture and first answer: the narrow field; second answer: the wide one


def test_torn_tells_who_sees_the_whole_picture():
    # from the pixel (3, 10) of 12 x 16 the furthest is 10 pixels away: a field of 21 reaches it, one of 19 does not
    figure = fcn.torn(IMAGE, LABEL, {19: LABEL, 21: LABEL}, (3, 10), CLASSES, palette.ORDER)
    assert [axes.get_title(loc="left") for axes in figure.axes][2:] == ["sees 19 pixels", "sees 21 pixels: all of it"]


def test_a_place_outside_the_picture_is_refused():
    with pytest.raises(ValueError, match=r"place must lie in the 12 x 16 picture, got \(12, 0\)"):
        fcn.torn(IMAGE, LABEL, {5: LABEL}, (12, 0), CLASSES, palette.ORDER)
