"""04 Receptive field and dilation: the arithmetic, the cost, the wasted weights, and DilatedNet by numbers."""

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact
from course_lib.models.dilatednet import ContextModule
from course_lib.receptive_field import theoretical

CONTEXT = (1, 1, 2, 4, 8, 16, 1, 1)
WITHOUT_16 = (1, 1, 2, 4, 8, 1, 1)


def stack_field(*layers: nn.Module, side: int = 200) -> int:
    """The receptive field of layers one after another, on one channel."""
    return counting.side(counting.field_of(nn.Sequential(*layers), side=side, channels=1))


def conv(rate: int = 1, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(1, 1, kernel, padding=rate * (kernel // 2), dilation=rate)


def recurrence(*layers: tuple[int, int, int]) -> int:
    """r += (k - 1) d j, then j *= s, for layers (kernel, rate, stride)."""
    field, jump = 1, 1
    for kernel, rate, stride in layers:
        field, jump = field + (kernel - 1) * rate * jump, jump * stride
    return field


@claim(
    "R1",
    "E",
    "3x3 + 3x3 = 5x5; 3x3 + 2x2 pool + 3x3 = 8x8; the recurrence r += (k-1) d j, j *= s.",
    tests=("tests/lectures/test_claims_on_receptive_field.py::test_the_recurrence_is_what_gradients_say",),
)
def arithmetic(seeds: Seeds) -> Evidence:
    pooled = (conv(), nn.MaxPool2d(2), conv())
    return Evidence(
        facts=[
            Fact("3x3 + 3x3", stack_field(conv(), conv()), 5),
            Fact("3x3 + pool + 3x3", stack_field(*pooled), 8),
            Fact("the same by the recurrence", recurrence((3, 1, 1), (2, 1, 2), (3, 1, 1)), 8),
            Fact("rates 1, 2, 4 by the recurrence", recurrence((3, 1, 1), (3, 2, 1), (3, 4, 1)), 15),
            Fact("rates 1, 2, 4", stack_field(conv(1), conv(2), conv(4)), 15),
        ]
    )


@claim(
    "R2",
    "E",
    "The same receptive field by convolutions alone needs far more layers and weights than with pooling or dilation.",
    tests=("tests/lectures/test_claims_on_receptive_field.py::test_plain_layers_grow_by_two",),
)
def ways_to_67(seeds: Seeds) -> Evidence:
    """How many 3x3 layers of 64 maps reach a field of at least 67 pixels, plain, with four pools, with rates."""
    plain = next(n for n in range(1, 99) if recurrence(*[(3, 1, 1)] * n) >= 67)
    pools = [(3, 1, 1), (2, 1, 2)] * 4
    pooled = next(n for n in range(1, 99) if recurrence(*pools, *[(3, 1, 1)] * n) >= 67) + 4
    dilated = len(CONTEXT) - 1
    return Evidence(
        settings={"kernel": 3, "maps": 64, "goal": 67},
        facts=[
            Fact("plain layers", plain, 33),
            Fact("layers between four pools", pooled, 5),
            Fact("layers with rates 1 1 2 4 8 16 1", dilated, 7),
            Fact("weights, plain", plain * 9 * 64**2, 1_216_512),
            Fact("weights, pooled", pooled * 9 * 64**2, 184_320),
            Fact("weights, dilated", dilated * 9 * 64**2, 258_048),
        ],
    )


@claim(
    "R3",
    "E",
    "A 3x3 kernel at rate r spans 2r+1 pixels with nine weights; parameters and multiply-adds per output do not "
    "change.",
    tests=("tests/lectures/test_claims_on_receptive_field.py::test_a_rate_spreads_nine_taps",),
)
def rate_is_free(seeds: Seeds) -> Evidence:
    rates = (1, 2, 4, 12, 24)
    outputs = [conv(rate)(torch.empty(1, 1, 64, 64)) for rate in rates]
    return Evidence(
        settings={"rates": list(rates)},
        facts=[
            Fact("span", [stack_field(conv(rate)) for rate in rates], [2 * rate + 1 for rate in rates]),
            Fact("weights", [conv(rate).weight.numel() for rate in rates], [9] * 5),
            Fact("multiply-adds", [counting.multiply_adds(conv(r), o) for r, o in zip(rates, outputs)], [36_864] * 5),
        ],
    )


def valid_shares(side: int, rate: int) -> tuple[dict[int, float], float]:
    """The share of positions with each number of weights on the map, and the mean share of weights that are used."""
    ones = torch.ones(1, 1, side, side)
    used = F.conv2d(ones, torch.ones(1, 1, 3, 3), padding=rate, dilation=rate).round().long()
    counts = torch.bincount(used.flatten(), minlength=10)
    shares = {number: round(counts[number].item() / side**2, 3) for number in (9, 6, 4, 3, 2, 1) if counts[number]}
    return shares, used.double().mean().item() / 9


@claim(
    "R7",
    "E",
    "Large rates waste weights: on a 65x65 map ever fewer of the nine fall on the map; the mean share is "
    "((3N-2r)/(3N))^2 up to half the map, and from rate 65 on the kernel is a 1x1.",
    tests=("tests/lectures/test_claims_on_receptive_field.py::test_valid_weights_counted_one_by_one",),
    paper="Figure 4 of DeepLab v3 (Chen et al. 2017)",
)
def wasted_weights(seeds: Seeds) -> Evidence:
    stated = {1: (0.939, 0.060, 0.001), 6: (0.665, 0.301, 0.034), 12: (0.398, 0.466, 0.136), 24: (0.068, 0.386, 0.545)}
    evidence = Evidence(settings={"map": [65, 65]})
    for rate, shares in stated.items():
        found, mean = valid_shares(65, rate)
        formula = ((3 * 65 - 2 * rate) / (3 * 65)) ** 2
        evidence.facts += [
            Fact(f"rate {rate}: share with 9, 6, 4 weights", [found.get(n, 0.0) for n in (9, 6, 4)], list(shares)),
            Fact(f"rate {rate}: mean share is the formula", round(mean - formula, 9), 0.0),
        ]
    evidence.facts.append(Fact("rate 65", valid_shares(65, 65)[0], {1: 1.0}))
    return evidence


@claim(
    "R10",
    "E",
    "DilatedNet's front end: pool4 and pool5 removed, conv5 rate 2, fc6 7x7 rate 4, no padding (900 -> 66), "
    "134,346,581 parameters.",
    tests=(
        "tests/models/test_dilatednet.py::test_parameters_are_counted_to_the_digit",
        "tests/models/test_dilatednet.py::test_equals_the_authors_network",
    ),
)
def front_end(seeds: Seeds) -> Evidence:
    net = counting.empty("dilatednet_frontend").front_end
    fc6 = counting.convolutions(net.fc6)[0]
    field = counting.field_of(net, side=900)
    return Evidence(
        settings={"image": [900, 900], "classes": 21},
        facts=[
            Fact("pools", sum(isinstance(layer, nn.MaxPool2d) for layer in net.modules()), 3),
            Fact("side of the answer", field.output_size()[0], 66),
            Fact("rates in conv5", [c.dilation[0] for c in counting.convolutions(net.conv5)], [2, 2, 2]),
            Fact("fc6: kernel and rate", [fc6.kernel_size[0], fc6.dilation[0]], [7, 4]),
            Fact("padded convolutions", sum(c.padding != (0, 0) for c in counting.convolutions(net)), 0),
            Fact("receptive field", counting.side(field), 380),
            Fact("parameters", counting.parameters(net), 134_346_581),
        ],
    )


@claim(
    "R11",
    "E",
    "Context module: rates 1, 1, 2, 4, 8, 16, 1 and a final 1x1; fields 3, 5, 9, 17, 33, 65, 67, 67; basic has 64 C^2 "
    "weights; identity initialisation.",
    tests=(
        "tests/models/test_dilatednet.py::test_the_context_module_equals_the_authors",
        "tests/models/test_dilatednet.py::test_at_first_the_module_hands_its_input_on",
    ),
)
def context_module(seeds: Seeds) -> Evidence:
    module = ContextModule(21).eval()
    field = theoretical(module, image_size=(200, 200), channels=21)
    scores = torch.rand(1, 21, 70, 70)
    with torch.no_grad():
        handed_on = torch.allclose(module(scores), scores, atol=1e-6)
    return Evidence(
        settings={"classes": 21},
        facts=[
            Fact("rates", [c.dilation[0] for c in counting.convolutions(module)], list(CONTEXT)),
            Fact("fields", [counting.side(field, f"layers.{n}") for n in range(8)], [3, 5, 9, 17, 33, 65, 67, 67]),
            Fact("weights", counting.weights(module), 64 * 21**2),
            Fact("at first it hands its input on", handed_on, True),
        ],
    )


@claim(
    "R12",
    "E",
    "The context module needs its layer of rate 16: with rates 1, 1, 2, 4, 8, 1, 1 the field is 35 instead of 67.",
    tests=("tests/lectures/test_claims_on_receptive_field.py::test_without_rate_16_the_context_module_sees_half",),
)
def missing_rate_16(seeds: Seeds) -> Evidence:
    fields = []
    for rates in (WITHOUT_16, CONTEXT):
        module = ContextModule(3, dilations=rates)
        fields.append(counting.side(theoretical(module, image_size=(200, 200), channels=3)))
    return Evidence(facts=[Fact("field without the layer of rate 16, and with it", fields, [35, 67])])


@claim(
    "R14",
    "E",
    "fc6 as 3x3 rate 12 against 7x7 rate 4: span 25 in both, 9 against 49 weights.",
    tests=("tests/lectures/test_claims_on_receptive_field.py::test_a_rate_spreads_nine_taps",),
)
def two_ways_to_span_25(seeds: Seeds) -> Evidence:
    small, large = conv(rate=12), conv(rate=4, kernel=7)
    return Evidence(
        facts=[
            Fact("span", [stack_field(small), stack_field(large)], [25, 25]),
            Fact("weights", [small.weight.numel(), large.weight.numel()], [9, 49]),
        ]
    )
