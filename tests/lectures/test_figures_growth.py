"""The pictures of 04 that grow say in words what is read; tiles hide what lies beyond them."""

import torch
from torch import nn

from course_lib.lectures.l04_receptive_field_dilation import figures_growth as growth
from course_lib.lectures.l04_receptive_field_dilation import networks
from course_lib.receptive_field import theoretical


def test_one_rate_leaves_holes_and_a_growing_one_does_not():
    # along one axis 7 of 13 places, and all 17 of 1 + 2 (1 + 2 + 5)
    alt = growth.gridding([(2, 2, 2), (1, 2, 5)]).alt
    assert "rates 2, 2, 2 read 49 of 169 pixels, 29%; rates 1, 2, 5 read 289 of 289 pixels, 100%" in alt


def test_the_bell_becomes_a_smaller_share_of_the_field():
    # sqrt(n (9 - 1) / 12), and four of them over 2 n + 1
    alt = growth.bells((5, 20)).alt
    assert "5 layers: field 11, standard deviation 1.83, four of them 66%" in alt
    assert "20 layers: field 41, standard deviation 3.65, four of them 36%" in alt


def test_a_field_grows_from_a_unit_to_what_the_whole_network_traces():
    parts = [nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 2, 3, padding=1)]
    found = networks.read_by(parts, torch.rand(1, 3, 40, 48), (4, 5))
    assert [box for _, box in found[:3]] == [(4, 5, 5, 6), (3, 4, 6, 7), (6, 8, 12, 14)]
    assert found[-1][1] == tuple(theoretical(nn.Sequential(*parts), image_size=(40, 48)).box((4, 5)))
    assert [tuple(one.shape) for one, _ in found] == [(10, 12), (10, 12), (20, 24), (40, 48)]
    figure = growth.backwards(dict(zip(("unit", "pooled", "stem", "photograph"), found)), (4, 5))
    assert "unit 1 x 1, pooled 3 x 3, stem 6 x 6, photograph 13 x 13" in figure.alt


def test_a_tile_sees_nothing_beyond_itself():
    class Brightest(nn.Module):
        """Class 1 where a pixel is as bright as the brightest that is seen."""

        def forward(self, image):
            bright = (image == image.amax((2, 3), keepdim=True)).float()
            return torch.cat([0.5 * torch.ones_like(bright), bright], 1)

    image = torch.arange(32.0).view(1, 1, 4, 8)
    assert networks.in_tiles(Brightest(), image, 4).nonzero().tolist() == [[3, 3], [3, 7]]
    # the second tile of a width of 7 is moved inwards and says the last word on what both hold
    assert networks.in_tiles(Brightest(), image[..., :7], 4).nonzero().tolist() == [[3, 6]]
