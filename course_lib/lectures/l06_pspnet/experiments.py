"""06 PSPNet, measured: what only the whole picture tells, and which pooling tells it."""

from collections.abc import Callable
from functools import partial

from torch import nn

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.context_heads import STEPS, far_net, pair, pooling_net, trained
from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import answers, held_out, iou, over_seeds, started, train
from course_lib.evidence.verdict import Core, Evidence, Secondary, mean
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
    core=Core("hulls under the wrong name", "swapped, none", "swapped, global", bound=0.25,
              why="half of the way from a guess (every second hull) to certainty"),
    secondary=(
        Secondary("pyramid pooling", "swapped, none", "swapped, pyramid"),
        Secondary("no pooling, but a far field", "swapped, none", f"swapped, {FAR}"),
        Secondary("IoU of the pair, global pooling", "pair IoU, global", "pair IoU, none"),
    ),
)  # fmt: skip
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

    return Evidence(
        settings={
            "scenes": "harbour",
            "steps": STEPS,
        },
        values=over_seeds(seeds, hulls),
    )


@claim(
    "P2",
    "M",
    "Confusion categories: house and tower differ only in the whole building's proportions; pyramid pooling tells them "
    "apart better than local evidence.",
    seeds=5,
    core=Core("pyramid over none", "pair IoU, pyramid", "pair IoU, none", bound=0.01,
              why="one point: the smallest gain that the papers of this course print as one"),
    secondary=(
        Secondary("pyramid over global", "pair IoU, pyramid", "pair IoU, global"),
        Secondary("far field over pyramid", f"pair IoU, {FAR}", "pair IoU, pyramid"),
    ),
    remarks={
        "holds": "A head without pooling whose field covers the building does better still: what counts is to see the "
        "whole building, by whatever means."
    },
)  # fmt: skip
def confusion_categories(seeds: Seeds) -> Evidence:
    """Varied: the pooling, at equal parameters. The far head without pooling is the rival and may well win."""

    def buildings(seed: int) -> dict[str, float]:
        nets = {head: in_skyline(bins, seed) for head, bins in HEADS.items()}
        nets[FAR] = trained(lambda: far_net(4), "skyline", seed)
        return {f"pair IoU, {head}": pair(net, "skyline", 2, 3)["pair IoU"] for head, net in nets.items()}

    return Evidence(
        settings={"scenes": "skyline", "steps": STEPS},
        values=over_seeds(seeds, buildings),
    )


@remembered
def in_skyline(bins: tuple[int, ...], seed: int) -> nn.Module:
    return trained(lambda: pooling_net(4, bins), "skyline", seed)


@claim(
    "P3",
    "M",
    "Inconspicuous classes: a pillow with the sheet's texture is found with the help of the whole room.",
    seeds=6,
    core=Core("pyramid over none", "pillow IoU, pyramid", "pillow IoU, none", bound=0.01,
              why="one point: the smallest gain that the papers of this course print as one"),
    secondary=(Secondary("global over none", "pillow IoU, global", "pillow IoU, none"),),
    remarks={
        "undecided": "The effect is uneven at this length of training; the pillow's outline is faint.",
        "holds": "It is found at some seeds and hardly at others; the pillow's outline is faint.",
    },
)  # fmt: skip
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
    )


@claim(
    "P4",
    "M",
    "The theoretical receptive field of a trained network covers the picture; its effective field leaves out most "
    "of it.",
    seeds=3,
    paper="Zhou et al. 2015, the reason that PSPNet's paper gives for its pyramid",
    core=Core("left out", "share left out, far", bound=0.5,
              why="most is more than half"),
    secondary=(Secondary("pooling brings weight from afar", "weight from beyond, global", "weight from beyond, none"),),
    remarks={
        "does not reproduce here": "At 64 pixels more than half of the picture weighs even for untrained plain layers, "
        "and a network trained on evidence far away learns to look far. Global pooling brings weight from everywhere."
    },
)  # fmt: skip
def gap_between_fields(seeds: Seeds) -> Evidence:
    """For the middle pixel and 8 unseen pictures: which share of the picture hardly weighs.

    Two networks read the whole picture in theory (asserted by a test): plain layers of field 71, untrained, and the far
    head of three dilated layers, trained. Their effective field is the area that weighs more than 4.55 % of the peak.
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
            "share left out, plain": 1 - plain.area() / 64**2,
            "share left out, far": 1 - found[FAR].area() / 64**2,
            **{f"weight from beyond, {head}": value for head, value in beyond.items()},
        }

    return Evidence(
        settings={"scenes": "harbour", "images": 8, "pixel": [32, 32]},
        values=over_seeds(seeds, fields),
    )


BOTH = ("harbour", "skyline")
ALIKE = ((0, (3, 4)), (5, (7, 8)))  # for each: its first class, and the two classes that look alike
QUESTIONS = 9  # classes of both
LEVELS = {"1": (1,), "2": (2,), "3": (3,), "6": (6,), "pyramid": HEADS["pyramid"]}


@claim(
    "P8",
    "M",
    "Where a picture's question concerns the whole of it or one part, no single level of pyramid pooling serves both; "
    "several levels do.",
    seeds=5,
    paper="Zhao et al. 2017, table 1: 37.23 (none), 40.07 (global), 41.07 % mean IoU (pyramid) on ADE20K",
    core=Core("pyramid over its best level", "both, pyramid", "both, 1", bound=0.01,
              why="the paper's own gain of four levels over one (table 1, 40.07 to 41.07)"),
    secondary=(
        *(Secondary(f"pyramid over bins of {n}", "both, pyramid", f"both, {n}") for n in (2, 3, 6)),
        Secondary(f"pyramid over {FAR}", "both, pyramid", f"both, {FAR}"),
        Secondary("one question: pyramid over bins of 6", "skyline alone, pyramid", "skyline alone, 6"),
        Secondary("one question: pyramid over global", "harbour alone, pyramid", "harbour alone, 1"),
    ),
    remarks={
        "holds": "Where there is one question, the level that fits it does as well alone: the pyramid spares the "
        "choice."
    },
)  # fmt: skip
def pyramid_against_one_level(seeds: Seeds) -> Evidence:
    """Varied: the levels, at equal parameters. One network learns two worlds at once, half of each batch from either.

    The harbour asks what the whole picture is, the skyline how tall one building is. The score is the IoU of the
    classes that look alike, the mean over both worlds. Two controls could prove the statement wrong: networks that
    learn one world alone, where one level should do; and the far head, which has no levels and sees everything. Which
    single level is the best was seen on seeds from 100 on.
    """

    def levels(seed: int) -> dict[str, float]:
        row = {}
        for head, build in heads(QUESTIONS).items():
            net = train(started(build, seed), BOTH, steps=2 * STEPS, seed=seed)
            for family, (first, alike) in zip(BOTH, ALIKE):
                prediction, label, _ = answers(net, held_out(family))
                row[f"{family}, {head}"] = iou(prediction, label + first, QUESTIONS, *alike)
            row[f"both, {head}"] = mean([row[f"{family}, {head}"] for family in BOTH])
        for head in ("6", "pyramid"):
            row[f"skyline alone, {head}"] = pair(in_skyline(LEVELS[head], seed), "skyline", 2, 3)["pair IoU"]
        for head, level in (("global", "1"), ("pyramid", "pyramid")):
            row[f"harbour alone, {level}"] = pair(in_harbour(head, seed), "harbour", 3, 4)["pair IoU"]
        return row

    return Evidence(
        settings={"scenes": " and ".join(BOTH), "steps": 2 * STEPS, "score": "IoU of the classes that look alike"},
        values=over_seeds(seeds, levels),
    )


def heads(classes: int) -> dict[str, Callable[[], nn.Module]]:
    """No pooling, each level alone, all of them, and the far head."""
    pooled = {name: partial(pooling_net, classes, bins) for name, bins in {"none": (0,), **LEVELS}.items()}
    return {**pooled, FAR: partial(far_net, classes)}
