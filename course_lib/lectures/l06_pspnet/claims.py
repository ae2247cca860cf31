"""06 PSPNet: pyramid pooling by numbers, its auxiliary loss, and its ancestor."""

import torch
from torch import nn
from torch.nn import functional as F

from course_lib import models
from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact
from course_lib.models.spatial_pyramid import SpatialPyramidPooling


@claim(
    "P6",
    "E",
    "Each of the N levels of pyramid pooling is reduced to 1/N of the channels, 2048 / 4 = 512, and not to one: 4096 "
    "channels go on, and not 2052.",
    tests=("tests/models/test_pspnet.py::test_each_level_keeps_a_share_of_the_channels",),
)
def one_channel(seeds: Seeds) -> Evidence:
    pyramid = counting.empty("pspnet50").pyramid_pooling
    level = counting.convolutions(pyramid)[0]
    return Evidence(
        facts=[
            Fact("bins", pyramid.bins, (1, 2, 3, 6)),
            Fact("channels of a level", level.out_channels, 2048 // 4),
            Fact("channels after the pyramid", pyramid.channels, 4096),
        ],
    )


@claim("P7", "S", "Convolution asks which shape; global average pooling asks how much of it, wherever it lies.")
def shape_and_amount(seeds: Seeds) -> Evidence:
    """A cross detector on maps with one and with three crosses, and on the same crosses moved elsewhere."""
    cross = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
    one, three, moved = crosses((4, 4)), crosses((4, 4), (10, 10), (4, 11)), crosses((12, 6), (5, 12), (8, 2))
    found = [F.relu(F.conv2d(m[None, None], cross[None, None], padding=1) - 4) for m in (one, three, moved)]
    averages = [float(f.mean() * f.numel()) for f in found]
    return Evidence(
        settings={"map": [16, 16]},
        facts=[
            Fact("largest answer of the convolution", [float(f.max()) for f in found], [1.0, 1.0, 1.0]),
            Fact("average times the map's size: one, three, three elsewhere", averages, [1.0, 3.0, 3.0]),
            Fact("the maps of the two threes are equal", torch.equal(found[1], found[2]), False),
        ],
    )


def crosses(*places: tuple[int, int]) -> torch.Tensor:
    canvas = torch.zeros(16, 16)
    for y, x in places:
        canvas[y - 1 : y + 2, x] = 1
        canvas[y, x - 1 : x + 2] = 1
    return canvas


@claim(
    "P10",
    "S",
    "Spatial pyramid pooling (4x4, 2x2, 1x1) gives a vector of one length for every input size; PSPNet's pyramid gives "
    "maps of the input's size.",
)
def spatial_pyramid(seeds: Seeds) -> Evidence:
    pool = SpatialPyramidPooling()
    sizes = [(13, 13), (10, 17), (31, 9)]
    vectors = [tuple(pool(torch.rand(1, 256, *size)).shape) for size in sizes]
    pyramid = models.pspnet.PyramidPooling(8, (1, 2, 3, 6)).eval()
    maps = [tuple(pyramid(torch.rand(1, 8, *size)).shape[-2:]) for size in sizes]
    return Evidence(
        settings={"maps": 256, "sizes": [list(size) for size in sizes]},
        facts=[
            Fact("vectors", vectors, [(1, 21 * 256)] * 3),
            Fact("maps of PSPNet's pyramid", maps, sizes),
            Fact("weights of spatial pyramid pooling", counting.parameters(nn.Sequential(pool)), 0),
        ],
    )
