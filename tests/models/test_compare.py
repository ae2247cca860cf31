"""What changed between two networks."""

import pytest
import torch
from torch import nn

from course_lib import models


@pytest.fixture(scope="module")
def from_v2_to_v3() -> dict[tuple[str, str], tuple[str, str]]:
    changes = models.compare("deeplab_v2", "deeplab_v3_resnet101").changes
    return {(c.group, c.what): (c.before, c.after) for c in changes}


def test_v3_concatenates_where_v2_summed(from_v2_to_v3: dict) -> None:
    before, after = from_v2_to_v3["aspp", "joins"]
    assert before == "sum of 4 maps"
    assert after == "concatenation of 5 maps to 1280 channels"


def test_v3_has_a_1x1_instead_of_rate_24(from_v2_to_v3: dict) -> None:
    before, after = from_v2_to_v3["aspp", "convolutions"]
    assert "rate 24" in before
    assert "1x1" not in before
    assert "rate 24" not in after
    assert "1x1" in after


def test_v3_has_norm_and_image_pooling_in_aspp(from_v2_to_v3: dict) -> None:
    assert from_v2_to_v3["aspp", "BN"] == ("", "6 layers")
    assert from_v2_to_v3["aspp", "pools"] == ("", "average of the whole map")


def test_v3_has_multi_grid_in_conv5(from_v2_to_v3: dict) -> None:
    before, after = from_v2_to_v3["backbone.conv5", "convolutions"]
    assert "3 of 3x3 rate 4" in before
    assert after.endswith("3x3 rate 2; 3x3 rate 4; 3x3 rate 8")


def test_what_did_not_change_is_left_out(from_v2_to_v3: dict) -> None:
    assert not [group for group, _ in from_v2_to_v3 if group in ("backbone.stem", "backbone.conv2")]


def test_the_table_prints_both_names_and_every_change() -> None:
    comparison = models.compare("deeplab_v2", "deeplab_v3_resnet101")
    lines = str(comparison).splitlines()
    assert lines[0].split() == ["group", "what", "deeplab_v2", "deeplab_v3_resnet101"]
    assert len(lines) == 2 + len(comparison.changes)
    assert max(map(len, lines)) < 200


def test_a_network_does_not_differ_from_itself() -> None:
    comparison = models.compare("pspnet50", "pspnet50")
    assert comparison.changes == ()
    assert "compute the same way" in str(comparison)


def test_the_stride_of_torchvision_is_seen() -> None:
    one = models.build("pspnet50", width=0.125)
    other = models.build("pspnet50", width=0.125, stride_on="3x3")
    changes = models.compare(one, other).changes
    assert [(c.group, c.what) for c in changes] == [("backbone.conv3", "convolutions")]


def test_networks_come_back_as_they_were() -> None:
    net = models.build("deeplab_v2", width=0.05).train()
    net.backbone.eval()
    models.compare(net, "segnet")
    assert net.training
    assert not net.backbone.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert {p.device.type for p in net.parameters()} == {"cpu"}


@pytest.mark.parametrize("name", ["segnet", "unet", "fc_densenet56", "fcn8s", "dilatednet_basic", "deeplab_v3plus"])
def test_every_family_can_be_compared(name: str) -> None:
    assert models.compare("deconvnet", name).changes


def test_a_dropped_relu_is_a_change() -> None:
    full = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    changes = models.compare(full, nn.Sequential(full[0], nn.Identity())).changes
    assert [(c.group, c.what, c.before, c.after) for c in changes] == [("1", "ReLU", "1 layer", "")]
    assert not torch.is_grad_enabled() or full[0].weight.grad is None
