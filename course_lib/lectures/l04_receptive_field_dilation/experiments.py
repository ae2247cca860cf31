"""04 Receptive field and dilation, measured: what a network can see, what it does see, and what holes cost.

All networks here are a stem of stride 2 and six layers of 3x3 with the same parameters; only the rates (or two pools)
differ. Networks of one rate schedule and seed are trained once for all claims of a run.
"""

from functools import partial

from torch import nn

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import (
    Labeller,
    accuracy,
    answers,
    edge_iou,
    held_out,
    iou,
    mean_iou,
    over_seeds,
    started,
    train,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l04_receptive_field_dilation.networks import (
    CAB,
    HOLES,
    MIXED,
    PLAIN,
    Kept,
    dilated,
    front_end,
    labeller,
    pooled,
    without_stem,
)
from course_lib.metrics import consistency
from course_lib.models.dilatednet import ContextModule

STEPS = 350


@remembered
def of_vehicles(rates: tuple[int, ...], seed: int) -> nn.Module:
    """Trained to tell buses from trams, whose bodies are alike: only a cab of 6 pixels at one end differs."""
    return drive(started(lambda: labeller(rates), seed), seed)


def drive(net: nn.Module, seed: int, *, steps: int = STEPS) -> nn.Module:
    return train(net, "long_vehicle", steps=steps, seed=seed, learning_rate=1e-2, **CAB)


def on_vehicles(net: nn.Module) -> dict[str, float]:
    """How right the pixels of vehicles are, near the cab and far from it, and how often a vehicle is torn."""
    prediction, label, maps = answers(net, held_out("long_vehicle", **CAB))
    away = maps["distance"]
    share = consistency(prediction, maps["instance"])["share"]
    across = (prediction[..., 1:] != prediction[..., :-1]) & (away[..., 1:] >= 0) & (away[..., :-1] >= 0)
    return {
        "near": accuracy(prediction, label, (away >= 0) & (away < 8)),
        "far": accuracy(prediction, label, (away >= 20) & (away < 40)),
        "torn": float((share < 0.9).float().mean()),
        "flips": 40 * float(across.sum() / (away >= 0).sum()),
        "mIoU": mean_iou(prediction, label, 3),
    }


def named(word: str, row: dict[str, float]) -> dict[str, float]:
    return {f"{name}, {word}": value for name, value in row.items()}


@claim(
    "R5",
    "M",
    "Too small a receptive field guesses inside large objects; the same net, dilated, is right.",
    seeds=5,
    core=Core("far from the cab", "far, field 99", "far, field 27", bound=0.25,
              why="half of the way from a guess (0.5) to certainty"),
    secondary=(
        Secondary("vehicles with several labels", "torn, field 27", "torn, field 99"),
        Secondary("near the cab", "near, field 99", "near, field 27"),
    ),
)  # fmt: skip
def too_small_a_field(seeds: Seeds) -> Evidence:
    """Varied: the rates. Equal: parameters, steps, pictures.

    The control is the distance: near the cab both networks must be right, so that the small one is not simply worse;
    beyond its reach it must fall to chance, one half.
    """

    def seeing(seed: int) -> dict[str, float]:
        small, large = on_vehicles(of_vehicles(PLAIN, seed)), on_vehicles(of_vehicles(MIXED, seed))
        return {**named("field 27", small), **named("field 99", large)}

    return Evidence(
        settings={
            "scenes": "long_vehicle",
            **CAB,
            "steps": STEPS,
            "rates": [PLAIN, MIXED],
            "near": "0-8",
            "far": "20-40",
        },
        values=over_seeds(seeds, seeing),
    )


@claim(
    "R6",
    "M",
    "One large rate repeated leaves holes (gridding): fine texture is lost, and a mixed schedule keeps it.",
    seeds=3,
    paper="Wang et al. 2018 name the effect gridding and mix the rates (hybrid dilated convolution)",
    core=Core("fine cloth", "accuracy on cloth, mixed", "accuracy on cloth, one rate", bound=0.01,
              why="one point: the smallest gain that the papers of this course print as one"),
    secondary=(
        Secondary("labels along a vehicle change more often", "flips, one rate", "flips, mixed"),
        Secondary("mean IoU on vehicles", "mIoU, mixed", "mIoU, one rate"),
    ),
    remarks={
        "holds": "Cloth that only neighbours can read is lost to one rate at every seed. A vehicle's label suffers at "
        "some seeds only: its cab is wider than the holes, so that every lattice can find it."
    },
)  # fmt: skip
def gridding(seeds: Seeds) -> Evidence:
    """Varied: rate 4 six times, or 1, 2, 5, 9, 5, 2. Equal: the box (49 cells a side), parameters, steps, pictures.

    Which cells of the box are read is exact: 13 by 13 of 49 by 49, or all. `fine_texture` is read without a stem, whose
    nine neighbours would fill the holes; there only the lattice can be to blame, because every thread lies within the
    box of both networks.
    """

    def holes(seed: int) -> dict[str, float]:
        row = {}
        for word, rates in (("one rate", HOLES), ("mixed", MIXED)):
            row |= named(word, on_vehicles(of_vehicles(rates, seed)))
            net = train(started(partial(without_stem, rates), seed), "fine_texture", steps=120, seed=seed)
            prediction, label, _ = answers(net, held_out("fine_texture", 64))
            row[f"accuracy on cloth, {word}"] = accuracy(prediction, label, label > 0)
        return row

    return Evidence(
        settings={"rates": [HOLES, MIXED], "steps": {"long_vehicle": STEPS, "fine_texture": 120}},
        values=over_seeds(seeds, holes),
    )


def read_along_a_line(rates: tuple[int, ...]) -> tuple[int, int]:
    """The box's side, and how many of its cells some path of 3-tap layers reaches."""
    cells = {0}
    for rate in rates:
        cells = {cell + tap for cell in cells for tap in (-rate, 0, rate)}
    return max(cells) - min(cells) + 1, len(cells)


@claim(
    "R4",
    "M",
    "Resolution: at equal receptive field and parameters, dilation without downsampling keeps thin structures that "
    "pooling loses.",
    seeds=3,
    paper="Chen et al. 2018 (v3+), table 3: v3 has 77.21 at output stride 16 and 78.51 % mean IoU at 8 on VOC",
    core=Core("poles", "pole IoU, dilated", "pole IoU, pooled", bound=0.013,
              why="what half the stride brings DeepLab v3 over all pixels (v3+, table 3); here it is a quarter"),
    secondary=(
        Secondary("edges", "edge IoU, dilated", "edge IoU, pooled"),
        Secondary("whole", "mIoU, dilated", "mIoU, pooled"),
    ),
)  # fmt: skip
def resolution(seeds: Seeds) -> Evidence:
    """Varied: two 2x2 pools (field 65) or rates 1, 1, 2, 3, 4, 5 (field 67). Equal: parameters, steps, pictures."""

    def thin(seed: int) -> dict[str, float]:
        row = {}
        for word, build in (("pooled", pooled), ("dilated", dilated)):
            net = train(started(build, seed), "street", steps=250, seed=seed)
            prediction, label, _ = answers(net, held_out("street"))
            row |= named(word, {"pole IoU": iou(prediction, label, 6, 5), "edge IoU": edge_iou(prediction, label, 6)})
            row[f"mIoU, {word}"] = mean_iou(prediction, label, 6)
        return row

    return Evidence(
        settings={"scenes": "street", "steps": 250, "edge": "1 pixel on either side of a boundary"},
        values=over_seeds(seeds, thin),
    )


@claim(
    "R13",
    "M",
    "The context module on a front end lowers the error, more than longer training does.",
    seeds=3,
    paper="Yu and Koltun 2016, table 3: mean IoU 69.8 to 71.3 (basic) on VOC; random initialisation did not help",
    core=Core("more than training longer", "mIoU, context, identity", "mIoU, front end, twice as long", bound=0.015,
              why="the paper's own gain (table 3, 69.8 to 71.3)"),
    secondary=(
        Secondary("over the front end", "mIoU, context, identity", "mIoU, front end"),
        Secondary("by its identity initialisation", "mIoU, context, identity", "mIoU, context, xavier"),
    ),
)  # fmt: skip
def context(seeds: Seeds) -> Evidence:
    """The basic module, 600 parameters, learns on the three score maps of a front end of field 19 that stays as it is.

    The control is the same front end trained for all the steps that both have together: longer training must not
    explain the gain. The ablation is the module with the usual (Xavier) start.
    """

    def stages(seed: int) -> dict[str, float]:
        front = drive(started(front_end, seed), seed)
        longer = drive(started(front_end, seed), seed, steps=2 * STEPS)
        nets = {"front end": front, "front end, twice as long": longer}
        for start in ("identity", "xavier"):
            module = started(partial(ContextModule, 3, initialisation=start), seed)
            nets[f"context, {start}"] = drive(Labeller(Kept(front), module), seed + 1000)
        return {f"mIoU, {name}": on_vehicles(net)["mIoU"] for name, net in nets.items()}

    return Evidence(
        settings={"scenes": "long_vehicle", **CAB, "steps": STEPS, "field": {"front end": 19, "module": 67}},
        values=over_seeds(seeds, stages),
    )
