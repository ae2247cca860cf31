"""01 Limits of FCN: what is exact about its shrinking, enlarging and cropping, and how large a field is not enough."""

import math

import torch
from torch import nn

from course_lib import models
from course_lib.evidence import counting
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Core, Evidence, Fact
from course_lib.models import written
from course_lib.receptive_field import effective
from course_lib.scenes import Scenes

ENDS = {"fcn32s": ("upscore", 32, 19), "fcn16s": ("upscore16", 16, 27), "fcn8s": ("upscore8", 8, 31)}
COUNTS = {"fcn32s": 136_152_917, "fcn16s": 134_815_994, "fcn8s": 134_489_759}


@claim(
    "F1",
    "E",
    "FCN-32s shrinks 32x and enlarges 32x; 16s and 8s add skips; padding 100, crops from 19, 5 and 27, 5, 9 and 31.",
    tests=(
        "tests/models/test_fcn.py::test_sizes_within_are_the_papers",
        "tests/models/test_fcn.py::test_crops_put_centres_on_centres",
    ),
)
def shrink_and_enlarge(seeds: Seeds) -> Evidence:
    evidence = Evidence(settings={"image": [500, 500], "classes": 21})
    field = counting.field_of(counting.empty("fcn32s"), side=500)
    sizes = {layer: field.output_size(layer)[0] for layer in ("conv1.conv1_1", "pool5", "fc7", "upscore")}
    stated = {"conv1.conv1_1": 698, "pool5": 22, "fc7": 16, "upscore": 544}
    evidence.facts = [Fact(f"side after {written.layer(layer)}", sizes[layer], stated[layer]) for layer in stated]
    for name, (last, stride, offset) in ENDS.items():
        paper = written.network(name)
        evidence.facts += [
            Fact(f"{paper} enlarges at last by", getattr(counting.empty(name), last).stride[0], stride),
            Fact(f"{paper} crops from", last_crop(name, last), offset),
            Fact(f"{paper} parameters", counting.parameters(counting.empty(name)), COUNTS[name]),
        ]
    return evidence


@torch.no_grad()
def last_crop(name: str, last: str) -> int:
    """Where in the enlarged map the answer begins, found by looking for it there."""
    net = models.build(name, 2, width=1 / 64).eval()
    nn.init.normal_(net.score_fr.weight)
    with models.activations(net, last) as maps:
        answer = net(torch.rand(1, 3, 40, 40))
    whole = maps[last]
    found = [o for o in range(whole.shape[-1] - 39) if torch.equal(whole[..., o : o + 40, o : o + 40], answer)]
    if len(found) != 1:
        raise RuntimeError(f"{name}: the answer was found at {found} in {last}")
    return found[0]


@claim(
    "F5",
    "M",
    "FCN's effective receptive field is much smaller than its theoretical one: half of the gradient lies on less than "
    "a quarter of the area.",
    seeds=5,
    paper="Luo et al. 2016: the effective field is a fraction of the theoretical one and has a Gaussian's shape",
    core=Core("area saved", "share, all pixels alike", "share of the field's area", bound=0.25,
              why="if all pixels weighed alike, half of the weight would fill half of the area; much smaller is less "
              "than half of that"),
)  # fmt: skip
def theoretical_is_not_effective(seeds: Seeds) -> Evidence:
    """The unit in the middle of fc7, at random weights, on pictures that hold its whole field.

    In a smaller picture the border would cut the field off, and padding would pass for blindness. The measure is the
    area of the disc about the centre of gravity that holds half of the gradient.
    """
    theory = counting.side(counting.field_of(counting.empty("fcn32s"), side=500), "fc7")
    diameters = []
    for seed in seeds:
        torch.manual_seed(seed)
        net = models.build("fcn32s", 2, width=1 / 16).eval()
        images, _, _ = Scenes("street", size=500, count=4, seed=seed).batch(range(4))
        field = effective(net, images, (7, 7), layer="fc7", seed=seed, trained=False, progress=False)
        diameters.append(2 * float(field.radius(0.5)))
    area = [math.pi * (one / 2) ** 2 / theory**2 for one in diameters]
    return Evidence(
        settings={
            "width": "1/16",
            "weights": "random",
            "images": "4 streets of 500 pixels",
            "theoretical side": theory,
        },
        values={
            "diameter that holds half of the gradient": diameters,
            "share of the field's area": area,
            "share, all pixels alike": [0.5] * len(seeds),
        },
    )
