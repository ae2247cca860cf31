"""06 PSPNet, measured: what only the whole picture tells, and which pooling tells it."""

from functools import partial

from torch import nn

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.context_heads import STEPS, far_net, pair, pooling_net, trained
from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import answers, held_out, iou, over_seeds, started
from course_lib.evidence.verdict import Bound, Comparison, Evidence, Fact
from course_lib.lectures.l06_pspnet.networks import FAR, HEADS, plain_net
from course_lib.receptive_field import effective, theoretical


@remembered
def in_harbour(head: str, seed: int) -> nn.Module:
    build = (lambda: far_net(5)) if head == FAR else (lambda: pooling_net(5, HEADS[head]))
    return trained(build, "harbour", seed)


@claim(
    "P1",
    "M",
    "Mismatched relationship: the same hull is a boat on water and a car on a road; local evidence cannot tell, global "
    "context can.",
    seeds=3,
)
def mismatched_relationship(seeds: Seeds) -> Evidence:
    """Varied: what the head pools. Equal: parameters of the three pooling heads, steps, pictures.

    The hull stands at least 18 pixels from the telling surface; without pooling a pixel sees 7, and bilinear
    enlargement at most 4 more. The control is a head without pooling whose field covers the picture: if it solves the
    task as well, then what counts is to see far, not to pool.
    """

    def hulls(seed: int) -> dict[str, float]:
        row = {}
        for head in (*HEADS, FAR):
            row |= {f"{name}, {head}": value for name, value in pair(in_harbour(head, seed), "harbour", 3, 4).items()}
        return row

    nets = {**{head: pooling_net(5, bins) for head, bins in HEADS.items()}, FAR: far_net(5)}
    sizes = {head: sum(parameter.numel() for parameter in net.parameters()) for head, net in nets.items()}
    return Evidence(
        settings={
            "scenes": "harbour",
            "steps": STEPS,
            "parameters": sizes,
        },
        facts=[Fact("the pooling heads differ in parameters by", sizes["pyramid"] - sizes["none"], 0)],
        values=over_seeds(seeds, hulls),
        comparisons=[
            Comparison("global pooling", "pair IoU, global", "pair IoU, none", 0.2),
            Comparison("pyramid pooling", "pair IoU, pyramid", "pair IoU, none", 0.2),
            Comparison("the control sees far as well", f"pair IoU, {FAR}", "pair IoU, none", 0.2),
        ],
        bounds=[Bound("without context it guesses", "swapped, none", low=0.3, high=0.7)],
    )


@claim(
    "P2",
    "M",
    "Confusion categories: house and tower differ only in the whole building's proportions; pyramid pooling tells them "
    "apart better than local evidence.",
    seeds=5,
)
def confusion_categories(seeds: Seeds) -> Evidence:
    """Varied: the pooling, at equal parameters. The far head without pooling is the rival and may well win."""

    def buildings(seed: int) -> dict[str, float]:
        nets = {head: in_skyline(bins, seed) for head, bins in HEADS.items()}
        nets[FAR] = trained(lambda: far_net(4), "skyline", seed)
        return {f"pair IoU, {head}": pair(net, "skyline", 2, 3)["pair IoU"] for head, net in nets.items()}

    return Evidence(
        settings={"scenes": "skyline", "steps": STEPS},
        values=over_seeds(seeds, buildings),
        comparisons=[
            Comparison("pyramid over none", "pair IoU, pyramid", "pair IoU, none", 0.02),
            Comparison("pyramid over global", "pair IoU, pyramid", "pair IoU, global", 0.02),
        ],
        remarks={"holds in part": "One of the two gains is too small for the rule; the rows show which."},
    )


@remembered
def in_skyline(bins: tuple[int, ...], seed: int) -> nn.Module:
    return trained(lambda: pooling_net(4, bins), "skyline", seed)


@claim(
    "P3",
    "M",
    "Inconspicuous classes: a pillow with the sheet's texture is found with the help of the whole room.",
    seeds=5,
)
def inconspicuous(seeds: Seeds) -> Evidence:
    """The bump is a pillow in a bedroom and a fold in a laundry; the sign on the wall is at least 24 pixels away.

    Varied: the pooling, at equal parameters. Here nothing near the bump helps, so none of the heads can gain by a
    somewhat larger neighbourhood.
    """

    def pillows(seed: int) -> dict[str, float]:
        row = {}
        for head, bins in HEADS.items():
            net = trained(partial(pooling_net, 4, bins), "bedroom", seed)
            prediction, label, _ = answers(net, held_out("bedroom"))
            row[f"pillow IoU, {head}"] = iou(prediction, label, 4, 3)
        return row

    return Evidence(
        settings={"scenes": "bedroom", "steps": STEPS},
        values=over_seeds(seeds, pillows),
        comparisons=[
            Comparison("pyramid over none", "pillow IoU, pyramid", "pillow IoU, none", 0.05),
            Comparison("global over none", "pillow IoU, global", "pillow IoU, none", 0.05),
        ],
        remarks={
            "holds in part": "The effect is weak or uneven at this length of training; the pillow's outline is faint.",
            "does not reproduce here": "At this length of training no head links the bump to the sign on the wall.",
        },
    )


@claim(
    "P4",
    "M",
    "The theoretical receptive field covers the image, the effective one does not; global pooling closes the gap.",
    seeds=3,
    paper="Zhou et al. 2015, the reason that PSPNet's paper gives for its pyramid",
)
def gap_between_fields(seeds: Seeds) -> Evidence:
    """For the middle pixel and 8 unseen pictures: which share of the picture weighs at all.

    Two networks read the whole picture in theory (exact facts): plain layers of field 71, untrained, and the far head
    of three dilated layers, trained. Their effective field is the area that weighs more than 4.55 % of the peak.
    Pooling is judged by the share of the weight that comes from beyond the field of the head without pooling, which
    for that head is exactly 0.
    """
    images = held_out("harbour", 8).batch(range(8))[0]
    local = theoretical(pooling_net(5, (0,)), image_size=(64, 64)).mask((32, 32))

    def fields(seed: int) -> dict[str, float]:
        found = {
            head: effective(in_harbour(head, seed), images, (32, 32), signs=4, progress=False)
            for head in ("none", "global", FAR)
        }
        beyond = {head: float(one.map[~local].sum() / one.map.sum()) for head, one in found.items()}
        plain = effective(started(plain_net, seed), images, (32, 32), signs=4, progress=False)
        return {
            "share of the picture that weighs, plain": plain.area() / 64**2,
            "share of the picture that weighs, far": found[FAR].area() / 64**2,
            **{f"weight from beyond, {head}": value for head, value in beyond.items()},
        }

    covered = [bool(theoretical(net, image_size=(64, 64)).mask((32, 32)).all()) for net in (plain_net(), far_net(5))]
    return Evidence(
        settings={"scenes": "harbour", "images": 8, "pixel": [32, 32]},
        facts=[Fact("in theory both read the whole picture", covered, [True, True])],
        values=over_seeds(seeds, fields),
        comparisons=[
            Comparison("pooling brings weight from afar", "weight from beyond, global", "weight from beyond, none", 0.1)
        ],
        bounds=[
            Bound("plain layers use less than half", "share of the picture that weighs, plain", high=0.5),
            Bound("so does the far head", "share of the picture that weighs, far", high=0.5),
        ],
        remarks={
            "holds in part": "The gap is there, and smaller than stated: at 64 pixels more than half of the picture "
            "weighs even for untrained plain layers, and a network trained on evidence far away learns to look far."
        },
    )


@claim(
    "P8",
    "M",
    "Pyramid pooling beats global pooling alone, and this beats none.",
    seeds=3,
    paper="Zhao et al. 2017, table 1: 37.23 (none), 40.07 (global), 41.07 % mean IoU (pyramid) on ADE20K",
)
def pyramid_against_global(seeds: Seeds) -> Evidence:
    """Every head on two tasks: one answer for the picture (harbour), one answer for each building (skyline).

    Varied: the bins, at equal parameters. Each bin of the pyramid by itself shows its share.
    """

    def levels(seed: int) -> dict[str, float]:
        row = {}
        for head, bins in {**HEADS, "2": (2,), "3": (3,), "6": (6,)}.items():
            row[f"skyline, {head}"] = pair(in_skyline(bins, seed), "skyline", 2, 3)["pair IoU"]
        for head in HEADS:
            row[f"harbour, {head}"] = pair(in_harbour(head, seed), "harbour", 3, 4)["pair IoU"]
        return row

    return Evidence(
        settings={"steps": STEPS, "score": "IoU of the pair that looks alike"},
        values=over_seeds(seeds, levels),
        comparisons=[
            Comparison("global over none, harbour", "harbour, global", "harbour, none", 0.05),
            Comparison("global over none, skyline", "skyline, global", "skyline, none", 0.02),
            Comparison("pyramid over global, skyline", "skyline, pyramid", "skyline, global", 0.02),
            Comparison("pyramid over none, harbour", "harbour, pyramid", "harbour, none", 0.05),
        ],
        remarks={
            "holds in part": "One average for the whole picture helps where the picture has one answer; where two "
            "buildings need different answers it has nothing to say, and bins do."
        },
    )
