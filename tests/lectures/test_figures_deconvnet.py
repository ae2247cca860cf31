"""The figures of 02 say in words, with numbers, what they show, and refuse what they cannot draw."""

import pytest
import torch
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from course_lib.lectures.l02_deconvnet_segnet import figures as deconvnet
from course_lib.lectures.l02_deconvnet_segnet import schematics

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


def test_a_photograph_comes_back_to_its_places():
    image = (255 * torch.rand(3, 21, 34, generator=torch.Generator().manual_seed(0))).byte()
    figure = deconvnet.there_and_back(image, pools=2)
    assert "edges of a photograph of 20 x 32 pixels" in figure.alt  # what four divides
    assert "6.2% of the pixels are filled, 100% of them with the value that stood there" in figure.alt


def test_corners_are_the_upper_left_of_each_window():
    back = F.max_unpool2d(torch.ones(1, 1, 2, 3), deconvnet.corners_of(torch.ones(1, 1, 2, 3)), 2)
    assert back[0, 0].nonzero().tolist() == [[0, 0], [0, 2], [0, 4], [2, 0], [2, 2], [2, 4]]


def test_the_telling_map_is_the_one_that_correlates_most():
    mask = torch.zeros(8, 8, dtype=torch.bool)
    mask[:, :4] = True
    maps = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    maps[1] = 3 * mask + 1
    figure = deconvnet.telling_maps(torch.rand(3, 8, 8), mask, {"stage 1": maps, "stage 2": torch.ones(2, 4, 4)})
    assert "Correlation with the class: stage 1 1.00, stage 2 0.00" in figure.alt
    assert (figure.axes[1].images[0].get_array() == maps[1].numpy()).all()


def test_maps_of_a_batch_are_refused():
    with pytest.raises(ValueError, match=r"stage 1 should be C x h x w, got \(1, 2, 4, 4\)"):
        deconvnet.telling_maps(torch.rand(3, 8, 8), torch.ones(8, 8) > 0, {"stage 1": torch.ones(1, 2, 4, 4)})


def test_both_hourglasses_are_drawn_with_the_sizes_of_the_networks():
    figure = schematics.hourglasses(224)
    assert "DeconvNet, 251.8 million parameters, sides 224-112-56-28-14-7-1-1-7-14-28-56-112-224" in figure.alt
    assert "SegNet, 29.4 million parameters, sides 224-112-56-28-14-7-14-28-56-112-224" in figure.alt
    above, below = ([p.get_x() for p in axes.patches if isinstance(p, Rectangle)][-5:] for axes in figure.axes)
    assert above == below  # each stage of the one decoder stands under that of the other
