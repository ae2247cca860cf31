"""Every network of the course: masks equal the twin's, and sizes those of the papers."""

import math

import pytest
from torch import nn
from twin_check import agree

from course_lib import models
from course_lib.receptive_field import theoretical


def small(name: str):
    return models.build(name, num_classes=3, width=0.1)


@pytest.mark.parametrize("name", models.names())
def test_course_network_agrees_with_the_twin(name):
    agree(small(name), (193, 225) if name == "deconvnet" else (97, 129), pixels=5)


# Sizes computed from the authors' definitions: the largest field over the phases of the output.
SIZES = {
    "fcn32s": 436,
    "fcn16s": 468,
    "fcn8s": 468,
    "segnet": 404,
    "segnet_basic": 202,
    "deeplab_v1": 435,
    "fc_densenet56": 826,
    "fc_densenet67": 1016,
    "fc_densenet103": 2294,
    "deeplab_v2": 1411,
    "deeplab_v2_vgg16": 611,
    "dilatednet_frontend": 380,
    "dilatednet_basic": 908,
    "unet": 204,
}


class ScoreMap(nn.Module):
    """A network that answers with the score map of its paper, before any resize of ours."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.scores(x)


@pytest.mark.parametrize("name", SIZES)
def test_course_network_has_the_size_of_its_paper(name):
    net = ScoreMap(small(name))
    image = (572, 572) if name in ("unet", "dilatednet_frontend", "dilatednet_basic") else (321, 321)
    assert theoretical(net, image).size() == (SIZES[name], SIZES[name])


@pytest.mark.parametrize("name, size", [("deeplab_v3_resnet50", 1291), ("deeplab_v3_resnet101", 1835)])
def test_the_local_part_of_deeplab_v3_is_its_widest_rate(name, size):
    """OS 16, multi-grid (1, 2, 4), rate 18; without the image pooling."""
    assert theoretical(ScoreMap(small(name)), (321, 321), stop_at_global=True).size() == (size, size)


def test_unet_has_phases_from_188_to_204():
    field = theoretical(ScoreMap(small("unet")), (572, 572))
    boxes = [field.box((y, y)) for y in range(186, 202)]
    assert min(box[2] - box[0] for box in boxes) == 188
    assert max(box[2] - box[0] for box in boxes) == 204


@pytest.mark.parametrize("name", ["pspnet50", "pspnet101", "deeplab_v3_resnet50", "deeplab_v3plus"])
def test_image_pooling_makes_it_the_whole_image(name):
    assert theoretical(small(name), (97, 97)).size() == (math.inf, math.inf)
