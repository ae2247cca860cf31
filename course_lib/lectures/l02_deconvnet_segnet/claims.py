"""02 DeconvNet and SegNet: sizes and counts, what pooling loses and unpooling returns, and listings that circulate."""

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact

MIRROR = [224, 112, 56, 28, 14, 7, 1, 7, 14, 28, 56, 112, 224]
STOPS = ("conv1", "conv2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc6_deconv")
BACK = ("unpool5", "unpool4", "unpool3", "unpool2", "unpool1")


@claim(
    "D1",
    "E",
    "DeconvNet mirrors VGG16: 224-112-56-28-14-7-1-7-14-28-56-112-224; fc6 is a 7x7 convolution; "
    "251,805,653 parameters.",
    tests=(
        "tests/models/test_deconvnet.py::test_parameters_are_counted_to_the_digit",
        "tests/models/test_deconvnet.py::test_equals_the_authors_network",
    ),
    paper="252M parameters (Noh et al. 2015)",
)
def deconvnet_mirrors_vgg(seeds: Seeds) -> Evidence:
    net = counting.empty("deconvnet")
    field = counting.field_of(net)
    return Evidence(
        settings={"image": [224, 224], "classes": 21},
        facts=[
            Fact("sides", [field.output_size(layer)[0] for layer in (*STOPS, *BACK)], MIRROR),
            Fact("fc6's kernel", counting.convolutions(net.fc6)[0].kernel_size, (7, 7)),
            Fact("parameters", counting.parameters(net), 251_805_653),
        ],
    )


@claim(
    "D2",
    "S",
    "Max pooling forgets where; unpooling puts each value back at its remembered index, needs no learning, and leaves "
    "a map of which exactly a quarter is filled.",
)
def unpooling_returns(seeds: Seeds) -> Evidence:
    torch.manual_seed(0)
    grid = torch.rand(1, 8, 32, 32) + 0.1
    pooled, places = F.max_pool2d(grid, 2, return_indices=True)
    back = F.max_unpool2d(pooled, places, 2)
    moved = grid.clone()
    moved[0, 0, :2, :2] = grid[0, 0, :2, :2].flip(-1)
    repeated = F.max_pool2d(moved, 2)
    return Evidence(
        settings={"map": [1, 8, 32, 32], "window": 2},
        facts=[
            Fact("share of the map that is filled", (back != 0).double().mean().item(), 0.25),
            Fact("values that came back where they were", bool((grid[back != 0] == back[back != 0]).all()), True),
            Fact("weights of unpooling", counting.parameters(nn.MaxUnpool2d(2)), 0),
            Fact("pooling notices a move inside its window", bool((repeated != pooled).any()), False),
        ],
    )


@claim(
    "D6",
    "E",
    "Three slips in a listing of DeconvNet run without an error: a layer name used twice loses a convolution, pool "
    "indices kept as an attribute are another image's, and a Conv2d loads a transposed one's weights and answers "
    "otherwise.",
    tests=("tests/lectures/test_claims_decoders_and_limits.py::test_slips_in_a_listing_of_deconvnet_run_unnoticed",),
)
def faulty_listing(seeds: Seeds) -> Evidence:
    right = counting.empty("deconvnet")
    with torch.device("meta"):
        reused, fresh = VGGStage(name_used_twice=True), VGGStage(name_used_twice=False)
    torch.manual_seed(0)
    decoder = nn.ConvTranspose2d(4, 4, 3, padding=1, bias=False)
    swapped = nn.Conv2d(4, 4, 3, padding=1, bias=False)
    swapped.weight.data = decoder.weight.data.clone()
    x = torch.rand(1, 4, 9, 9)
    apart = (swapped(x) - decoder(x)).abs().max().item()
    other, own = indices_of_another_image()
    return Evidence(
        settings={"stage": "three 3x3 convolutions of 512 maps", "listing": "the second overwrites the first"},
        facts=[
            Fact("transposed convolutions in the right network", transposed(right), 14),
            Fact("parameters of a stage: one name twice, and three names",
                 [counting.parameters(net) for net in (reused, fresh)], [4_719_616, 7_079_424]),
            Fact("a Conv2d with the weights of a transposed one answers alike", apart == 0, False),
            Fact("share of values that return: own indices", own, 1.0),
            Fact("another image's indices return as many", other == own, False),
        ],
    )  # fmt: skip


class VGGStage(nn.Module):
    """As in the listing: conv5_2 is assigned twice, so that the first of the two is lost."""

    def __init__(self, *, name_used_twice: bool):
        super().__init__()
        self.conv5_1 = nn.Conv2d(512, 512, 3, padding=1)
        self.conv5_2 = nn.Conv2d(512, 512, 3, padding=1)
        setattr(self, "conv5_2" if name_used_twice else "conv5_3", nn.Conv2d(512, 512, 3, padding=1))


def transposed(net: nn.Module) -> int:
    return sum(isinstance(layer, nn.ConvTranspose2d) for layer in net.modules())


def indices_of_another_image() -> tuple[float, float]:
    """Share of values that return to their place when a later image has overwritten the attribute, and when not."""
    torch.manual_seed(0)
    first, second = torch.rand(2, 1, 1, 16, 16)
    pooled, own = F.max_pool2d(first, 2, return_indices=True)
    _, overwritten = F.max_pool2d(second, 2, return_indices=True)
    shares = []
    for places in (overwritten, own):
        back = F.max_unpool2d(pooled, places, 2)
        shares.append(round((back[back != 0] == first[back != 0]).double().mean().item(), 3))
    return shares[0], shares[1]


@claim(
    "D8",
    "E",
    "SegNet drops fc6 and fc7: 29,449,355 parameters (11 classes), 8.5 times fewer than DeconvNet; its decoder "
    "convolves; its score layer is 3x3 without BN and ReLU.",
    tests=(
        "tests/models/test_segnet.py::test_parameters_are_counted_to_the_digit",
        "tests/models/test_segnet.py::test_scores_may_be_negative",
    ),
    paper="the encoder shrinks from 134M to 14.7M (Badrinarayanan et al. 2017, section 3)",
)
def segnet_is_smaller(seeds: Seeds) -> Evidence:
    segnet, deconvnet = counting.empty("segnet", 11), counting.empty("deconvnet", 11)
    last = list(segnet.modules())[-1]
    return Evidence(
        settings={"classes": 11},
        facts=[
            Fact("parameters", counting.parameters(segnet), 29_449_355),
            Fact("times fewer", round(counting.parameters(deconvnet) / counting.parameters(segnet), 2), 8.55),
            Fact("transposed convolutions", transposed(segnet), 0),
            Fact("the last layer is a convolution", isinstance(last, nn.Conv2d), True),
            Fact("its kernel and maps", [last.kernel_size, last.out_channels], [(3, 3), 11]),
        ],
    )
