"""Wrong networks that look right: the golden check must notice each one."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from unfilled import empty, unfilled

from course_lib.models import deeplab_v2, deeplab_v3, pspnet, resnet
from course_lib.models.xception import SeparableConv, xception65

pytestmark = pytest.mark.usefixtures("drawn_once")
OURS = {"conv5_4": ["conv5_3", "bin1", "bin2", "bin3", "bin6"]}
Mutation = Callable[[nn.Module], None]


class Features(nn.Module):
    """The last features of Xception."""

    def __init__(self, backbone: nn.Module):
        super().__init__()
        self.backbone = backbone

    def forward(self, image: Tensor) -> Tensor:
        return self.backbone(image)[1]


def v3() -> nn.Module:
    return empty("deeplab_v3_resnet50", output_stride=8)


def replace(net: nn.Module, old: type, new: nn.Module, which: int = 0) -> None:
    """Put another layer in the place of one of its kind."""
    names = [name for name, module in net.named_modules() if isinstance(module, old)]
    path, _, last = names[which].rpartition(".")
    setattr(net.get_submodule(path), last, new)


def drop_relu_in_the_stem(net: nn.Module) -> None:
    replace(net, nn.ReLU, nn.Identity())


def drop_relu_in_aspp(net: nn.Module) -> None:
    replace(net.aspp, nn.ReLU, nn.Identity(), which=1)


def other_bn_eps(net: nn.Module) -> None:
    next(m for m in net.modules() if isinstance(m, nn.BatchNorm2d)).eps = 1e-3


def halve_multi_grid(net: nn.Module) -> None:
    for block in net.backbone.conv5:
        rate = block.conv2.dilation[0] // 2
        block.conv2.dilation = block.conv2.padding = (rate, rate)


def first_block_at_the_rate_before(net: nn.Module) -> None:
    block = net.backbone.conv4[0]
    block.conv2.dilation = block.conv2.padding = (1, 1)


def stride_on_the_other_convolution(net: nn.Module) -> None:
    block = net.backbone.conv3[0]
    block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride


def swap_two_rates(net: nn.Module) -> None:
    """The same rates, in the other branches."""
    branches = net.aspp.branches
    branches[1], branches[2] = branches[2], branches[1]


@pytest.mark.parametrize(
    "mutate",
    [
        drop_relu_in_the_stem,
        drop_relu_in_aspp,
        other_bn_eps,
        halve_multi_grid,
        first_block_at_the_rate_before,
        stride_on_the_other_convolution,
        swap_two_rates,
    ],
)
def test_deeplab_v3(golden, mutate: Mutation) -> None:
    net = v3()
    mutate(net)
    assert not golden("deeplabv3_r50_os8_s3x3", net)


def test_deeplab_v3_without_the_relu_of_a_block(golden, monkeypatch: pytest.MonkeyPatch) -> None:
    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn3(self.conv3(self.bn2(self.conv2(y)))) + self.shortcut(x))

    monkeypatch.setattr(resnet.Bottleneck, "forward", forward)
    assert not golden("deeplabv3_r50_os8_s3x3", v3())


def test_deeplab_v3_concatenated_in_another_order(golden, monkeypatch: pytest.MonkeyPatch) -> None:
    def pool_first(maps: list[Tensor], dim: int) -> Tensor:
        return torch.concat([maps[-1], *maps[:-1]], dim)

    monkeypatch.setattr(deeplab_v3.torch, "cat", pool_first)
    assert not golden("deeplabv3_r50_os8_s3x3", v3())


def test_without_a_mutation_the_checks_pass(golden) -> None:
    assert golden("deeplabv3_r50_os8_s3x3", v3())


def flipped(x: Tensor, size: tuple[int, int], *, align_corners: bool) -> Tensor:
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=not align_corners)


def test_deeplab_v3_with_corners_not_aligned_is_seen_by_name(golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeplab_v3, "resize", flipped)
    # the file has the answers of both conventions and says which one it met
    assert golden("deeplabv3_r50_os8_s3x3", v3()).output == "full_align_corners_false"


def test_pspnet_with_corners_not_aligned(golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pspnet, "resize", flipped)
    assert not golden("pspnet50_s3x3", empty("pspnet50", stride_on="3x3"))


@pytest.mark.parametrize(
    "order", [["conv5_3", "bin6", "bin3", "bin2", "bin1"], ["bin1", "bin2", "bin3", "bin6", "conv5_3"]]
)
def test_pspnet_concatenated_in_another_order(golden, order: list[str]) -> None:
    assert not golden("pspnet50_ade_s1x1", empty("pspnet50", num_classes=150), concat={"conv5_4": order})


def test_pspnet50_with_the_stride_of_pspnet101(golden) -> None:
    assert not golden("pspnet50_ade_s1x1", empty("pspnet50", num_classes=150, stride_on="3x3"), concat=OURS)


def test_deeplab_v2_whose_pool_rounds_down(golden) -> None:
    net = empty("deeplab_v2")
    net.backbone.pool1.ceil_mode = False
    assert not golden("deeplabv2_r101_even", net, scores=True)


def test_deeplab_v2_with_rate_16_for_18(golden) -> None:
    assert not golden("deeplabv2_vgg16_aspp", empty("deeplab_v2_vgg16", rates=(6, 12, 16, 24)))


def test_deeplab_v2_averaged_and_not_summed(golden, monkeypatch: pytest.MonkeyPatch) -> None:
    summed = deeplab_v2.Sum.forward
    monkeypatch.setattr(deeplab_v2.Sum, "forward", lambda self, x: summed(self, x) / 4)
    assert not golden("deeplabv2_vgg16_aspp", empty("deeplab_v2_vgg16"))


def xception(output_stride: int = 16) -> nn.Module:
    return Features(unfilled(xception65, output_stride=output_stride))


def relu_between_the_halves_of_a_middle_block(net: nn.Module) -> None:
    net.backbone.middle[0].separable1.insert(2, nn.ReLU())


def common_bn_eps(net: nn.Module) -> None:
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-5


def last_of_exit1_at_rate_1(net: nn.Module) -> None:
    depthwise = net.backbone.exit1.separable3[0]
    depthwise.dilation = depthwise.padding = (1, 1)


def no_relu_at_the_end(net: nn.Module) -> None:
    replace(net.backbone.exit2, nn.ReLU, nn.Identity(), which=-1)


@pytest.mark.parametrize(
    "output_stride, mutate",
    [
        (16, relu_between_the_halves_of_a_middle_block),
        (16, common_bn_eps),
        (16, no_relu_at_the_end),
        (8, last_of_exit1_at_rate_1),
    ],
)
def test_xception(golden, output_stride: int, mutate: Mutation) -> None:
    net = xception(output_stride)
    mutate(net)
    assert not golden(f"xception65_os{output_stride}", net)


def test_separable_halves_of_exit2_are_named_right() -> None:
    assert all(isinstance(part, SeparableConv) for part in xception().backbone.exit2)
