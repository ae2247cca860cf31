"""Theoretical receptive fields of the VGG family: the numbers of networks.md 2.2, to the pixel."""

from functools import partial

import pytest
import torch

from course_lib.models.deconvnet import DeconvNet
from course_lib.models.deeplab_v1 import DeepLabV1
from course_lib.models.dilatednet import DilatedNet
from course_lib.models.fc_densenet import fc_densenet56, fc_densenet67, fc_densenet103
from course_lib.models.fcn import FCN8s, FCN16s, FCN32s
from course_lib.models.segnet import SegNet, SegNetBasic
from course_lib.models.unet import UNet
from course_lib.receptive_field import theoretical

LAYERS = {
    "FCN pool5": (FCN32s, "pool5", 212),
    "FCN fc6": (FCN32s, "fc6", 404),
    "SegNet pool5": (SegNet, "pool5", 212),
    "U-Net bottom": (UNet, "bottom", 140),
    "FC-DenseNet56 bottleneck": (fc_densenet56, "bottleneck.layers.3", 538),
    "FC-DenseNet67 bottleneck": (fc_densenet67, "bottleneck.layers.4", 664),
    "FC-DenseNet103 bottleneck": (fc_densenet103, "bottleneck.layers.14", 1622),
    "DeepLab v1 pool5": (DeepLabV1, "vgg.pool5", 227),
    "DeepLab v1": (DeepLabV1, "fc8", 435),
    # pool5a ends at 243 with stride 8; the 308 and 404 of networks.md are those of the release with 2x2 pools
    "DeepLab v1 4x4": (partial(DeepLabV1, fc6_kernel=4, fc6_rate=4), "fc8", 243 + 3 * 4 * 8),
    "DeepLab v1 7x7": (partial(DeepLabV1, fc6_kernel=7, fc6_rate=4), "fc8", 243 + 6 * 4 * 8),
    "DilatedNet front end": (DilatedNet, "front_end.final", 380),
    "Dilation7": (partial(DilatedNet, context="basic", dilations=(1, 1, 2, 4, 8, 1, 1)), "context", 652),
    "Dilation8": (partial(DilatedNet, context="basic"), "context", 908),
    "Dilation8 large": (partial(DilatedNet, context="large"), "context", 908),
    "Dilation10": (partial(DilatedNet, context="basic", dilations=(1, 1, 2, 4, 8, 16, 32, 64, 1, 1)), "context", 2444),
}


def traced(network, side: int):
    with torch.device("meta"):
        net = network(3, width=0.0625)
    return theoretical(net, image_size=(side, side), channels=3)


@pytest.mark.parametrize("name", LAYERS)
def test_the_field_of_a_layer(name):
    network, layer, expected = LAYERS[name]
    assert traced(network, 700).size(layer=layer) == (expected, expected)


OUTPUTS = {
    "FCN-32s": (FCN32s, 436, 436),
    "FCN-16s": (FCN16s, 436, 468),
    "FCN-8s": (FCN8s, 436, 468),
    "SegNet": (SegNet, 372, 404),
    "SegNet-Basic": (SegNetBasic, 186, 202),
    "U-Net": (UNet, 188, 204),
    "FC-DenseNet56": (fc_densenet56, 794, 826),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_field_of_the_output_depends_on_the_pixels_phase(name):
    network, smallest, largest = OUTPUTS[name]
    field = traced(network, 1200)
    heights = set()
    for row in range(576, 640):
        top, _, bottom, _ = field.box(pixel=(row, 600))
        heights.add(bottom - top)
    assert (min(heights), max(heights)) == (smallest, largest)


def test_one_cell_joins_the_whole_image():
    field = traced(DeconvNet, 224)
    assert field.box(pixel=(0, 0)) == field.box(pixel=(223, 100)) == (0, 0, 224, 224)
