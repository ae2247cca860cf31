"""The pictures of 04 say in words, with numbers, what one cell reads and what a network sees."""

import pytest
import torch

from course_lib.lectures.l04_receptive_field_dilation import figures as fields
from course_lib.receptive_field import theoretical
from course_lib.receptive_field.probing.influence import Spread

CLASSES, COLOURS = ("background", "bus", "tram"), ((0, 0, 0), (9, 9, 9), (200, 0, 0))


def test_a_ladder_counts_what_one_cell_reads():
    figure = fields.ladder({"two": [(3, 1, 1)] * 2, "pooled": [(3, 1, 1), (2, 2, 1), (3, 1, 1)]})
    assert "two: one cell reads 5 pixels of a row of 5; pooled: one cell reads 8 pixels of a row of 8" in figure.alt
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["two: 5 pixels across", "pooled: 8 pixels across"]


def test_a_ladder_of_one_rate_has_holes():
    # three 3x3 at rate 2 step on 7 of 13 places, three at 1, 2, 3 on all 13
    figure = fields.ladder({"one": [(3, 1, 2)] * 3, "mixed": [(3, 1, 1), (3, 1, 2), (3, 1, 3)]})
    assert "one: one cell reads 7 pixels of a row of 13, 6 between them never; mixed" in figure.alt
    assert "mixed: one cell reads 13 pixels of a row of 13." in figure.alt


@pytest.mark.parametrize("layers", [[(3, 1, 1), (2, 2, 1), (3, 1, 1)], [(5, 2, 1), (3, 1, 3)], [(3, 2, 2), (2, 2, 1)]])
def test_a_ladder_reads_what_the_trace_of_the_real_layers_reads(layers):
    convolutions = [torch.nn.Conv2d(1, 1, kernel, stride, dilation=rate) for kernel, stride, rate in layers]
    field = theoretical(torch.nn.Sequential(*convolutions), image_size=(99, 99), channels=1)
    middle = field.output_size()[0] // 2
    read = sorted(fields.levels_of(layers)[0].read)
    traced = field.sets((middle, middle))[0]
    assert [place - read[0] for place in read] == (traced - traced[0]).tolist()


def test_cells_of_a_pooled_map_stand_over_the_middle_of_their_windows():
    pixels, pooled = fields.levels_of([(2, 2, 1)])
    assert [pixels.place(cell) for cell in sorted(pixels.read)] == [0, 1]
    assert pooled.place(0) == 0.5


def test_a_ladder_refuses_a_rate_of_zero():
    with pytest.raises(ValueError, match="must be at least 1, got \\(3, 1, 0\\)"):
        fields.ladder({"wrong": [(3, 1, 0)]})


def test_kernels_tell_span_and_weights():
    # DeepLab's and DilatedNet's fc6: (3 - 1) * 12 + 1 and (7 - 1) * 4 + 1
    alt = fields.kernels([(3, 12), (7, 4)]).alt
    assert "3x3 at rate 12 spans 25 with 9 weights; 7x7 at rate 4 spans 25 with 49 weights" in alt


def test_vehicles_tell_how_many_of_their_pixels_are_right():
    truth = torch.zeros(2, 4, 4, dtype=torch.long)
    truth[:, :2] = 1
    answer = truth.clone()
    answer[0, 0] = 2  # 4 of 16 pixels on vehicles; background is not asked
    answer[1, 2:] = 1
    figure = fields.vehicles(torch.rand(2, 3, 4, 4), truth, answer, CLASSES, COLOURS)
    assert "Of the pixels on vehicles 75% are right" in figure.alt
    assert "right" not in fields.vehicles(torch.rand(2, 3, 4, 4), truth, None, CLASSES, COLOURS).alt


def test_the_keyhole_cuts_the_box_out_of_the_picture():
    image = torch.rand(3, 20, 30)
    figure = fields.keyhole(image, {"small": (2, 4, 9, 16)}, (5, 10))
    assert "small sees 7 x 12 pixels from row 2, column 4" in figure.alt
    assert figure.axes[1].images[0].get_array().shape == (7, 12, 3)


def test_distance_curves_tell_both_ends_and_the_reach():
    figure = fields.by_distance({"plain": [1.0, 0.9, 0.5], "far": [1.0, 1.0, 0.98]}, {"plain": 1, "far": 50})
    assert "plain: 1.00 at distance 0, 0.50 at 2; far: 1.00 at distance 0, 0.98 at 2" in figure.alt
    assert "the sight of plain ends at 1; the sight of far ends at 50" in figure.alt


def test_three_fields_tell_their_sides():
    # areas 9, 4 and 1 above 4.55 % of the peak
    mask = torch.zeros(8, 8, dtype=torch.bool)
    mask[2:5, 2:5] = True
    maps = [torch.zeros(8, 8, dtype=torch.float64) for _ in range(2)]
    maps[0][2:4, 2:4] = 1
    maps[1][3, 3] = 1
    row = (mask, *(Spread(map=one, unit=(3, 3)) for one in maps))
    figure = fields.three_fields(torch.rand(3, 8, 8), {"net": row}, (3, 3))
    assert "net: theoretical side 3, effective 2.0, empirical 1.0" in figure.alt
    with pytest.raises(ValueError, match=r"the mask is \(8, 8\), the picture \(9, 9\)"):
        fields.three_fields(torch.rand(3, 9, 9), {"net": row}, (3, 3))
