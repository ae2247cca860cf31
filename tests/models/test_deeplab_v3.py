"""DeepLab v3: golden numbers in both stride placements and output strides, the head, one value per channel."""

import pytest
import torch
from torch.nn import functional as F
from unfilled import empty

from course_lib import models
from course_lib.models.deeplab_v3 import ASPP


@pytest.mark.parametrize(
    "depth, output_stride, stride_on",
    [
        (50, 16, "1x1"),
        (50, 16, "3x3"),
        (50, 8, "1x1"),
        (50, 8, "3x3"),
        (101, 16, "1x1"),
        (101, 16, "3x3"),
        (101, 8, "3x3"),
    ],
)
def test_equals_the_golden_numbers(golden, depth: int, output_stride: int, stride_on: str) -> None:
    net = empty(f"deeplab_v3_resnet{depth}", output_stride=output_stride, stride_on=stride_on)
    report = golden(f"deeplabv3_r{depth}_os{output_stride}_s{stride_on}", net)
    assert report
    assert report.output == "full_align_corners_true"


def test_score_map_equals_the_golden_numbers(golden) -> None:
    assert golden("deeplabv3_r50_os8_s3x3", empty("deeplab_v3_resnet50", output_stride=8), scores=True)


@pytest.mark.parametrize("depth", [50, 101])
def test_torchvision_variant_equals_the_golden_numbers(golden, depth: int) -> None:
    net = empty(f"deeplab_v3_resnet{depth}", variant="torchvision")
    assert golden(f"torchvision_deeplabv3_resnet{depth}", net)


# networks.md, table 2.1
@pytest.mark.parametrize(
    "depth, options, count",
    [
        (50, {}, 39_048_533),
        (101, {}, 58_040_661),
        (101, {"variant": "torchvision"}, 58_630_997),
        (101, {"variant": "torchvision", "auxiliary": True}, 60_996_202),
        (50, {"variant": "torchvision", "auxiliary": True}, 42_004_074),
    ],
)
def test_parameters(depth: int, options: dict, count: int) -> None:
    net = models.build(f"deeplab_v3_resnet{depth}", device="meta", **options)
    assert sum(p.numel() for p in net.parameters()) == count


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("output_stride, side", [(16, 33), (8, 65)])
def test_sizes(output_stride: int, side: int) -> None:
    net = models.build("deeplab_v3_resnet50", width=0.125, output_stride=output_stride, device="meta")
    image = torch.empty(1, 3, 513, 513, device="meta")
    assert net.scores(image).shape == (1, 21, side, side)  # networks.md, 2.3
    assert net(image).shape == (1, 21, 513, 513)


@pytest.mark.parametrize("output_stride, rates", [(16, [6, 12, 18]), (8, [12, 24, 36])])
def test_half_the_output_stride_has_twice_the_rates(output_stride: int, rates: list[int]) -> None:
    aspp = models.build("deeplab_v3_resnet50", output_stride=output_stride, device="meta").aspp
    assert [branch[0].dilation[0] for branch in aspp.branches] == [1, *rates]


def test_one_network_runs_at_both_output_strides() -> None:
    fine = models.build("deeplab_v3_resnet50", width=0.05, output_stride=8)
    fine.load_state_dict(models.build("deeplab_v3_resnet50", width=0.05, output_stride=16).state_dict())


def test_aspp_concatenates_1x1_rates_and_image_pooling() -> None:
    torch.manual_seed(0)
    aspp = ASPP(8, 4, (2, 3)).eval()
    x = torch.randn(1, 8, 9, 9)
    image_level = aspp.image_pooling(x)
    assert image_level.shape == (1, 4, 1, 1)
    maps = [branch(x) for branch in aspp.branches] + [image_level.expand(-1, -1, 9, 9)]
    torch.testing.assert_close(aspp(x), aspp.project(torch.cat(maps, dim=1)))


@pytest.mark.parametrize("variant, share", [("paper", 0.1), ("torchvision", 0.5)])
def test_dropout_after_the_projection(variant: str, share: float) -> None:
    net = models.build("deeplab_v3_resnet50", variant=variant, device="meta")
    assert net.dropout.p == share


def test_logits_are_resized_with_corners_aligned() -> None:
    net = models.build("deeplab_v3_resnet50", width=0.05).eval()
    image = torch.randn(1, 3, 65, 49)
    expected = F.interpolate(net.scores(image), (65, 49), mode="bilinear", align_corners=True)
    assert torch.equal(net(image), expected)


def test_one_image_trains_although_its_average_has_no_variance() -> None:
    net = models.build("deeplab_v3_resnet50", width=0.05).train()
    norm = net.aspp.image_pooling[2]
    net(torch.randn(1, 3, 65, 65)).sum().backward()
    assert net.aspp.image_pooling[1].weight.grad.any()  # the branch learns,
    assert not norm.running_mean.any()  # and its running statistics wait for a larger batch
    net(torch.randn(2, 3, 65, 65))
    assert norm.running_mean.any()


def test_score_starts_with_a_gaussian_of_one_hundredth() -> None:
    torch.manual_seed(0)
    score = models.build("deeplab_v3_resnet50", width=0.25, num_classes=200).score
    assert score.weight.std().item() == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"variant": "tf"}, 'variant must be "paper" or "torchvision", got \'tf\''),
        ({"output_stride": 32}, "output_stride must be 8 or 16, got 32"),
        ({"rates": (6, -1)}, "rate must be at least 1, got -1"),
        ({"multi_grid": (1, 2)}, "multi_grid needs three factors"),
    ],
)
def test_wrong_options(options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        models.build("deeplab_v3_resnet50", device="meta", **options)
