"""DeepLab v2: golden numbers, the three scales, what is frozen."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from unfilled import empty

from course_lib import models
from course_lib.models.deeplab_v2 import ASPP


@pytest.mark.parametrize(
    "file, name, scores",
    [
        ("deeplabv2_r101", "deeplab_v2", False),
        ("deeplabv2_r101_even", "deeplab_v2", True),
        ("deeplabv2_vgg16_aspp", "deeplab_v2_vgg16", False),
        ("deeplabv2_vgg16_aspp", "deeplab_v2_vgg16", True),
    ],
)
def test_equals_the_golden_numbers(golden, file: str, name: str, scores: bool) -> None:
    assert golden(file, empty(name), scores=scores)


# networks.md, table 2.1
@pytest.mark.parametrize("name, count", [("deeplab_v2", 44_048_532), ("deeplab_v2_vgg16", 37_877_652)])
def test_parameters(name: str, count: int) -> None:
    assert sum(p.numel() for p in models.build(name, device="meta").parameters()) == count


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("name", ["deeplab_v2", "deeplab_v2_vgg16"])
def test_stride_8(name: str) -> None:
    net = models.build(name, width=0.125, device="meta")
    image = torch.empty(1, 3, 321, 513, device="meta")
    assert net.scores(image).shape == (1, 21, 41, 65)  # networks.md, 2.3
    assert net(image).shape == (1, 21, 321, 513)


def test_aspp_sums_its_branches() -> None:
    aspp = ASPP(8, 3, (1, 2))
    x = torch.rand(1, 8, 9, 9)
    torch.testing.assert_close(aspp(x), aspp[0](x) + aspp[1](x))
    assert [branch.dilation for branch in ASPP(8, 3)] == [(6, 6), (12, 12), (18, 18), (24, 24)]
    assert all(branch.bias is not None for branch in aspp)


def test_classifiers_start_with_a_gaussian_of_one_hundredth() -> None:
    torch.manual_seed(0)
    aspp = ASPP(256, 21)
    assert aspp[0].weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert not aspp[0].bias.any()


def test_vgg16_branches_drop_out_after_fc6_and_fc7() -> None:
    branch = models.build("deeplab_v2_vgg16", device="meta").aspp[0]
    assert list(dict(branch.named_children())) == ["fc6", "dropout6", "fc7", "dropout7", "fc8"]
    assert (branch.dropout6.p, branch.dropout7.p) == (0.5, 0.5)


def test_multi_scale_is_the_maximum_over_three_sizes() -> None:
    torch.manual_seed(0)
    image = torch.randn(1, 3, 97, 65)
    net = models.build("deeplab_v2", width=0.05, multi_scale=True).eval()
    single = models.build("deeplab_v2", width=0.05).eval()
    single.load_state_dict(net.state_dict())

    def at(height: int, width: int) -> Tensor:
        smaller = F.interpolate(image, (height, width), mode="bilinear", align_corners=True)
        return F.interpolate(single.scores(smaller), (13, 9), mode="bilinear", align_corners=True)

    with torch.no_grad():
        # corners aligned: a side of n pixels has n - 1 steps, of which the scale keeps its share
        expected = torch.maximum(torch.maximum(at(97, 65), at(73, 49)), at(49, 33))
        torch.testing.assert_close(net.scores(image), expected)
        assert (net.scores(image) > single.scores(image)).any()


def test_multi_scale_trains_on_the_maximum_and_on_each_scale() -> None:
    net = models.build("deeplab_v2", width=0.05, multi_scale=True)
    pairs = models.training_logits(net, torch.rand(1, 3, 65, 65))
    assert [weight for weight, _ in pairs] == [1.0] * 4
    assert {logits.shape for _, logits in pairs} == {(1, 21, 65, 65)}


def test_frozen_batch_norm_neither_learns_nor_counts() -> None:
    net = models.build("deeplab_v2", width=0.05, freeze_batch_norm=True).train()
    layer = net.backbone.stem[1]
    net(torch.randn(2, 3, 65, 65)).sum().backward()
    assert layer.weight.grad is None
    assert not layer.running_mean.any()
    assert net.backbone.stem[0].weight.grad is not None
    assert net.training


def test_what_the_authors_froze() -> None:
    net = models.build("deeplab_v2", device="meta", freeze_batch_norm=True)
    # 105,344: as in the port that agrees bit for bit (networks.md, trap 4)
    assert sum(p.numel() for p in net.parameters() if not p.requires_grad) == 105_344


@pytest.mark.parametrize("name", ["deeplab_v2", "deeplab_v2_vgg16"])
@pytest.mark.parametrize("rates, words", [((6, 0), "rate must be at least 1, got 0"), ((), "at least one rate")])
def test_impossible_rates(name: str, rates: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        models.build(name, rates=rates, device="meta")
