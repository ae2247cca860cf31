"""ResNet's stages: sizes, strides, rates, and where published networks part."""

import pytest
import torch
from torch import nn

from course_lib.models.resnet import Bottleneck, Pointwise, resnet


def meta(depth: int = 50, **options) -> nn.Module:
    with torch.device("meta"):
        return resnet(depth, **options)


def spatial(net: nn.Module, stage: str) -> list[tuple[int, int, int]]:
    """(stride of the 1x1, stride of the 3x3, rate of the 3x3) of each block."""
    blocks = getattr(net, stage)
    return [(b.conv1.stride[0], b.conv2.stride[0], b.conv2.dilation[0]) for b in blocks]


@pytest.mark.parametrize("output_stride, sides", [(32, (17, 9)), (16, (17, 17)), (8, (33, 33))])
def test_output_stride_says_where_the_map_stops_shrinking(output_stride: int, sides: tuple[int, int]) -> None:
    image = torch.empty(1, 3, 257, 257, device="meta")
    conv2, conv3, conv4, conv5 = meta(output_stride=output_stride).stages(image)
    assert conv2.shape == (1, 256, 65, 65)
    assert conv3.shape == (1, 512, 33, 33)
    assert (conv4.shape[1:], conv5.shape[1:]) == ((1024, sides[0], sides[0]), (2048, sides[1], sides[1]))


def test_every_block_of_a_dilated_stage_has_the_rate() -> None:
    net = meta(101, output_stride=8)
    assert spatial(net, "conv4") == [(1, 1, 2)] * 23
    assert spatial(net, "conv5") == [(1, 1, 4)] * 3


def test_late_dilation_leaves_the_first_block_at_the_rate_before() -> None:
    net = meta(output_stride=8, late_dilation=True)
    assert spatial(net, "conv4") == [(1, 1, 1)] + [(1, 1, 2)] * 5
    assert spatial(net, "conv5") == [(1, 1, 2), (1, 1, 4), (1, 1, 4)]


@pytest.mark.parametrize("output_stride, rates", [(16, [2, 4, 8]), (8, [4, 8, 16])])
def test_multi_grid_multiplies_the_rates_of_conv5(output_stride: int, rates: list[int]) -> None:
    net = meta(output_stride=output_stride, multi_grid=(1, 2, 4))
    assert [rate for *_, rate in spatial(net, "conv5")] == rates


@pytest.mark.parametrize("stride_on, strides", [("1x1", (2, 1)), ("3x3", (1, 2))])
def test_stride_on_chooses_the_convolution_that_strides(stride_on: str, strides: tuple[int, int]) -> None:
    net = meta(stride_on=stride_on)
    for stage in ("conv3", "conv4", "conv5"):
        first, *rest = spatial(net, stage)
        assert first[:2] == strides
        assert all(block[:2] == (1, 1) for block in rest)
    assert spatial(net, "conv2") == [(1, 1, 1)] * 3


def test_deep_stem_has_three_small_convolutions_and_twice_the_maps() -> None:
    net = meta(stem="deep")
    kernels = [(m.kernel_size[0], m.stride[0], m.out_channels) for m in net.stem if isinstance(m, nn.Conv2d)]
    assert kernels == [(3, 2, 64), (3, 1, 64), (3, 1, 128)]
    assert net.conv2[0].conv1.in_channels == 128


def test_ceil_mode_keeps_the_cell_that_floor_drops() -> None:
    image = torch.empty(1, 3, 132, 100, device="meta")  # stem: 66 x 50
    assert meta(ceil_mode=True).stages(image)[0].shape[-2:] == (34, 26)
    assert meta().stages(image)[0].shape[-2:] == (33, 25)


def test_a_block_adds_its_input() -> None:
    block = Bottleneck(16, 4).eval()
    nn.init.zeros_(block.bn3.weight)
    image = torch.rand(1, 16, 5, 5)
    assert torch.equal(block(image), image)


def test_a_pointwise_convolution_is_a_matrix_at_every_pixel() -> None:
    layer = Pointwise(8, 4, stride=2)
    x = torch.rand(2, 8, 7, 6)
    expected = torch.einsum("oc,nchw->nohw", layer.weight[:, :, 0, 0], x[:, :, ::2, ::2])
    torch.testing.assert_close(layer(x), expected)
    assert layer.dilation == (1, 1)


def test_convolutions_start_as_he_prescribes() -> None:
    torch.manual_seed(0)
    weight = Bottleneck(256, 64).conv2.weight
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"depth": 34}, "depth must be 50 or 101, got 34"),
        ({"output_stride": 4}, "output_stride must be 8 or 16 or 32, got 4"),
        ({"stride_on": "7x7"}, "stride_on must be '1x1' or '3x3', got '7x7'"),
        ({"multi_grid": (1, 2)}, "multi_grid needs three factors of at least 1"),
        ({"multi_grid": (1, 0, 4)}, "multi_grid needs three factors of at least 1"),
        ({"width": 0.001}, "rounds 64 channels to 0"),
    ],
)
def test_wrong_options_are_named(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        meta(options.pop("depth", 50), **options)
