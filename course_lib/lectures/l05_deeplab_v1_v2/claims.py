"""05 DeepLab v1 and v2: the field of view by numbers, overlapping pools, bilinear weights, ASPP's sum."""

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact
from course_lib.models.resnet import Bottleneck


@claim(
    "L1",
    "E",
    "v1: 3x3 pools for 1-3, pool4 and pool5 stride 1, conv5 rate 2, fc6 rate 12: output stride 8, theoretical "
    "receptive field 435; 20,505,429 parameters. The paper's 224 is the span of fc6 in pooled cells, not the "
    "theoretical field.",
    tests=(
        "tests/models/test_deeplab_v1.py::test_parameters_are_counted_to_the_digit",
        "tests/models/test_deeplab_v1.py::test_equals_the_authors_network",
    ),
    paper="receptive field 224 and 20.5M parameters in Table 2 (Chen et al. 2015)",
)
def large_field_of_view(seeds: Seeds) -> Evidence:
    net = counting.empty("deeplab_v1")
    field = counting.field_of(net, side=513)
    fc6 = next(layer for layer in counting.convolutions(net) if layer.dilation[0] == 12)
    pools = [layer for layer in net.modules() if isinstance(layer, nn.MaxPool2d)]
    with torch.no_grad():
        scores = net.scores(torch.empty(1, 3, 321, 321, device="meta"))
    return Evidence(
        settings={"classes": 21, "image": [321, 321]},
        facts=[
            Fact("kernels and strides of the pools", [(p.kernel_size, p.stride) for p in pools], POOLS),
            Fact("rates", counting.rates(net), {1: 12, 2: 3, 12: 1}),
            Fact("side of the scores", scores.shape[-1], 41),
            Fact("theoretical receptive field", counting.side(field, "fc8"), 435),
            Fact("span of VGG16's 7x7 fc6 on cells of 32 pixels", 7 * 32, 224),
            Fact("span of the dilated fc6 on cells of 8 pixels", (2 * fc6.dilation[0] + 1) * 8, 200),
            Fact("parameters", counting.parameters(net), 20_505_429),
        ],
    )


POOLS = [(3, 2), (3, 2), (3, 2), (3, 1), (3, 1)]


@claim(
    "L2",
    "E",
    "A 3x3 stride-2 pool halves like a 2x2 one and reads more: neighbours share a third of what they read.",
    tests=("tests/lectures/test_claims_on_deeplab.py::test_neighbouring_windows_share_a_column",),
)
def overlapping_pools(seeds: Seeds) -> Evidence:
    image = torch.empty(1, 1, 40, 40)
    small, large = nn.MaxPool2d(2), nn.MaxPool2d(3, stride=2, padding=1)
    field = counting.field_of(large, side=40, channels=1)
    first, second = (set(range(*field.box((10, x))[1::2])) for x in (10, 11))
    return Evidence(
        facts=[
            Fact("side after 2x2 and after 3x3", [small(image).shape[-1], large(image).shape[-1]], [20, 20]),
            Fact("pixels read by a cell", [2 * 2, 3 * 3], [4, 9]),
            Fact("columns that neighbours share, of three", len(first & second), 1),
        ]
    )


@claim(
    "L3",
    "S",
    "Bilinear upsampling with align_corners True and False: the exact weights, what each does at the border and at "
    "sizes 8k+1.",
)
def two_bilinears(seeds: Seeds) -> Evidence:
    ramp = torch.arange(3.0, dtype=torch.float64)[None, None]
    aligned, plain = (F.interpolate(ramp, size=5, mode="linear", align_corners=a)[0, 0].tolist() for a in (True, False))
    grid = torch.rand(1, 1, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kept = F.interpolate(grid, size=33, mode="bilinear", align_corners=True)[..., ::8, ::8]
    moved = F.interpolate(grid, size=33, mode="bilinear", align_corners=False)[..., ::8, ::8]
    return Evidence(
        settings={"map": [0, 1, 2], "size": 5},
        facts=[
            Fact("align_corners=True on 0 1 2", aligned, [0.0, 0.5, 1.0, 1.5, 2.0]),
            Fact("align_corners=False on 0 1 2", [round(v, 9) for v in plain], [0.0, 0.4, 1.0, 1.6, 2.0]),
            Fact("8k+1: True meets every cell again", torch.allclose(kept, grid), True),
            Fact("8k+1: False meets every cell again", torch.allclose(moved, grid), False),
        ],
    )


@claim(
    "L6",
    "E",
    "v2: no average pool, ResNet-101 with rates 2 and 4 in the last two stages, ASPP rates 6, 12, 18, 24 summed; "
    "44,048,532 parameters.",
    tests=(
        "tests/models/test_deeplab_v2.py::test_parameters",
        "tests/models/test_deeplab_v2.py::test_aspp_sums_its_branches",
    ),
)
def deeplab_v2_by_numbers(seeds: Seeds) -> Evidence:
    net = counting.empty("deeplab_v2")
    averages = sum(isinstance(layer, nn.AvgPool2d) for layer in net.modules())
    return Evidence(
        settings={"classes": 21},
        facts=[
            Fact("average pools", averages, 0),
            Fact("rates", counting.rates(net), {1: 78, 2: 23, 4: 3, 6: 1, 12: 1, 18: 1, 24: 1}),
            Fact("parameters", counting.parameters(net), 44_048_532),
        ],
    )


@claim(
    "L8",
    "E",
    "Projection shortcut: a 1x1 convolution where the dimensions differ, and only there.",
    tests=("tests/models/test_resnet.py::test_a_block_adds_its_input",),
)
def projection_shortcut(seeds: Seeds) -> Evidence:
    blocks = [layer for layer in counting.empty("deeplab_v2").modules() if isinstance(layer, Bottleneck)]
    differ = [counting.convolutions(b)[0].in_channels != counting.convolutions(b)[2].out_channels for b in blocks]
    projected = [not isinstance(block.shortcut, nn.Identity) for block in blocks]
    return Evidence(
        facts=[
            Fact("blocks", len(blocks), 33),
            Fact("blocks with a projection", sum(projected), 4),
            Fact("exactly where the widths differ", projected == differ, True),
        ]
    )
