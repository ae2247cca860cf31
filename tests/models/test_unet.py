"""U-Net against independent implementations, and its way with borders."""

import pytest
import torch
from unfilled import unfilled

from course_lib import models
from course_lib.models.unet import UNet

FILES = {
    "unet_cin1_nc2": {"in_channels": 1},
    "unet_cin3_nc2": {},
    "unet_release_relu_cin1_nc2": {"in_channels": 1, "variant": "release"},
}


@pytest.mark.parametrize("name", FILES)
def test_equals_an_independent_network(golden, name):
    report = golden(name, unfilled(UNet, 2, **FILES[name]), scores=True)
    assert report, report


@pytest.mark.parametrize("channels, classes, expected", [(1, 2, 31_030_658), (3, 2, 31_031_810), (3, 21, 31_033_045)])
def test_parameters_are_counted_to_the_digit(parameters_of, channels, classes, expected):  # networks.md 2.1
    assert parameters_of(UNet, classes, in_channels=channels) == expected


@pytest.mark.parametrize("side, valid", [(572, 388), (188, 4), (220, 36)])  # networks.md 1.4
def test_the_valid_map_is_184_pixels_smaller(side, valid):
    with torch.device("meta"):
        assert UNet(2, width=0.0625).scores(torch.zeros(1, 3, side, side)).shape == (1, 2, valid, valid)


@pytest.mark.parametrize("side, following", [(512, 524), (572 + 8, 588), (100, 188), (187, 188)])
def test_a_side_that_does_not_fit_is_answered_with_the_next_that_does(side, following):
    with (
        torch.device("meta"),
        pytest.raises(ValueError, match=f"16k \\+ 12 from 188 up, got {side}; the next is {following}"),
    ):
        UNet(2, width=0.0625).scores(torch.zeros(1, 3, side, 572))


def test_the_paper_mirrors_the_border():
    torch.manual_seed(0)
    net, image = UNet(2, width=0.0625).eval(), torch.rand(1, 3, 100, 132)
    mirrored = torch.nn.functional.pad(image, (92, 92, 92, 92), mode="reflect")  # 284 x 316: both 16k + 12
    with torch.no_grad():
        assert torch.equal(net(image), net.scores(mirrored))


def test_an_odd_image_gets_the_scores_of_its_own_pixels():
    torch.manual_seed(0)
    net, image = UNet(2, width=0.0625).eval(), torch.rand(1, 3, 100, 132)
    with torch.no_grad():
        whole = net(image)
        torch.testing.assert_close(net(image[..., :97, :129])[..., :4, :4], whole[..., :4, :4], rtol=1e-4, atol=1e-5)


def test_a_tile_gives_the_same_scores_as_the_whole():
    torch.manual_seed(0)
    net, image = UNet(2, width=0.0625).eval(), torch.rand(1, 3, 220, 220)
    with torch.no_grad():
        tile = net.scores(image[..., 16:204, 16:204])
        torch.testing.assert_close(net.scores(image)[..., 16:20, 16:20], tile, rtol=1e-4, atol=1e-5)


def test_an_unknown_variant_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"got 'realease'; did you mean 'release'\?"):
        UNet(2, variant="realease")


@pytest.mark.newest
def test_exported_with_dynamic_sides_it_takes_images_that_need_more_mirroring():
    net = models.build("unet", 3, width=0.0625).eval()
    sides = dict.fromkeys((2, 3), torch.export.Dim.DYNAMIC)
    exported = torch.export.export(net, (torch.rand(1, 3, 97, 130),), dynamic_shapes=(sides,)).module()
    for size in ((33, 40), (64, 65), (200, 150)):
        image = torch.rand(1, 3, *size)
        torch.testing.assert_close(exported(image), net(image))
