"""The figures of 01 say in words, with numbers, what they show, and refuse what they cannot draw."""

import pytest
import torch

from course_lib import palette
from course_lib.lectures.l01_fcn_limits import figures as fcn
from course_lib.lectures.l01_fcn_limits import schematics

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


def test_tents_of_other_values_run_straight_from_cell_to_cell():
    figure = fcn.tents(64, 32, values=(0.4, 1.0, 0.3))
    total = next(line for line in figure.axes[1].lines if line.get_label() == "sum of the tents").get_ydata()
    between = torch.tensor(total[32:64]).float()  # from the centre of the first cell to that of the second
    assert torch.allclose(between.diff(), torch.full((31,), (1.0 - 0.4) / 32))


def test_iou_by_size_is_three_lines_and_the_longer_training():
    sizes, nets = ("under 12", "from 48"), ("32s", "16s", "8s", "32s, long")
    values = {f"{size}, {net}": [0.1 * n, 0.1 * n + 0.2] for size in sizes for n, net in enumerate(nets)}
    values |= {"lost by 32s, from 48": [0.5, 0.5], "12 to 24, truth through stride 32": [0.1, 0.1]}
    figure = fcn.by_size({"values": values})
    assert "IoU of objects under 12, from 48 pixels: FCN-8s 0.30, 0.30; FCN-16s 0.20, 0.20; FCN-32s 0.10" in figure.alt
    assert len(figure.axes[0].lines) == 4


def test_the_sliding_kernel_fits_as_often_as_the_convolution_says():
    figure = schematics.sliding(cells=(10, 12), kernel=7)
    assert "slides over 10 x 12 cells and gives 4 x 6 answers" in figure.alt


def test_fcn8s_is_drawn_with_the_sizes_of_the_network():
    figure = schematics.fcn8s(500)  # the sides that networks of Caffe have: 88, 44, 16 down; 34, 70, 568 up
    assert "pool3 88, pool4 44, fc7 16" in figure.alt
    assert "times 2 is 34" in figure.alt
    assert "times 2 is 70" in figure.alt
    assert "times 8 is 568, cropped to 500" in figure.alt


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


def test_a_heat_map_tells_what_its_cells_say():
    says = torch.zeros(2, 3)
    says[1, 1:] = torch.tensor([0.8, 0.6])
    image = torch.full((3, 60, 90), 200, dtype=torch.uint8)  # at stride 32: 2 x 3 cells, the last ones cut
    figure = fcn.heat(image, says, "cat")
    assert "above one half in 2 of 6 cells, at most 0.80, at least 0.00" in figure.alt
    cells = next(axes for axes in figure.axes if axes.texts)
    assert [text.get_text() for text in cells.texts] == ["0", "0", "0", "0", "80", "60"]


def test_a_heat_map_of_another_stride_is_refused():
    with pytest.raises(ValueError, match=r"60 x 90 pixels at stride 16 make \(4, 6\) cells, got \(2, 3\)"):
        fcn.heat(torch.zeros(3, 60, 90, dtype=torch.uint8), torch.zeros(2, 3), "cat", stride=16)
