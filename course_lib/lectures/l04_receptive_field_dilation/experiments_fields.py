"""04 Receptive field and dilation, measured: the effective and the empirical field beside the theoretical one."""

import math
from functools import partial

import torch
from torch import Tensor, nn

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.context_heads import far_net, trained
from course_lib.evidence.small_training import held_out, over_seeds, started
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l04_receptive_field_dilation.experiments import of_vehicles
from course_lib.lectures.l04_receptive_field_dilation.networks import CAB, MIXED, PLAIN, deep, labeller
from course_lib.receptive_field import effective, empirical, theoretical


@claim(
    "R8",
    "M",
    "The effective receptive field is a shrinking share of the theoretical one: with four times the layers the share "
    "falls to about a half, like 1/sqrt(n).",
    seeds=5,
    paper="Luo et al. 2016: O(1/sqrt(n))",
    core=Core("share at 10 over that at 40 layers", "ratio of the shares", bound=1.41,
              why="half of the way, by factors, from no shrinking (1) to the law (2)"),
    secondary=(
        Secondary("dilation enlarges", "side, untrained, dilated", "side, untrained"),
        Secondary("training enlarges", "side, plain, after training", "side, plain, before training"),
    ),
    remarks={
        "holds": "Dilation enlarges the field. Training did not enlarge that of this network, it made it smaller: what "
        "it had seen at first, it learned in part to ignore."
    },
)  # fmt: skip
def shrinking_share(seeds: Seeds) -> Evidence:
    """The share on random layers with ReLU, 10 against 40 deep.

    Four times the depth halves a share that falls like 1/sqrt(n): their ratio must be near 2. For layers of equal
    weights the law is exact (`uniform_spread`, asserted by a test). Training is seen on seven
    plain layers behind a backbone of stride 4, field 71, whose task asks for evidence 18 or more pixels away; dilation
    on untrained networks of the same parameters.
    """
    harbours = held_out("harbour", 8).batch(range(8))[0]

    def plain() -> nn.Module:
        return far_net(5, rates=(1,) * 7)

    def shares(seed: int) -> dict[str, float]:
        random = torch.randn(4, 3, 96, 96, generator=torch.Generator().manual_seed(seed))
        share = {n: started(partial(deep, n), seed) for n in (10, 40)}
        share = {n: side_of(net, random) / (2 * n + 1) for n, net in share.items()}
        images = held_out("long_vehicle", 8, **CAB).batch(range(8))[0]
        fresh = {rates: started(partial(labeller, rates), seed) for rates in (PLAIN, MIXED)}
        return {
            "share, 10 layers": share[10],
            "share, 40 layers": share[40],
            "ratio of the shares": share[10] / share[40],
            "side, untrained": side_of(fresh[PLAIN], images),
            "side, untrained, dilated": side_of(fresh[MIXED], images),
            "side, plain, before training": side_of(started(plain, seed), harbours),
            "side, plain, after training": side_of(trained(plain, "harbour", seed), harbours),
        }

    return Evidence(
        settings={"side": "root of the area above 4.55 % of the peak"},
        values=over_seeds(seeds, shares),
    )


def uniform_spread(n: int, k: int) -> float:
    """The standard deviation along one axis of the effective field of n layers of equal weights."""
    net = nn.Sequential(*[nn.Conv2d(1, 1, k, padding=k // 2, bias=False) for _ in range(n)]).double()
    for parameter in net.parameters():
        nn.init.constant_(parameter, 1 / k**2)
    return effective(net, torch.ones(1, 1, 65, 65, dtype=torch.float64), (32, 32), progress=False).std[1]


def side_of(net: nn.Module, images: Tensor) -> float:
    return effective(net, images, middle(images), signs=4, progress=False).side()


def middle(images: Tensor) -> tuple[int, int]:
    return images.shape[-2] // 2, images.shape[-1] // 2


@claim(
    "R9",
    "M",
    "The empirical receptive field by occlusion is smaller than the theoretical one.",
    seeds=5,
    paper="Zhou et al. 2015, table 1: pool5 of AlexNet on Places has 195 pixels in theory, 72.0 ± 20.0 measured",
    core=Core("smaller", "side, theoretical", "side, empirical", bound=2.9,
              why="a tenth of the theoretical side of 29 pixels: by less the theoretical field would do as well"),
)  # fmt: skip
def occlusion(seeds: Seeds) -> Evidence:
    """A trained network of field 27 (29 once enlarged): patches of 3 pixels everywhere; then noise off the field.

    The patch itself widens the empirical field by up to 2 pixels, which speaks against the claim; it must hold anyway.
    """
    images = held_out("long_vehicle", 8, **CAB).batch(range(8))[0]

    def hiding(seed: int) -> dict[str, float]:
        net = of_vehicles(PLAIN, seed)
        field = theoretical(net, image_size=(64, 64))
        found = empirical(net, images, middle(images), size=3, stride=1, seed=seed, field=field, progress=False)
        noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(seed))
        inside = torch.as_tensor(field.mask(middle(images)))
        with torch.no_grad():
            change = (net(images) - net(torch.where(inside, images, noise)))[..., 32, 32]
        box = field.box(middle(images))
        return {
            "side, theoretical": math.sqrt((box[2] - box[0]) * (box[3] - box[1])),
            "side, empirical": found.side(),
            "change by noise outside": float(change.abs().max()),
        }

    return Evidence(
        settings={"scenes": "long_vehicle", **CAB, "patch": 3, "stride": 1, "images": 8},
        values=over_seeds(seeds, hiding),
    )
