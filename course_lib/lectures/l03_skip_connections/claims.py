"""03 Skip connections: adding and concatenating, counted on the real networks."""

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact
from course_lib.models.fc_densenet import DenseBlock
from course_lib.models.resnet import Bottleneck

TABLE = [48, 112, 192, 304, 464, 656, 896, 1088, 816, 576, 384, 256]
PRINTED = [48, 112, 192, 304, 464, 656, 880, 1072, 800, 576, 368, 256]


class Concatenations(TorchFunctionMode):
    """Notes every torch.cat along the channels: how many maps each part brought."""

    def __init__(self):
        super().__init__()
        self.parts: list[list[int]] = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.cat:
            self.parts.append([part.shape[1] for part in args[0]])
        return function(*args, **(kwargs or {}))


@claim(
    "S1",
    "E",
    "ResNet adds the layer's input; DenseNet concatenates all earlier outputs; a 1x1 convolution matches shapes when "
    "they differ.",
    tests=("tests/models/test_resnet.py::test_a_block_adds_its_input",),
)
def add_or_concatenate(seeds: Seeds) -> Evidence:
    resnet = counting.empty("deeplab_v3_resnet50").backbone
    blocks = [block for block in resnet.modules() if isinstance(block, Bottleneck)]
    reads = [layer.in_channels for layer in counting.convolutions(counting.empty("fc_densenet56", 11).bottleneck)]
    projected = [block for block in blocks if not isinstance(block.shortcut, nn.Identity)]
    return Evidence(
        settings={"residual network": "ResNet-50", "dense block": "FC-DenseNet56's bottleneck: 4 layers, growth 12"},
        facts=[
            Fact("blocks of ResNet-50", len(blocks), 16),
            Fact("of these with a 1x1 on the way round", len(projected), 4),
            Fact("maps that a block adds to its input", added_maps(blocks[0]), 256),
            Fact("maps that each dense layer reads", reads, [288, 300, 312, 324]),
        ],
    )


def added_maps(block: Bottleneck) -> int:
    return counting.convolutions(block.shortcut)[0].out_channels


@claim(
    "S4",
    "E",
    "U-Net: four concatenations, valid convolutions, 572 -> 388, 31,030,658 parameters.",
    tests=(
        "tests/models/test_unet.py::test_parameters_are_counted_to_the_digit",
        "tests/models/test_unet.py::test_the_valid_map_is_184_pixels_smaller",
    ),
)
def unet_by_numbers(seeds: Seeds) -> Evidence:
    net = counting.empty("unet", 2, in_channels=1)
    with Concatenations() as noted, torch.no_grad():
        scores = net.scores(torch.empty(1, 1, 572, 572, device="meta"))
    padded = [layer for layer in counting.convolutions(net) if layer.padding != (0, 0)]
    return Evidence(
        settings={"image": [1, 572, 572], "classes": 2},
        facts=[
            Fact("concatenations", len(noted.parts), 4),
            Fact(
                "maps joined in each", [sorted(parts) for parts in noted.parts], [[n, n] for n in (512, 256, 128, 64)]
            ),
            Fact("side of the answer", scores.shape[-1], 388),
            Fact("padded convolutions", len(padded), 0),
            Fact("parameters", counting.parameters(net), 31_030_658),
        ],
    )


@claim(
    "S5",
    "E",
    "FC-DenseNet has three kinds of concatenation; its table of maps is 48, 112, 192, 304, 464, 656, 896, 1088, 816, "
    "576, 384, 256: the paper prints four of them 16 too small.",
    tests=(
        "tests/models/test_fc_densenet.py::test_maps_are_those_of_the_corrected_table",
        "tests/models/test_fc_densenet.py::test_the_name_counts_the_convolutions",
    ),
    paper="880, 1072, 800 and 368 in Table 2 (Jegou et al. 2017); the authors' page corrects them",
)
def tiramisu_by_numbers(seeds: Seeds) -> Evidence:
    net = counting.empty("fc_densenet103", 11)
    table = maps_after_each_stage(net)
    counts = [len(counting.convolutions(counting.empty(f"fc_densenet{n}", 11))) for n in (56, 67, 103)]
    wrong = [index for index, (ours, printed) in enumerate(zip(table, PRINTED)) if ours != printed]
    return Evidence(
        settings={"classes": 11},
        facts=[
            Fact("maps after each stage", table, TABLE),
            Fact("convolutions of 56, 67 and 103", counts, [56, 67, 103]),
            Fact("the four that are printed differ by", [table[i] - PRINTED[i] for i in wrong], [16, 16, 16, 16]),
        ],
    )


def maps_after_each_stage(net: nn.Module) -> list[int]:
    """The first convolution, then each dense block's whole stack on the way down, at the bottom and on the way up."""
    blocks = [*(down.block for down in net.down), net.bottleneck, *(up.block for up in net.up)]
    return [net.first.out_channels, *map(stack, blocks)]


def stack(block: DenseBlock) -> int:
    """The maps that a block holds in the end: what its last layer reads, and what that layer adds."""
    last = counting.convolutions(block)[-1]
    return last.in_channels + last.out_channels
