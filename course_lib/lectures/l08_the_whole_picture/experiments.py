"""08 The whole picture, measured: all families on one bench, and what each of them costs at full size."""

from collections.abc import Sequence

from course_lib.evidence.claim import TRAININGS, Seeds, claim
from course_lib.evidence.cost import SIDE, costs, forward_times
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Comparison, Evidence, Fact, mean
from course_lib.lectures.l08_the_whole_picture.bench import (
    BATCH,
    CONTROLS,
    FAMILIES,
    RATE,
    SAME_BACKBONE,
    STEPS,
    WIDE,
    kept,
)

FINE_SKIPS = ("unet", "fc_densenet56", "deeplab_v3plus")  # the encoder's own maps of stride 4 or finer come back
INDICES = ("deconvnet", "segnet")  # places come back, without what stood there
ONE_ENLARGEMENT = ("fcn8s", "deeplab_v1", "dilatednet_basic", "deeplab_v2", "pspnet50", "deeplab_v3_resnet50")
SCORES = ("mIoU", "edge IoU", "pole IoU")


@claim(
    "W1",
    "M",
    "All families on one bench, with equal parameters, pictures and steps: networks with fine skips draw boundaries "
    "and thin things better than those that enlarge a map of stride 8 or 16 at once. At full size parameters, "
    "multiply-adds, memory and time each put the families in another order.",
    seeds=3,
)
def one_bench(seeds: Seeds) -> Evidence:
    """Varied: the family. Equal: about 165,000 parameters that learn, pictures, steps, recipe (see the bench).

    Equal parameters thin out the networks whose fc6 has most of them: FCN-8s has two maps where SegNet has five. The
    control is an FCN-8s as wide as SegNet, with four times the parameters: if the networks with fine skips beat it as
    well, they do not win by their width. DeepLab v3+ against v3 is the same comparison within one family; the control
    gives v3+ the backbone of v3, for Xception's separable layers suffer at so small a width (V5).

    Beside it the full-size networks, one picture of 224 x 224 and 21 classes: exact counts, and the CPU time of a
    forward pass beside FCN-8s's in one process, one round for each seed. The trainings of FC-DenseNet56 and DilatedNet
    take a little more than a minute each. What training has scored is kept (`kept`): a second measurement trains anew
    only what has changed.
    """
    found = over_seeds(seeds, at_full_size) | over_seeds(seeds, on_the_bench)
    full = {name: costs(name) for name in FAMILIES}
    orders = {what: sorted(full, key=lambda name: full[name][what]) for what in COSTS}
    for name in FAMILIES:
        work = full[name]["multiply-adds"] / full["fcn8s"]["multiply-adds"]
        found[f"time per multiply-add, {name}"] = [time / work for time in found[f"time, {name}"]]
    return Evidence(
        settings={
            "scenes": "street",
            "size": 64,
            "steps": STEPS,
            "batch": BATCH,
            "rate": RATE,
            "bench": {
                name: {"width": one.width, "parameters": one.parameters(), "CPU s": seconds(name, seeds), **one.options}
                for name, one in (FAMILIES | CONTROLS).items()
            },
            TRAININGS: round(sum(seconds(name, seeds) for name in FAMILIES | CONTROLS) * len(seeds)),
            "full size": full,
            "picture": [SIDE, SIDE],
        },
        facts=[
            Fact("different orders by parameters, multiply-adds and memory", len(set(map(tuple, orders.values()))), 3),
            Fact("the fewest parameters", orders["parameters"][0], "fc_densenet56"),
            Fact("the most bytes kept to learn", orders["bytes kept to learn"][-1], "fc_densenet56"),
        ],
        values=found,
        comparisons=[
            *[versus("fine skips", "one enlargement", what, least)
              for what, least in (("edge IoU", 0.05), ("pole IoU", 0.1), ("mIoU", 0.03))],
            Comparison("fine skips over a wide FCN-8s, edges", "edge IoU, fine skips", f"edge IoU, {WIDE}", 0.05),
            Comparison("v3+ over v3, edges", "edge IoU, deeplab_v3plus", "edge IoU, deeplab_v3_resnet50", 0.05),
            Comparison("the same on one backbone", f"edge IoU, {SAME_BACKBONE}", "edge IoU, deeplab_v3_resnet50", 0.05),
            versus("indices", "one enlargement", "edge IoU", 0.03),
            Comparison("a multiply-add takes FC-DenseNet longer", "time per multiply-add, fc_densenet56",
                       "time per multiply-add, fcn8s", 0.5),
        ],
        remarks={
            "holds in part": "FC-DenseNet leads by far and carries its group: equal parameters leave it a third of its "
            "width, and the others less than a tenth. U-Net follows. One skip of stride 4 (DeepLab v3+) brings less "
            "than the stated effect to so thin a network, and places alone (DeconvNet, SegNet) do not tell at every "
            "seed within these steps. That it is the skips, S6 shows at one and the same width."
        },
    )  # fmt: skip


COSTS = ("parameters", "multiply-adds", "bytes kept to learn")


def at_full_size(seed: int) -> dict[str, float]:
    """The forward time as a multiple of FCN-8s's, in one round; the seed is the number of the round."""
    return {f"time, {name}": ratio for name, ratio in forward_times(list(FAMILIES), beside="fcn8s").items()}


def on_the_bench(seed: int) -> dict[str, float]:
    """The scores of all families, and the means of three groups."""
    rows = {name: kept(name, seed) for name in (*FAMILIES, *CONTROLS)}
    groups = {"fine skips": FINE_SKIPS, "indices": INDICES, "one enlargement": ONE_ENLARGEMENT}
    row = {f"{what}, {name}": rows[name][what] for name in rows for what in SCORES}
    for group, names in groups.items():
        row |= {f"{what}, {group}": average(rows, names, what) for what in SCORES}
    return row


def seconds(name: str, seeds: Seeds) -> float:
    """What one training takes."""
    return round(mean([kept(name, seed)["CPU s"] for seed in seeds]), 1)


def average(rows: dict[str, dict[str, float]], names: Sequence[str], what: str) -> float:
    return mean([rows[name][what] for name in names])


def versus(more: str, less: str, what: str, smallest: float) -> Comparison:
    return Comparison(f"{more} over {less}, {what}", f"{what}, {more}", f"{what}, {less}", smallest)
