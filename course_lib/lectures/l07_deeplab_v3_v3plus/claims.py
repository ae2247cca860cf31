"""07 DeepLab v3 and v3+: heads, rates, strides and separable convolutions by numbers."""

import torch
from torch import nn

from course_lib import models
from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact
from course_lib.models.xception import SeparableConv


@claim(
    "V1",
    "E",
    "v3: multi-grid (1, 2, 4), ASPP 1x1 + rates 6, 12, 18 + image pooling, concatenated to 1280, 1x1 to 256; "
    "58,040,661 parameters (ResNet-101).",
    tests=(
        "tests/models/test_deeplab_v3.py::test_parameters",
        "tests/models/test_deeplab_v3.py::test_aspp_concatenates_1x1_rates_and_image_pooling",
    ),
)
def v3_by_numbers(seeds: Seeds) -> Evidence:
    net = counting.empty("deeplab_v3_resnet101")
    project = counting.convolutions(net.aspp.project)[0]
    branches = [counting.convolutions(branch)[0] for branch in net.aspp.branches]
    return Evidence(
        settings={"classes": 21, "output stride": 16},
        facts=[
            Fact("rates in the backbone", counting.rates(net.backbone), {1: 101, 2: 1, 4: 1, 8: 1}),
            Fact("branches: kernel and rate", [(b.kernel_size[0], b.dilation[0]) for b in branches], BRANCHES),
            Fact("concatenated and projected", [project.in_channels, project.out_channels], [1280, 256]),
            Fact("parameters", counting.parameters(net), 58_040_661),
        ],
    )


BRANCHES = [(1, 1), (3, 6), (3, 12), (3, 18)]


@claim(
    "V2",
    "E",
    "From v2 to v3: sum -> concat, BN in ASPP, 1x1 instead of rate 24, image pooling, multi-grid, no CRF.",
    tests=(
        "tests/models/test_compare.py::test_v3_concatenates_where_v2_summed",
        "tests/models/test_compare.py::test_v3_has_a_1x1_instead_of_rate_24",
        "tests/models/test_compare.py::test_v3_has_multi_grid_in_conv5",
    ),
)
def from_v2_to_v3(seeds: Seeds) -> Evidence:
    table = str(models.compare("deeplab_v2", "deeplab_v3_resnet101"))
    v2, v3 = counting.empty("deeplab_v2"), counting.empty("deeplab_v3_resnet101")
    norms = [sum(isinstance(layer, nn.BatchNorm2d) for layer in net.aspp.modules()) for net in (v2, v3)]
    return Evidence(
        facts=[
            Fact("largest ASPP rate", [max(counting.rates(net.aspp)) for net in (v2, v3)], [24, 18]),
            Fact("norms in ASPP", norms, [0, 6]),
            Fact("rates in the last stage", [conv5_rates(net) for net in (v2, v3)], [[4, 4, 4], [2, 4, 8]]),
            Fact("the table names the concatenation", "concat" in table.lower(), True),
        ]
    )


def conv5_rates(net: nn.Module) -> list[int]:
    """The rates of the last stage's 3x3 convolutions."""
    return [c.dilation[0] for c in counting.convolutions(net.backbone) if c.kernel_size == (3, 3)][-3:]


@claim(
    "V4",
    "E",
    "Depthwise separable: 8x8x3 input, sixteen 3x3 filters: 432 weights against 75; general ratio 1/N + 1/k^2.",
    tests=("tests/models/test_xception.py::test_separable_convolution_has_nine_weights_a_channel_and_a_matrix",),
)
def separable_weights(seeds: Seeds) -> Evidence:
    plain, separable = pair(3, 16)
    wide = [counting.weights(layer) for layer in pair(256, 256)]
    return Evidence(
        settings={"input": [8, 8, 3], "filters": 16},
        facts=[
            Fact("weights", [counting.weights(plain), counting.weights(separable)], [432, 75]),
            Fact("ratio is 1/N + 1/k^2", round(75 / 432 - (1 / 16 + 1 / 9), 12), 0.0),
            Fact("at 256 maps", wide, [589_824, 67_840]),
        ],
    )


def pair(before: int, after: int) -> tuple[nn.Module, nn.Module]:
    """A 3x3 convolution, and the same in two steps: each map by itself, then all maps at each pixel."""
    plain = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return plain, SeparableConv(before, after)


@claim(
    "V6",
    "E",
    "Output stride = input size / encoder output size: 512 / 32 = 16, and not the inverted ratio, 1/16.",
    tests=("tests/models/test_deeplab_v3.py::test_one_network_runs_at_both_output_strides",),
)
def output_stride(seeds: Seeds) -> Evidence:
    sizes = {}
    for stride in (8, 16):
        net = counting.empty("deeplab_v3_resnet101", output_stride=stride)
        with torch.no_grad():
            sizes[stride] = net.scores(torch.empty(1, 3, 512, 512, device="meta")).shape[-1]
    return Evidence(
        settings={"image": 512},
        facts=[
            Fact("encoder output at stride 8 and 16", [sizes[8], sizes[16]], [64, 32]),
            Fact("input size / encoder output size", [512 // sizes[8], 512 // sizes[16]], [8, 16]),
        ],
    )


@claim(
    "V7",
    "E",
    "v3+ decoder: low-level feature (256 maps, stride 4) to 48 maps, and not to one, beside the encoder's 256, then "
    "two 3x3 of 256. 256 low-level maps would outweigh the encoder's; 48 do not.",
    tests=("tests/models/test_deeplab_v3plus.py::test_low_level_feature_is_reduced_from_256_to_48",),
)
def decoder_by_numbers(seeds: Seeds) -> Evidence:
    net = counting.empty("deeplab_v3plus")
    reduce = counting.convolutions(net.decoder.reduce)[0]
    refine = counting.convolutions(net.decoder.refine)
    with torch.no_grad():
        low_level, features = net.encode(torch.empty(1, 3, 513, 513, device="meta"))
    return Evidence(
        settings={"image": 513, "backbone": "Xception-65"},
        facts=[
            Fact("sides of low-level feature and features", [low_level.shape[-1], features.shape[-1]], [129, 33]),
            Fact("first refining convolution reads", refine[0].in_channels, 304),
            Fact("3x3 convolutions", sum(layer.kernel_size == (3, 3) for layer in refine), 2),
            Fact("low-level maps before and after the reduction", [reduce.in_channels, reduce.out_channels], [256, 48]),
        ],
    )


@claim(
    "V8",
    "E",
    "Modified Xception-65: strided separable convolutions instead of max pooling, 16 middle blocks instead of 8; "
    "37,867,312 parameters in the backbone, 41,055,413 with separable ASPP and decoder.",
    tests=(
        "tests/models/test_xception.py::test_parameters",
        "tests/models/test_xception.py::test_features_equal_the_golden_numbers",
    ),
)
def xception_by_numbers(seeds: Seeds) -> Evidence:
    net = counting.empty("deeplab_v3plus")
    wide = [layer for layer in counting.convolutions(net.backbone) if layer.kernel_size == (3, 3)]
    pools = sum(isinstance(layer, nn.MaxPool2d) for layer in net.backbone.modules())
    return Evidence(
        settings={"classes": 21},
        facts=[
            Fact("convolutions wider than 1x1", len(wide), 65),
            Fact("max pools", pools, 0),
            Fact("middle blocks", len(net.backbone.middle), 16),
            Fact("parameters of the backbone", counting.parameters(net.backbone), 37_867_312),
            Fact("parameters", counting.parameters(net), 41_055_413),
        ],
    )


@claim(
    "V10",
    "E",
    "Rates at output stride 16 and 8 (6, 12, 18 doubled); the same weights run at both.",
    tests=("tests/models/test_deeplab_v3.py::test_one_network_runs_at_both_output_strides",),
)
def two_output_strides(seeds: Seeds) -> Evidence:
    coarse, fine = (models.build("deeplab_v3_resnet50", 3, width=1 / 16, output_stride=s).eval() for s in (16, 8))
    fine.load_state_dict(coarse.state_dict())
    with torch.no_grad():
        sides = [net.scores(torch.rand(1, 3, 129, 129)).shape[-1] for net in (coarse, fine)]
    largest = [sorted(counting.rates(net.aspp))[1:] for net in (coarse, fine)]
    return Evidence(
        facts=[
            Fact("ASPP rates", largest, [[6, 12, 18], [12, 24, 36]]),
            Fact("sides of the scores with the same weights", sides, [9, 17]),
        ]
    )
