"""The figures of 02 say in words, with numbers, what they show, and refuse what they cannot draw."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.lectures.l02_deconvnet_segnet import figures as deconvnet

GRID = torch.tensor([[1.0, 2, 0, 3], [4, 0, 1, 1], [0, 5, 2, 0], [1, 0, 0, 6]])[None, None]


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_pool_and_unpool_shows_the_maxima_and_puts_them_back():
    pooled, places = F.max_pool2d(GRID, 2, return_indices=True)
    figure = deconvnet.pool_and_unpool(GRID, pooled, places)
    assert "its 4 maxima" in figure.alt
    assert "25% of the map is filled" in figure.alt
    assert texts(figure.axes[1]) == ["4", "3", "5", "6"]
    assert texts(figure.axes[2]) == ["0", "0", "0", "3", "4", "0", "0", "0", "0", "5", "0", "0", "0", "0", "0", "6"]


def test_several_maps_are_refused():
    two = GRID.expand(1, 2, 4, 4)
    with pytest.raises(ValueError, match="expected one map"):
        deconvnet.pool_and_unpool(two, *F.max_pool2d(two, 2, return_indices=True))


def test_stamps_show_each_pixel_and_their_sum():
    figure = deconvnet.stamps(torch.ones(2, 2), torch.ones(3, 3), 2)
    # 3x3 stamps two cells apart: the middle row and column are covered twice, the centre four times
    assert texts(figure.axes[-1])[10:15] == ["2", "2", "4", "2", "2"]
    assert len(figure.axes) == 5
    assert "values from 1 to 4" in figure.alt


def test_a_pixel_of_zero_stamps_nothing():
    figure = deconvnet.stamps(torch.tensor([[1.0, 0, 2]]), torch.ones(2, 2), 2)
    assert "2 stamps of 2 x 2" in figure.alt
    with pytest.raises(ValueError, match=r"at most 6 pixels, got \(3, 3\)"):
        deconvnet.stamps(torch.ones(3, 3), torch.ones(2, 2), 2)


def test_decoder_maps_tell_the_share_of_zeros_before_and_after():
    unpooled, convolved = torch.zeros(2, 4, 8, 8), torch.ones(2, 3, 8, 8)
    unpooled[..., ::2, ::2] = 1
    figure = deconvnet.decoder_maps(torch.rand(2, 3, 8, 8), {"stage 1": (unpooled, convolved)})
    assert "before and after the convolutions: stage 1 25% and 100%" in figure.alt
    assert sum(axes.axison for axes in figure.axes) == 2 + 4
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == 2 * ["unpooled", "convolved"]


def test_maps_of_other_pictures_are_refused():
    maps = torch.ones(2, 4, 8, 8)
    with pytest.raises(ValueError, match=r"stage 1 should be 1 x C x h x w, got \(2, 4, 8, 8\)"):
        deconvnet.decoder_maps(torch.rand(1, 3, 8, 8), {"stage 1": (maps, maps)})


def test_the_weights_of_each_part_stand_end_to_end():
    networks = {"large": {"encoder": 10_000_000, "middle": 90_000_000}, "small": {"encoder": 10_000_000}}
    figure = deconvnet.where_the_weights_are(networks)
    assert "large 100,000,000: encoder 10,000,000, middle 90,000,000; small 10,000,000" in figure.alt
    assert [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches] == [(0, 10), (10, 90), (0, 10)]
    assert {text.get_text() for text in figure.legends[0].texts} == {"encoder", "middle"}
