"""PSPNet: golden numbers, the pyramid, the auxiliary head."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from unfilled import empty

from course_lib import models
from course_lib.models.pspnet import PyramidPooling

# The authors' Caffe code concatenates the bins in the other order; ours is that of their PyTorch code.
OURS = {"conv5_4": ["conv5_3", "bin1", "bin2", "bin3", "bin6"]}


def test_pspnet50_equals_the_authors_pytorch_code(golden) -> None:
    assert golden("pspnet50_s3x3", empty("pspnet50", stride_on="3x3"))


@pytest.mark.parametrize(
    "file, name, classes", [("pspnet50_ade_s1x1", "pspnet50", 150), ("pspnet101_voc_s3x3", "pspnet101", 21)]
)
def test_released_networks_equal_the_authors_caffe_code(golden, file: str, name: str, classes: int) -> None:
    assert golden(file, empty(name, num_classes=classes), concat=OURS)


def test_score_map_equals_the_authors_conv6(golden) -> None:
    assert golden("pspnet50_ade_s1x1", empty("pspnet50", num_classes=150), concat=OURS, scores=True)


# networks.md, table 2.1
@pytest.mark.parametrize(
    "name, options, count",
    [
        ("pspnet50", {}, 49_081_578),
        ("pspnet50", {"auxiliary": False}, 46_716_373),
        ("pspnet50", {"auxiliary": False, "num_classes": 150}, 46_782_550),
        ("pspnet50", {"num_classes": 150}, 49_180_908),
        ("pspnet101", {}, 68_073_706),
        ("pspnet101", {"auxiliary": False}, 65_708_501),
        ("pspnet101", {"auxiliary": False, "num_classes": 19}, 65_707_475),
    ],
)
def test_parameters(name: str, options: dict, count: int) -> None:
    assert sum(p.numel() for p in models.build(name, device="meta", **options).parameters()) == count


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("size, side", [(473, 60), (713, 90)])
def test_stride_8(size: int, side: int) -> None:
    net = models.build("pspnet50", width=0.125, device="meta")
    image = torch.empty(1, 3, size, size, device="meta")
    assert net.scores(image).shape == (1, 21, side, side)  # networks.md, 2.3
    assert net(image).shape == (1, 21, size, size)


def test_each_level_keeps_a_share_of_the_channels() -> None:
    pyramid = PyramidPooling(2048)
    assert [level[0].out_channels for level in pyramid.levels] == [512] * 4
    assert pyramid.channels == 4096


def test_pyramid_is_the_features_and_their_averages_from_coarse_to_fine() -> None:
    pyramid = PyramidPooling(8).eval()
    features = torch.rand(1, 8, 12, 18)
    maps = pyramid(features).split([8, 2, 2, 2, 2], dim=1)
    assert torch.equal(maps[0], features)
    for bins, reduce, spread in zip((1, 2, 3, 6), pyramid.levels, maps[1:]):
        average = F.avg_pool2d(features, (12 // bins, 18 // bins))
        expected = F.interpolate(reduce(average), (12, 18), mode="bilinear", align_corners=True)
        torch.testing.assert_close(spread, expected)


def test_auxiliary_head_reads_conv4_and_weighs_four_tenths() -> None:
    torch.manual_seed(0)
    net = models.build("pspnet50", width=0.05).eval()
    image = torch.randn(1, 3, 65, 65)
    (main_weight, main), (auxiliary_weight, auxiliary) = models.training_logits(net, image)
    assert (main_weight, auxiliary_weight) == (1.0, 0.4)
    torch.testing.assert_close(main, net(image))
    expected = net.auxiliary(net.backbone.stages(image)[2])
    torch.testing.assert_close(auxiliary, F.interpolate(expected, (65, 65), mode="bilinear", align_corners=True))


def test_auxiliary_head_is_3x3_to_a_quarter_dropout_1x1() -> None:
    head = models.build("pspnet101", device="meta").auxiliary
    first, dropout, score = head
    assert (first[0].in_channels, first[0].out_channels, first[0].kernel_size) == (1024, 256, (3, 3))
    assert (dropout.p, score.kernel_size, score.out_channels) == (0.1, (1, 1), 21)


def test_without_auxiliary_head_one_pair_of_logits() -> None:
    net = models.build("pspnet50", width=0.05, auxiliary=False)
    assert len(models.training_logits(net, torch.rand(2, 3, 65, 65))) == 1


def test_dropout_of_one_tenth_before_the_score() -> None:
    net = models.build("pspnet50", device="meta")
    assert net.dropout.p == 0.1
    assert isinstance(net.dropout, nn.Dropout)  # element-wise, as Caffe's


def test_released_strides() -> None:
    for name, strides in (("pspnet50", (2, 1)), ("pspnet101", (1, 2))):
        block = models.build(name, device="meta").backbone.conv3[0]
        assert (block.conv1.stride[0], block.conv2.stride[0]) == strides


def test_bins_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        models.build("pspnet50", bins=(1, 0), device="meta")
