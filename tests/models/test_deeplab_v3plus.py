"""DeepLab v3+: the head and the decoder, from the tables; no independent implementation computes the same.

The backbone has golden numbers of its own (test_xception); the rest is written out here a second time, in plain
functions.
"""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import models


def meta(**options) -> nn.Module:
    return models.build("deeplab_v3plus", device="meta", **options)


# networks.md, table 2.1
@pytest.mark.parametrize(
    "options, count",
    [
        ({}, 41_055_413),
        ({"num_classes": 19}, 41_054_899),
        ({"separable": False}, 54_711_461),
        ({"backbone": "resnet101"}, 59_344_309),
        ({"backbone": "resnet50"}, 40_352_181),
        ({"backbone": "efficientnet_lite0", "num_classes": 3}, 3_298_107),  # ours: no table has it
    ],
)
def test_parameters(options: dict, count: int) -> None:
    assert sum(p.numel() for p in meta(**options).parameters()) == count


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("backbone", ["xception65", "resnet101"])
@pytest.mark.parametrize("output_stride, side", [(16, 33), (8, 65)])
def test_encoder_and_decoder_sizes(backbone: str, output_stride: int, side: int) -> None:
    net = meta(width=0.125, backbone=backbone, output_stride=output_stride)
    image = torch.empty(1, 3, 513, 513, device="meta")
    low_level, features = net.encode(image)
    assert low_level.shape == (1, 32, 129, 129)
    assert features.shape[-2:] == (side, side)
    assert net.scores(image).shape == (1, 21, 129, 129)  # networks.md, 2.3
    assert net(image).shape == (1, 21, 513, 513)


def test_low_level_feature_is_reduced_from_256_to_48() -> None:
    for backbone in ("xception65", "resnet101"):
        reduce = meta(backbone=backbone).decoder.reduce
        assert (reduce[0].in_channels, reduce[0].out_channels, reduce[0].kernel_size) == (256, 48, (1, 1))


def test_decoder_has_two_3x3_of_256_on_304_maps() -> None:
    first, second = meta(backbone="resnet101").decoder.refine
    assert (first[0].in_channels, first[0].out_channels, first[0].kernel_size) == (304, 256, (3, 3))
    assert (second[0].in_channels, second[0].out_channels, second[0].kernel_size) == (256, 256, (3, 3))


def test_separable_halves_have_norm_and_relu_between() -> None:
    for half in (meta().decoder.refine[0], meta().aspp.branches[1]):
        kinds = [type(layer).__name__ for layer in half]
        assert kinds == ["Convolution", "BatchNorm2d", "ReLU", "Pointwise", "BatchNorm2d", "ReLU"]
        assert half[0].groups == half[0].in_channels
        assert {layer.eps for layer in half if isinstance(layer, nn.BatchNorm2d)} == {1e-5}


def test_the_1x1s_of_aspp_are_plain() -> None:
    aspp = meta().aspp
    assert [m.groups for m in aspp.branches[0].modules() if isinstance(m, nn.Conv2d)] == [1]
    assert [m.groups for m in aspp.image_pooling.modules() if isinstance(m, nn.Conv2d)] == [1]


@pytest.mark.parametrize("output_stride, rates", [(16, [6, 12, 18]), (8, [12, 24, 36])])
def test_rates_follow_the_output_stride(output_stride: int, rates: list[int]) -> None:
    branches = meta(output_stride=output_stride).aspp.branches
    assert [branch[0].dilation[0] for branch in branches[1:]] == rates


def test_multi_grid_only_with_resnet() -> None:
    conv5 = meta(backbone="resnet101").backbone.conv5
    assert [block.conv2.dilation[0] for block in conv5] == [2, 4, 8]
    exit2 = [m for m in meta().backbone.exit2.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert [m.dilation[0] for m in exit2] == [2, 2, 2]


@pytest.mark.parametrize("separable", [True, False])
def test_scores_equal_the_figure_written_out_again(separable: bool) -> None:
    torch.manual_seed(0)
    net = models.build("deeplab_v3plus", width=0.05, separable=separable).double().eval()
    shake(net)
    image = torch.randn(1, 3, 97, 65, dtype=torch.float64)
    with torch.no_grad():
        low_level, features = net.backbone(image)
        encoded = figure_aspp(net.aspp, features, (6, 12, 18), separable)
        details = conv_bn_relu(low_level, net.decoder.reduce, padding=0)
        encoded = F.interpolate(encoded, low_level.shape[-2:], mode="bilinear", align_corners=True)
        x = torch.cat([encoded, details], dim=1)
        for layers in net.decoder.refine:
            x = in_pieces(x, layers, 1) if separable else conv_bn_relu(x, layers, padding=1)
        expected = F.conv2d(x, net.score.weight, net.score.bias)
        torch.testing.assert_close(net.scores(image), expected)
        whole = F.interpolate(expected, (97, 65), mode="bilinear", align_corners=True)
        torch.testing.assert_close(net(image), whole)


def shake(net: nn.Module) -> None:
    """Statistics as after training, so that a missing BN shows."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low in ((module.running_mean, -0.2), (module.running_var, 0.8), (module.weight.data, 0.8)):
                tensor.uniform_(low, low + 0.4)
            module.bias.data.uniform_(-0.2, 0.2)


def figure_aspp(aspp: nn.Module, x: Tensor, rates: tuple[int, ...], separable: bool) -> Tensor:
    maps = [conv_bn_relu(x, aspp.branches[0], padding=0)]
    for rate, layers in zip(rates, aspp.branches[1:]):
        maps.append(in_pieces(x, layers, rate) if separable else conv_bn_relu(x, layers, padding=rate, rate=rate))
    average = x.mean(dim=(2, 3), keepdim=True)
    pooled = conv_bn_relu(average, aspp.image_pooling[1:], padding=0)
    maps.append(pooled.expand(-1, -1, *x.shape[-2:]))
    return conv_bn_relu(torch.cat(maps, dim=1), aspp.project, padding=0)


def in_pieces(x: Tensor, layers: nn.Sequential, rate: int) -> Tensor:
    """Depthwise 3x3, BN, ReLU, pointwise 1x1, BN, ReLU."""
    layers = list(layers)
    x = conv_bn_relu(x, layers[:3], padding=rate, rate=rate, groups=x.shape[1])
    return conv_bn_relu(x, layers[3:], padding=0)


def conv_bn_relu(x: Tensor, layers: Sequence[nn.Module], *, padding: int, rate: int = 1, groups: int = 1) -> Tensor:
    convolution, norm = layers[0], layers[1]
    x = F.conv2d(x, convolution.weight, padding=padding, dilation=rate, groups=groups)
    x = (x - norm.running_mean[:, None, None]) / (norm.running_var[:, None, None] + 1e-5).sqrt()
    return (x * norm.weight[:, None, None] + norm.bias[:, None, None]).relu()


LITE = {"backbone": "efficientnet_lite0"}


@pytest.mark.parametrize("output_stride, side, rates", [(16, 17, [3, 6, 9]), (8, 33, [6, 12, 18])])
def test_the_light_body_carries_a_light_head_at_half_the_rates(output_stride: int, side: int, rates: list[int]) -> None:
    net = meta(output_stride=output_stride, **LITE)
    low_level, features = net.encode(torch.empty(1, 3, 257, 257, device="meta"))
    assert low_level.shape == (1, 24, 65, 65)
    assert features.shape == (1, 320, side, side)
    assert [branch[0].dilation[0] for branch in net.aspp.branches[1:]] == rates
    assert net.aspp.project[0].out_channels == 128
    assert net.decoder.refine[0][0].in_channels == 128 + 24


@torch.no_grad()
def test_the_trained_weights_run_at_output_stride_8_too() -> None:
    image = torch.rand(1, 3, 129, 129)
    coarse, dense = (
        models.build("deeplab_v3plus", 3, weights="deeplab_v3plus_pets", output_stride=stride, **LITE).eval()
        for stride in (16, 8)
    )
    assert dense.encode(image)[1].shape[-2:] == (17, 17)
    places = range(0, 17, 2)  # an odd side is read from its first pixel on
    torch.testing.assert_close(
        dense.encode(image)[1][:, :, places][..., places], coarse.encode(image)[1], rtol=1e-4, atol=1e-4
    )


def test_dropout_between_encoder_and_decoder() -> None:
    assert meta().dropout.p == 0.1


def test_low_level_maps_is_an_option() -> None:
    assert meta(low_level_maps=32).decoder.reduce[0].out_channels == 32


@pytest.mark.parametrize(
    "options, words",
    [
        (
            {"backbone": "resnet"},
            "backbone must be one of xception65, resnet50, resnet101, efficientnet_lite0, got 'resnet'",
        ),
        ({"output_stride": 4}, "output_stride must be 8 or 16, got 4"),
        ({"low_level_maps": 0}, "low_level_maps must be at least 1, got 0"),
    ],
)
def test_wrong_options(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        meta(**options)
