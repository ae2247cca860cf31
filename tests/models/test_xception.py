"""The modified Xception-65: golden numbers, timm's network, strides, rates and ReLUs."""

import pytest
import torch
from torch import Tensor, nn
from unfilled import unfilled

from course_lib.models.xception import Block, SeparableConv, xception65


class Part(nn.Module):
    """One of the backbone's two answers; the low-level one after ReLU."""

    def __init__(self, backbone: nn.Module, part: int):
        super().__init__()
        self.backbone, self.part = backbone, part

    def forward(self, image: Tensor) -> Tensor:
        answer = self.backbone(image)[self.part]
        return answer if self.part else answer.relu()


def meta(**options) -> nn.Module:
    with torch.device("meta"):
        return xception65(**options)


@pytest.mark.parametrize("output_stride", [8, 16])
def test_features_equal_the_golden_numbers(golden, output_stride: int) -> None:
    net = Part(unfilled(xception65, output_stride=output_stride), 1)
    assert golden(f"xception65_os{output_stride}", net)


@pytest.mark.parametrize("output_stride", [8, 16])
def test_low_level_feature_equals_the_golden_numbers_after_relu(golden, output_stride: int) -> None:
    # The file says "pre_relu", but its values are those after it: no stored value is negative, because timm's ReLU
    # works in place on the tensor that was noted. Ours is before ReLU, as in the authors' code.
    net = Part(unfilled(xception65, output_stride=output_stride), 0)
    assert golden(f"xception65_os{output_stride}", net, output="low_level_pre_relu")


def test_low_level_feature_is_before_relu() -> None:
    torch.manual_seed(0)
    low_level, features = xception65(width=0.05).eval()(torch.randn(1, 3, 65, 65))
    assert low_level.min() < 0
    assert features.min() == 0


def test_parameters() -> None:
    assert sum(p.numel() for p in meta().parameters()) == 37_867_312  # networks.md, table 2.1
    kernels = [m.kernel_size for m in meta().modules() if isinstance(m, nn.Conv2d)]
    assert sum(kernel > (1, 1) for kernel in kernels) == 65


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("output_stride, side", [(8, 65), (16, 33), (32, 17)])
def test_sizes(output_stride: int, side: int) -> None:
    low_level, features = meta(output_stride=output_stride)(torch.empty(1, 3, 513, 513, device="meta"))
    assert low_level.shape == (1, 256, 129, 129)
    assert features.shape == (1, 2048, side, side)


@pytest.mark.parametrize("output_stride, rates", [(32, [1, 1, 1, 1]), (16, [1, 1, 1, 2]), (8, [1, 2, 2, 4])])
def test_rates_of_entry3_middle_exit1_exit2(output_stride: int, rates: list[int]) -> None:
    net = meta(output_stride=output_stride)
    for part, rate in zip((net.entry3, net.middle, net.exit1, net.exit2), rates):
        depthwise = [m for m in part.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
        assert {m.dilation[0] for m in depthwise} == {rate}


def test_blocks_stride_on_their_third_convolution() -> None:
    block = meta().entry1
    assert [getattr(block, f"separable{i}")[0].stride[0] for i in (1, 2, 3)] == [1, 1, 2]


def test_identity_shortcut_where_nothing_changes() -> None:
    assert isinstance(Block(8, (8, 8, 8)).shortcut, nn.Identity)
    assert not isinstance(Block(8, (8, 8, 8), stride=2).shortcut, nn.Identity)


def test_separable_convolution_has_nine_weights_a_channel_and_a_matrix() -> None:
    convolutions = [m.weight.numel() for m in SeparableConv(3, 16) if isinstance(m, nn.Conv2d)]
    assert convolutions == [3 * 3 * 3, 3 * 16]  # 75 weights, where a plain 3x3 has 432


@pytest.mark.parametrize("output_stride", [8, 16])
def test_equals_timm_with_weights_copied(output_stride: int) -> None:
    import timm

    torch.manual_seed(0)
    theirs = timm.create_model("xception65", num_classes=0, global_pool="", output_stride=output_stride).eval()
    ours = xception65(output_stride=output_stride).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), in_forward_order(theirs.state_dict()))))
    image = torch.randn(1, 3, 97, 65)
    with torch.no_grad():
        features = ours(image)[1]
        torch.testing.assert_close(features, theirs(image), rtol=1e-4, atol=1e-4 * features.abs().max().item())


def in_forward_order(state: dict[str, Tensor]) -> list[Tensor]:
    """timm lists a block's shortcut before the convolutions that run first."""
    names = sorted(state, key=lambda name: (group(name), "shortcut" in name))
    return [state[name] for name in names]


def group(name: str) -> tuple[int, int]:
    """stem, block 0, 1, ..., and whatever stands behind them."""
    parts = name.split(".")
    return {"stem": (0, 0), "blocks": (1, int(parts[1]) if parts[1].isdigit() else 0)}.get(parts[0], (2, 0))
