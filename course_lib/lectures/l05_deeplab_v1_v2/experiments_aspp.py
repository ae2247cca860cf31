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
SIZES = {"small": (0, 12), "middle": (12, 30), "large": (30, 65)}
SCALES = {"many sizes": {"min_size": 6, "max_size": 56}, "one size": {"min_size": 24, "max_size": 24}}
HEADS = {"all rates": RATES, **{f"rate {rate}": (rate,) * 4 for rate in RATES}}


@claim(
    "L7",
    "M",
    "Where the scale of things varies, ASPP's several rates beat the best single rate.",
    seeds=4,
    paper="Chen et al. 2017 (v2), table 3: 65.76 with one rate and 68.96 % mean IoU with ASPP-L on VOC (VGG16)",
    core=Core("over rate 2, the best", "mIoU, many sizes, all rates", "mIoU, many sizes, rate 2", bound=0.032,
              why="the paper's own gain (table 3, 65.76 to 68.96)"),
    secondary=(
        *(Secondary(f"over rate {n}", "mIoU, many sizes, all rates", f"mIoU, many sizes, rate {n}") for n in (1, 4, 6)),
        Secondary("more than at one size", "gain over the best, many sizes", "gain over the best, one size"),
    ),
    remarks={
        "undecided": "The best single rate does as well within the scatter of the seeds, and the others do worse: "
        "several rates spare the search for that one. The large things gain the most."
    },
)  # fmt: skip
def several_rates(seeds: Seeds) -> Evidence:
    """Varied: the rates of four branches, all different or all equal. Equal: parameters, steps, pictures.

    Squares, discs and crosses of 6 to 56 pixels: by size one sees which rate serves which. The control has things of
    24 pixels only: if several rates gained as much there, then variety would help whatever the scale does.
    """

    def rates(seed: int) -> dict[str, float]:
        row = {}
        for scale, knobs in SCALES.items():
            scenes = held_out("shapes", 256, **knobs)
            for head, chosen in HEADS.items():
                net = train(started(partial(aspp, chosen), seed), "shapes", steps=250, seed=seed, **knobs)
                prediction, label, maps = answers(net, scenes)
                row[f"mIoU, {scale}, {head}"] = mean_iou(prediction, label, 4)
                for word, (low, high) in SIZES.items() if scale == "many sizes" else ():
                    size = maps["object_size"]
                    row[f"accuracy, {word}, {head}"] = accuracy(
                        prediction, label, (label > 0) & (size >= low) & (size < high)
                    )
            best = max(row[f"mIoU, {scale}, rate {rate}"] for rate in RATES)
            row[f"gain over the best, {scale}"] = row[f"mIoU, {scale}, all rates"] - best
        return row

    return Evidence(
        settings={"scenes": "shapes", "steps": 250, "rates": RATES, **SCALES},
        values=over_seeds(seeds, rates),
    )
