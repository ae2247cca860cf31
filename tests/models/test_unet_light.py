"""U-Net's way up on a body that ImageNet trained."""

import pytest
import torch

from course_lib import models
from course_lib.models.unet import UNet
from course_lib.models.unet_light import LightUNet


def light(**options):
    return models.build("unet", 3, backbone="efficientnet_lite0", **options)


@pytest.mark.parametrize("height, width", [(33, 33), (64, 97), (130, 75)])
def test_answers_at_the_size_of_any_picture(height, width):
    net = light(width=0.25).eval()
    with torch.no_grad():
        assert net(torch.rand(1, 3, height, width)).shape == (1, 3, height, width)
        assert net.scores(torch.rand(1, 3, height, width)).shape == (1, 3, -(-height // 2), -(-width // 2))


def test_without_a_backbone_it_is_the_papers():
    assert type(models.build("unet", 3, 0.0625)) is UNet
    assert type(light(width=0.25)) is LightUNet


def test_parameters_are_counted_to_the_digit(parameters_of):
    assert parameters_of(LightUNet, 3) == 3_578_839


@torch.no_grad()
@pytest.mark.parametrize("level", ["up4", "up3", "up2", "up1"])
def test_each_level_reads_its_copy(level):
    torch.manual_seed(0)
    net, image = light(width=0.5).eval(), torch.rand(1, 3, 65, 65)
    before = net.scores(image)
    up = getattr(net, level)
    handle = up.register_forward_pre_hook(lambda module, inputs: (inputs[0], torch.zeros_like(inputs[1])))
    after = net.scores(image)
    handle.remove()
    assert not torch.equal(before, after)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"backbone": "efficientnet_lite"}, "did you mean 'efficientnet_lite0'"),
        (
            {"backbone": "efficientnet_lite0", "variant": "release"},
            "variant='release' is an option of the paper's U-Net; leave it out",
        ),
        ({"bakbone": "x"}, "unet has no option 'bakbone'; did you mean 'backbone'"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(ValueError, match=words):
        models.build("unet", 3, **options)
