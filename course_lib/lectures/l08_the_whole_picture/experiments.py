"""08 The whole picture, measured: all families on one bench, and what each of them costs at full size."""

from statistics import median

from course_lib.evidence.claim import TRAININGS, Seeds, claim
from course_lib.evidence.cost import SIDE, costs, forward_times
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary, mean
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
    "On tiny painted scenes, after few steps and at equal parameters, networks with fine skips draw boundaries better "
    "than those that enlarge a map of stride 8 or 16 at once. This is no ranking of the networks.",
    seeds=3,
    core=Core("fine skips over one enlargement", "edge IoU, fine skips", "edge IoU, one enlargement", bound=0.048,
              why="what v3+'s decoder gains at its narrowest band (its section 4.4)"),
    secondary=(
        *(Secondary(f"fine skips over one enlargement, {what}", f"{what}, fine skips", f"{what}, one enlargement")
          for what in ("pole IoU", "mIoU")),
        Secondary("fine skips over a wide FCN-8s, edges", "edge IoU, fine skips", f"edge IoU, {WIDE}"),
        Secondary("v3+ over v3, edges", "edge IoU, deeplab_v3plus", "edge IoU, deeplab_v3_resnet50"),
        Secondary("the same on one backbone", f"edge IoU, {SAME_BACKBONE}", "edge IoU, deeplab_v3_resnet50"),
        Secondary("indices over one enlargement, edges", "edge IoU, indices", "edge IoU, one enlargement"),
        Secondary("a multiply-add takes FC-DenseNet longer", "time per multiply-add, fc_densenet56",
                  "time per multiply-add, fcn8s"),
    ),
    remarks={
        "undecided": "A group is the median of its networks, so that no single one carries it. At equal parameters the "
        "networks keep from a third of their width to a twenty-eighth, and most have hardly begun to learn. That "
        "skips draw boundaries, S6 shows at one and the same width and S7 on photographs."
    },
)  # fmt: skip
def one_bench(seeds: Seeds) -> Evidence:
    """Varied: the family. Equal: about 165,000 parameters that learn, pictures, steps, recipe (see the bench).

    A group's score is the median of its networks, so that none carries it alone. Equal parameters thin out the networks
    whose fc6 has most of them: FCN-8s has two maps where SegNet has five. The control is an FCN-8s as wide as SegNet,
    with four times the parameters: if the networks with fine skips beat it as well, they do not win by their width.
    DeepLab v3+ against v3 is the same comparison within one family; the control
    gives v3+ the backbone of v3, for Xception's separable layers suffer at so small a width (V5).

    Beside it the full-size networks, one picture of 224 x 224 and 21 classes: exact counts, and the CPU time of a
    forward pass beside FCN-8s's in one process, one round for each seed. The trainings of FC-DenseNet56 and DilatedNet
    take a little more than a minute each. What training has scored is kept (`kept`): a second measurement trains anew
    only what has changed.
    """
    found = over_seeds(seeds, at_full_size) | over_seeds(seeds, on_the_bench)
    full = {name: costs(name) for name in FAMILIES}
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
        values=found,
    )


def at_full_size(seed: int) -> dict[str, float]:
    """The forward time as a multiple of FCN-8s's, in one round; the seed is the number of the round."""
    return {f"time, {name}": ratio for name, ratio in forward_times(list(FAMILIES), beside="fcn8s").items()}


def on_the_bench(seed: int) -> dict[str, float]:
    """The scores of all families, and the medians of three groups."""
    rows = {name: kept(name, seed) for name in (*FAMILIES, *CONTROLS)}
    groups = {"fine skips": FINE_SKIPS, "indices": INDICES, "one enlargement": ONE_ENLARGEMENT}
    row = {f"{what}, {name}": rows[name][what] for name in rows for what in SCORES}
    for group, names in groups.items():
        row |= {f"{what}, {group}": median(rows[name][what] for name in names) for what in SCORES}
    return row


def seconds(name: str, seeds: Seeds) -> float:
    """What one training takes."""
    return round(mean([kept(name, seed)["CPU s"] for seed in seeds]), 1)
