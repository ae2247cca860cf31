"""05 DeepLab v2, measured: several rates at once against each of them alone."""

from functools import partial

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.small_training import (
    accuracy,
    answers,
    held_out,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l05_deeplab_v1_v2.networks import aspp

RATES = (1, 2, 4, 6)
STEPS = 250
SIZES = {"small": (0, 12), "middle": (12, 30), "large": (30, 65)}
SHAPES = {"min_size": 6, "max_size": 56}
HEADS = {"all rates": RATES, **{f"rate {rate}": (rate,) * 4 for rate in RATES}}
ANY_DISTANCE = {"gap": 0}
BANDS = ((0, 8), (8, 16), (16, 24), (24, 32))  # pixels between a hull and what tells its class
SEEN = 32  # pixels: the largest rate sees so far


@claim(
    "L7",
    "M",
    "Where the evidence lies at many distances, ASPP's several rates beat the best single rate.",
    seeds=4,
    paper="Chen et al. 2017 (v2), table 3: 65.76 with one rate and 68.96 % mean IoU with ASPP-L on VOC (VGG16)",
    core=Core("over rate 6, the best", "hulls right, all rates", "hulls right, rate 6", bound=0.032,
              why="the paper's own gain (table 3, 65.76 to 68.96)"),
    secondary=(
        *(Secondary(f"over rate {n}", "hulls right, all rates", f"hulls right, rate {n}") for n in (1, 2, 4)),
        *(Secondary(f"sizes: over rate {n}", "mIoU, many sizes, all rates", f"mIoU, many sizes, rate {n}")
          for n in RATES),
    ),
    remarks={
        "holds": "Each rate serves its own distance. Where only the size of things varies, the best single rate does "
        "as well within the scatter of the seeds."
    },
)  # fmt: skip
def several_rates(seeds: Seeds) -> Evidence:
    """Varied: the rates of four branches, all different or all equal. Equal: parameters, steps, pictures.

    Harbours in which the hulls lie at any distance from the edge that tells their class: a branch of rate r sees
    4 r pixels away, give or take 7, and the enlargement adds at most 4. Scored are the hulls up to 32 pixels away, by
    bands of 8: they show which rate serves which. The control has squares, discs and crosses of 6 to 56 pixels, whose
    class is told by their own outline: if several rates gained as much there, then variety would help wherever the
    evidence lies. Which single rate is the best was seen on seeds from 100 on.
    """

    def rates(seed: int) -> dict[str, float]:
        row = {}
        for head, chosen in HEADS.items():
            row |= {f"{what}, {head}": value for what, value in at_distances(chosen, seed).items()}
            row |= {f"{what}, {head}": value for what, value in at_sizes(chosen, seed).items()}
        return row

    return Evidence(
        settings={"scenes": "harbour and shapes", "steps": STEPS, "rates": RATES, **ANY_DISTANCE, **SHAPES},
        values=over_seeds(seeds, rates),
    )


def at_distances(rates: tuple[int, ...], seed: int) -> dict[str, float]:
    """The share of the hulls' pixels that are right, of all within reach and by their distance."""
    scenes = held_out("harbour", 256, **ANY_DISTANCE)
    net = train(started(partial(aspp, rates, 5), seed), "harbour", steps=STEPS, seed=seed, **ANY_DISTANCE)
    prediction, label, maps = answers(net, scenes)
    away = maps["distance"]  # -1 off the hulls
    bands = {"hulls right": (0, SEEN)} | {f"{low} to {high} pixels away": (low, high) for low, high in BANDS}
    return {name: accuracy(prediction, label, (away >= low) & (away < high)) for name, (low, high) in bands.items()}


def at_sizes(rates: tuple[int, ...], seed: int) -> dict[str, float]:
    """Mean IoU of shapes of many sizes, and the share that is right by size."""
    scenes = held_out("shapes", 256, **SHAPES)
    net = train(started(partial(aspp, rates, 4), seed), "shapes", steps=STEPS, seed=seed, **SHAPES)
    prediction, label, maps = answers(net, scenes)
    row, size = {"mIoU, many sizes": mean_iou(prediction, label, 4)}, maps["object_size"]
    for word, (low, high) in SIZES.items():
        row[f"accuracy, {word}"] = accuracy(prediction, label, (label > 0) & (size >= low) & (size < high))
    return row
