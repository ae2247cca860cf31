"""01 Limits of FCN, measured: small things that vanish, and large ones that are judged from what lies nearby.

Thresholds and lengths of training were chosen on seeds from 100 on, which no row of the ledger uses.
"""

import math
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence import mirrored
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.mirrored import on_street, places
from course_lib.evidence.small_training import (
    Answers,
    answers,
    held_out,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l01_fcn_limits.networks import STRIDES, SmallFCN, enlarge, local_net
from course_lib.metrics import consistency, iou_by_size
from course_lib.receptive_field import theoretical

SIZES = {"under 12": (0, 12), "12 to 24": (12, 24), "24 to 48": (24, 48), "from 48": (48, math.inf)}
SHAPES = {"size": 96, "min_size": 6, "max_size": 72}
STEPS = 300


def through_stride(label: Tensor, stride: int, classes: int = 4) -> Tensor:
    """What a network of this stride that knew the truth would say: the classes' shares in each cell, enlarged."""
    shares = F.avg_pool2d(F.one_hot(label, classes).permute(0, 3, 1, 2).float(), stride)
    return enlarge(shares, label).argmax(1)


def by_size(found: Answers) -> dict[str, float]:
    prediction, label, maps = found
    edges = [low for low, _ in SIZES.values()] + [math.inf]
    return dict(zip(SIZES, iou_by_size(prediction, label, maps["instance"], edges, 4).values()))


@claim(
    "F2",
    "M",
    "Small objects vanish: from FCN-8s to FCN-32s they lose more IoU than large ones do.",
    seeds=3,
    paper="Long et al. 2015: 59.4, 62.4 and 62.7 % mean IoU on VOC 2011 (32s, 16s, 8s), not by size",
    core=Core("small things lose more", "lost by 32s, 12 to 24", "lost by 32s, from 48", bound=0.033,
              why="what FCN-32s loses in the paper's table 2 over all sizes (62.7 to 59.4): the small ones must lose "
              "as much more"),
    secondary=(
        Secondary("8s over 16s", "12 to 24, 8s", "12 to 24, 16s"),
        Secondary("16s over 32s", "12 to 24, 16s", "12 to 24, 32s"),
        Secondary("16s over 32s, trained twice as long", "12 to 24, 16s", "12 to 24, 32s, long"),
    ),
    remarks={
        "holds": "The stride takes them away, not the training: twice the steps do not bring them back, and even the "
        "true labels lose things of 12 to 24 pixels on their way through cells of 32."
    },
)  # fmt: skip
def small_things_vanish(seeds: Seeds) -> Evidence:
    """Varied: which score maps are added. Equal: encoder, parameters, first weights, steps, pictures.

    In shapes size and class are dealt independently, so that small things are not other things. Two rivals: had the
    coarse network only learned too little, training it twice as long would help; and the truth itself, seen through
    cells of the stride, tells how much the stride alone takes away.
    """
    scenes = held_out("shapes", **SHAPES)
    _, truth, maps = scenes.batch(range(len(scenes)))
    allowed = {stride: by_size((through_stride(truth, stride), truth, maps)) for stride in STRIDES}

    def strides(seed: int) -> dict[str, float]:
        row = {}
        runs = [(f"{stride}s", stride, STEPS) for stride in STRIDES] + [("32s, long", 32, 2 * STEPS)]
        for word, finest, steps in runs:
            net = train(started(partial(SmallFCN, finest), seed), "shapes", steps=steps, seed=seed, **SHAPES)
            row |= {f"{size}, {word}": value for size, value in by_size(answers(net, scenes)).items()}
        row |= {f"lost by 32s, {size}": row[f"{size}, 8s"] - row[f"{size}, 32s"] for size in ("12 to 24", "from 48")}
        return row | {f"12 to 24, truth through stride {stride}": allowed[stride]["12 to 24"] for stride in STRIDES}

    return Evidence(
        settings={"scenes": "shapes", "steps": STEPS, **SHAPES, "sizes": "side of a square of as many pixels"},
        values=over_seeds(seeds, strides),
    )


NEAR, FAR = (1,) * 6, (1, 2, 4, 4, 4, 2)
NEAR_FIELD, FAR_FIELD = 29, 73
BUSES = {"gap": 0, "bicycle_size": 14}


def field_of(net: nn.Module) -> int:
    return int(theoretical(net, image_size=(161, 161)).size()[0])


def inside_buses(found: Answers, field: int) -> dict[str, float]:
    """How many buses bear more than one label, by whether their pane is narrower or wider than the field."""
    prediction, label, maps = found
    rows = consistency(prediction, maps["instance"])
    bus = rows["instance"] == 1
    torn, picture = rows["share"][bus] < 0.9, rows["picture"][bus]
    pane = 2 * maps["distance"].amax((1, 2))[picture]
    mirrors = maps["reflection"].any(2).any(1)[picture]
    chosen = {
        "small buses": mirrors & (pane <= field),
        "large buses": mirrors & (pane > field + 6),
        "large buses without a bicycle": ~mirrors & (pane > field + 6),
    }
    hidden = maps["reflection"] & (2 * maps["distance"] > field)
    row = {f"torn, {word}": float(torn[which].float().mean()) for word, which in chosen.items()}
    return row | {"bicycles": float((prediction == 2)[hidden].float().mean()), "mIoU": mean_iou(prediction, label, 3)}


@claim(
    "F3",
    "M",
    "Large objects are judged from local evidence: more of the buses that are larger than the receptive field bear "
    "several labels than under a field that holds them.",
    seeds=5,
    core=Core("field", f"torn, large buses, field {NEAR_FIELD}", f"torn, large buses, field {FAR_FIELD}", bound=0.1,
              why="one bus in ten: who counts buses would notice that"),
    secondary=(
        Secondary("size", f"torn, large buses, field {NEAR_FIELD}", f"torn, small buses, field {NEAR_FIELD}"),
        Secondary("mirrored bicycles", f"bicycles, field {NEAR_FIELD}", f"bicycles, field {FAR_FIELD}"),
    ),
    remarks={
        "holds": "A bicycle is not needed: a pane that mirrors an empty street tears a large bus nearly as often. "
        "Where the field does not reach the rim of the pane, a mirrored bicycle is called a bicycle."
    },
)  # fmt: skip
def torn_buses(seeds: Seeds) -> Evidence:
    """Varied: the size of the bus against the field, twice. Small and large buses before one network; then the same
    large buses before a network whose rates give it a larger field. Equal: parameters, steps, pictures.

    Torn is a bus of which less than 90 % bear one label; bicycles is the share of those mirrored bicycles whose rim is
    out of sight that is called bicycle. If large buses were torn because they are many pixels, the
    larger field would tear them, too. Buses that mirror the street without a bicycle tell whether it needs one.
    """
    scenes = held_out("reflections", 512, **BUSES)

    def fields(seed: int) -> dict[str, float]:
        row = {}
        for rates in (NEAR, FAR):
            build = partial(local_net, rates)
            net = train(started(build, seed), "reflections", steps=400, seed=seed, learning_rate=1e-2, **BUSES)
            found = inside_buses(answers(net, scenes), NEAR_FIELD)
            row |= {f"{word}, field {field_of(build())}": value for word, value in found.items()}
        return row

    return Evidence(
        settings={"scenes": "reflections", "steps": 400, "small": f"pane of at most {NEAR_FIELD} pixels", **BUSES},
        values=over_seeds(seeds, fields),
    )


@claim(
    "F4",
    "M",
    "Detail is lost: a coarse map enlarged in one step has worse boundaries than a learned decoder.",
    seeds=3,
    paper="Noh et al. 2015, table 1: 62.2 (FCN-8s) and 69.6 % mean IoU (DeconvNet) on VOC 2012",
    core=Core("edges", "edge IoU, indices", "edge IoU, bilinear", bound=0.074,
              why="what the decoder gained in the paper's table 1, over all pixels; the boundary should gain no less"),
    secondary=(
        Secondary("thin things", "pole IoU, indices", "pole IoU, bilinear"),
        Secondary("edges, by the layers alone", "edge IoU, corners", "edge IoU, bilinear"),
    ),
)  # fmt: skip
def detail(seeds: Seeds) -> Evidence:
    """Varied: the way back from a map of stride 8. Equal: encoder, steps, pictures.

    The decoder has more parameters. The control is the same decoder with fixed corners: how it compares with one
    step is due to its layers, what the indices gain over it is due to the places they remember.
    """

    def ways(seed: int) -> dict[str, float]:
        return on_street("bilinear", seed) | places(seed)

    return Evidence(
        settings={"scenes": "street", "steps": mirrored.STEPS, "stride": 8},
        values=over_seeds(seeds, ways),
    )
