"""Every network of the course: masks equal the twin's, and sizes those of the papers."""

import math

import pytest
from torch import nn
from twin_check import agree

from course_lib import models
from course_lib.models.xception import xception65
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


@pytest.mark.parametrize("name, smallest, largest", [("67", 984, 1016), ("103", 2262, 2294)])
def test_fc_densenet_depends_on_the_phase(name, smallest, largest):
    """Ranges over the output phases, 32 of them."""
    field = theoretical(ScoreMap(small(f"fc_densenet{name}")), (2624, 2624))
    heights = [box[2] - box[0] for box in (field.box((y, y)) for y in range(1296, 1328))]
    assert (min(heights), max(heights)) == (smallest, largest)


@pytest.mark.parametrize(
    "dilations, size",
    [((1, 1, 2, 4, 8, 1, 1), 652), ((1, 1, 2, 4, 8, 16, 32, 64, 1, 1), 2444)],
    ids=["Dilation7", "Dilation10"],
)
def test_other_dilations_make_dilation7_and_dilation10(dilations, size):
    net = models.build("dilatednet_basic", num_classes=3, width=0.1, dilations=dilations)
    assert theoretical(ScoreMap(net), (572, 572)).size() == (size, size)


@pytest.mark.parametrize("output_stride", [8, 16])
def test_xception65_sees_1915_at_either_output_stride(output_stride):
    features = xception65(output_stride=output_stride, width=0.1)
    assert theoretical(features, (129, 129)).size("output[1]") == (1915, 1915)


def test_the_widest_rate_after_xception65_sees_2491():
    field = theoretical(ScoreMap(small("deeplab_v3plus")), (129, 129), stop_at_global=True)
    assert [field.size(f"net.aspp.branches.{i}")[0] for i in range(4)] == [1915, 2107, 2299, 2491]


@pytest.mark.parametrize(
    "depth, output_stride, sizes",
    [
        (50, 16, [715, 907, 1099, 1291]),
        (50, 8, [731, 923, 1115, 1307]),
        (101, 16, [1259, 1451, 1643, 1835]),
        (101, 8, [1275, 1467, 1659, 1851]),
    ],
)
def test_the_rates_of_deeplab_v3_widen_the_backbone(depth, output_stride, sizes):
    """Multi-grid (1, 2, 4); 1x1, then rates 6, 12, 18 at output stride 16 and twice that at 8."""
    net = models.build(f"deeplab_v3_resnet{depth}", num_classes=3, width=0.1, output_stride=output_stride)
    field = theoretical(ScoreMap(net), (129, 129), stop_at_global=True)
    assert [field.size(f"net.aspp.branches.{i}")[0] for i in range(4)] == sizes


@pytest.mark.parametrize("name, size", [("pspnet50", 487), ("pspnet101", 1023)])
def test_pspnet_before_its_pooling(name, size):
    assert theoretical(ScoreMap(small(name)), (129, 129)).size("net.backbone.conv5") == (size, size)


@pytest.mark.parametrize("name", ["pspnet50", "pspnet101", "deeplab_v3_resnet50", "deeplab_v3plus"])
def test_image_pooling_makes_it_the_whole_image(name):
    assert theoretical(small(name), (97, 97)).size() == (math.inf, math.inf)
