"""Networks that are wrong in one place, as published ports are: the golden numbers notice every one."""

import pytest
import torch
from torch import nn
from unfilled import unfilled

from course_lib.models import blocks, deeplab_v1, fc_densenet, unet
from course_lib.models.deeplab_v1 import DeepLabV1
from course_lib.models.dilatednet import ContextModule
from course_lib.models.fc_densenet import fc_densenet56
from course_lib.models.segnet import SegNetBasic
from course_lib.models.unet import UNet

pytestmark = pytest.mark.usefixtures("drawn_once")


def noticed(report) -> bool:
    """True when the mutant ran and was told from the right network."""
    assert "does not run" not in str(report), report
    return not report.ok


def set_module(net: nn.Module, path: str, new: nn.Module) -> nn.Module:
    """The network with one of its modules replaced."""
    parent, _, name = path.rpartition(".")
    setattr(net.get_submodule(parent), name, new)
    return net


class SwappedPlaces(blocks.Unpool):
    """Each map is unpooled by the places of another map."""

    def forward(self, x, memory):
        places, size = memory
        return super().forward(x, (places.roll(1, dims=1), size))


class OneCorner(blocks.Unpool):
    """Every value goes to the upper left corner of its window."""

    def forward(self, x, memory):
        _, (height, width) = memory
        rows, columns = (torch.arange(side, device=x.device) for side in x.shape[-2:])
        places = 2 * rows[:, None] * width + 2 * columns
        return super().forward(x, (places.expand(x.shape), (height, width)))


def floor_pools(net: nn.Module) -> nn.Module:
    for layer in net.modules():
        if isinstance(layer, nn.MaxPool2d):
            layer.ceil_mode = False
    return net


SEGNET_BASIC = {
    "a dropped ReLU": lambda net: set_module(net, "conv3.relu", nn.Identity()),
    "a ReLU in the decoder": lambda net: set_module(net, "conv_decode2", nn.Sequential(net.conv_decode2, nn.ReLU())),
    "pool indices swapped": lambda net: set_module(net, "upsample2", SwappedPlaces()),
    "unpooled to a fixed corner": lambda net: set_module(net, "upsample3", OneCorner()),
    "floor for ceil pooling": floor_pools,
    "BN on the scores": lambda net: set_module(
        net, "conv_classifier", nn.Sequential(net.conv_classifier, nn.BatchNorm2d(11))
    ),
}


@pytest.mark.parametrize("mutation", SEGNET_BASIC)
def test_segnet_basic(golden, mutation):
    assert noticed(golden("segnet_basic", SEGNET_BASIC[mutation](SegNetBasic(11))))


def wrong_padding(net: ContextModule) -> ContextModule:
    """Padded as the large module is: once, on the first layer."""
    for index, layer in enumerate(net.layers[:-1]):
        layer.conv.padding = (33, 33) if index == 0 else (0, 0)
    return net


CONTEXT = {
    "dilation 16 replaced by 8": lambda: ContextModule(11, dilations=(1, 1, 2, 4, 8, 8, 1, 1)),
    "dilation 16 missing": lambda: ContextModule(11, dilations=(1, 1, 2, 4, 8, 1, 1)),
    "a dropped ReLU": lambda: set_module(ContextModule(11), "layers.4.relu", nn.Identity()),
    "a ReLU on the scores": lambda: nn.Sequential(ContextModule(11), nn.ReLU()),
    "padded once": lambda: wrong_padding(ContextModule(11)),
}


@pytest.mark.parametrize("mutation", CONTEXT)
def test_context_module(golden, mutation):
    assert noticed(golden("context_basic", CONTEXT[mutation]()))


def test_a_large_module_padded_layer_by_layer(golden):
    net = unfilled(ContextModule, 21, "large")
    for layer in net.layers[:-1]:
        layer.conv.padding = layer.conv.dilation
    assert noticed(golden("context_large", net))


class OtherOrder(fc_densenet.Up):
    def forward(self, x, copy):
        return self.block(torch.cat([copy, blocks.centre_crop(self.enlarge(x), copy.shape[-2:])], dim=1))


class CropFromOne(fc_densenet.Up):
    """The enlarged map cropped at the far corner instead of the near one."""

    def forward(self, x, copy):
        height, width = copy.shape[-2:]
        return self.block(torch.cat([self.enlarge(x)[..., -height:, -width:], copy], dim=1))


class OldestLast(fc_densenet.DenseBlock):
    """The newest maps come first in each layer's input."""

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps[::-1], dim=1)))
        return maps


@pytest.mark.parametrize("part, mutant", [("Up", OtherOrder), ("Up", CropFromOne), ("DenseBlock", OldestLast)])
def test_fc_densenet(golden, monkeypatch, part, mutant):
    monkeypatch.setattr(fc_densenet, part, mutant)
    assert noticed(golden("fcdensenet56", fc_densenet56(11)))


def test_fc_densenet_with_average_pools(golden):
    net = fc_densenet56(11)
    assert noticed(golden("fcdensenet56", set_module(net, "down.2.pool", nn.AvgPool2d(2))))


def shifted(x, size):
    """The centre crop, one row too low."""
    top, left = (x.shape[-2] - size[0]) // 2 + 1, (x.shape[-1] - size[1]) // 2
    return x[..., top : top + size[0], left : left + size[1]]


def test_unet_with_a_crop_shifted_by_one(golden, monkeypatch):
    monkeypatch.setattr(unet, "centre_crop", shifted)
    assert noticed(golden("unet_cin1_nc2", unfilled(UNet, 2, in_channels=1), scores=True))


def test_unet_as_released_is_not_the_papers(golden):
    order = {"*": ["up", "skip"]}
    net = unfilled(UNet, 2, in_channels=1, variant="release")
    assert noticed(golden("unet_cin1_nc2", net, scores=True, concat=order))


def test_unet_with_the_other_order(golden):
    assert noticed(golden("unet_cin1_nc2", unfilled(UNet, 2, in_channels=1), scores=True, concat={"*": ["up", "skip"]}))


DEEPLAB = {
    "a dropped ReLU": lambda net: set_module(net, "vgg.conv4.conv4_2.relu", nn.Identity()),
    "no average pool": lambda net: set_module(net, "pool5a", nn.Identity()),
    "the average without its padding": lambda net: set_module(
        net, "pool5a", nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    ),
    "pools of 2x2": lambda net: set_module(net, "vgg.pool1", nn.MaxPool2d(2, ceil_mode=True)),
}


@pytest.mark.parametrize("mutation", DEEPLAB)
def test_deeplab_v1(golden, mutation):
    assert noticed(golden("deeplabv1_largefov", DEEPLAB[mutation](unfilled(DeepLabV1))))


def test_deeplab_v1_with_the_other_corners(golden, monkeypatch):
    right = deeplab_v1.resize
    monkeypatch.setattr(deeplab_v1, "resize", lambda x, size, align_corners: right(x, size, align_corners=False))
    assert noticed(golden("deeplabv1_largefov", unfilled(DeepLabV1)))
