"""08 The whole picture, measured: the families on one bench, and what the networks that were measured cost."""

from collections.abc import Mapping, Sequence

from course_lib.evidence import photograph_training, real_photographs
from course_lib.evidence.claim import TRAININGS, Seeds, claim
from course_lib.evidence.photograph_training import CROP
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l08_the_whole_picture import bench_painted
from course_lib.lectures.l08_the_whole_picture.bench import NO_SKIPS, WITHIN, forward_times
from course_lib.lectures.l08_the_whole_picture.bench_painted import Painter
from course_lib.lectures.l08_the_whole_picture.bench_photographs import EVERY, LITE, SMALL, Body, Student

SCORES = ("mIoU", "edge IoU")
PAPER = (
    "Zhao et al. 2017, table 7: FCN-8s 65.3 %, Chen et al. 2018 (v3+), table 7b: 82.1 % mean IoU on Cityscapes test, "
    "on bodies of very different cost"
)
# One question, one bound and one reason for all benches: so their verdicts compare.
CORE = Core(
    "DeepLab v3+ over FCN-8s", "mIoU, DeepLab v3+", "mIoU, FCN-8s", bound=0.0164,
    why="the last step alone, from v3 to v3+, gains that much in the paper's table 3 (77.21 to 78.85 %); the whole way "
    "from FCN-8s should gain no less",
)  # fmt: skip
SECONDARY = (
    Secondary("the same beside boundaries", "edge IoU, DeepLab v3+", "edge IoU, FCN-8s"),
    *(Secondary(f"v3+ over v3, {what}", f"{what}, DeepLab v3+", f"{what}, DeepLab v3") for what in SCORES),
    *(Secondary(f"U-Net over FCN-8s, {what}", f"{what}, U-Net", f"{what}, FCN-8s") for what in SCORES),
    Secondary("U-Net over v3+", "mIoU, U-Net", "mIoU, DeepLab v3+"),
)
CONTROLLED = (
    *SECONDARY,
    Secondary("FCN-8s over FCN without skips", "mIoU, FCN-8s", f"mIoU, {NO_SKIPS}"),
    Secondary("v3 over FCN without skips", "mIoU, DeepLab v3", f"mIoU, {NO_SKIPS}"),
)
EARLY = 80  # steps after which a look tells who learns fast
FAST = f"val after {EARLY} steps"
LEARNS_FAST = Secondary(f"DeepLab v3+ over FCN-8s, {FAST}", f"{FAST}, DeepLab v3+", f"{FAST}, FCN-8s")


@claim(
    "W1",
    "M",
    "On photographs, upon one ImageNet body, at equal multiply-adds, each trained to its plateau or a cap, DeepLab v3+ "
    "is ahead of FCN-8s by at least what the paper's decoder gains.",
    seeds=3,
    painted=("W4", "DeepLab v3+ over FCN-8s"),
    paper=PAPER,
    core=CORE,
    secondary=(*SECONDARY, LEARNS_FAST),
    remarks={
        "undecided": "The settings name the trainings that the cap stopped, two of v3+'s among them. After 80 steps "
        "v3+ was far behind: it learns more slowly, and ends no lower."
    },
)
def on_an_imagenet_body(seeds: Seeds) -> Evidence:
    """Varied: what stands on the body. Equal: the body and its ImageNet weights, multiply-adds within ten per cent,
    photographs and their order, augmentation, recipe, rule of the plateau (see `bench_photographs`).

    FCN-8s, v3 and v3+ share the body at output stride 16, so that they differ in their heads alone; so do today's
    toolboxes. U-Net's body needs a stride of 32. The looks on the way tell who learns fast. The time is that of a
    forward pass of one picture beside FCN-8s's, in one process and in turn: the best of three rounds for each seed.
    """
    return on_photographs(LITE, seeds)


@claim(
    "W6",
    "M",
    "On photographs, upon a small body from a random start, at equal multiply-adds, each trained to its plateau or a "
    "cap, DeepLab v3+ is ahead of FCN-8s by at least what the paper's decoder gains.",
    seeds=3,
    painted=("W4", "DeepLab v3+ over FCN-8s"),
    paper=PAPER,
    core=CORE,
    secondary=(*CONTROLLED, LEARNS_FAST),
    remarks={
        "undecided": "From a random start the seeds of FCN-8s, and those of U-Net, lie further apart than the means of "
        "any two networks."
    },
)
def on_a_random_body(seeds: Seeds) -> Evidence:
    """As in W1, but the body is the one of W4, and nothing has learned from other photographs. The control is an FCN
    that reads the last maps alone, as v3 does: what FCN-8s has over it are its skips.
    """
    return on_photographs(SMALL, seeds)


@claim(
    "W4",
    "M",
    "On painted avenues, from a random start, at equal multiply-adds, each trained to its plateau or a cap, DeepLab "
    "v3+ is ahead of FCN-8s by at least what the paper's decoder gains.",
    seeds=5,
    paper=PAPER,
    core=CORE,
    secondary=CONTROLLED,
    remarks=dict.fromkeys(
        ("holds", "undecided"),
        "The settings name the trainings that the cap stopped while they were still rising; all of U-Net's are among "
        "them.",
    ),
)
def at_equal_multiply_adds(seeds: Seeds) -> Evidence:
    """Varied: what stands on the body, with as many multiply-adds each. Equal: body, scenes, recipe, rule of the
    plateau (see `bench_painted`).

    The control is that of W6, the stride of U-Net's body that of W1. The time is that of a forward pass of one picture
    beside FCN-8s's, the best of three rounds for each seed.
    """
    return on_painted_avenues("multiply-adds", seeds)


@claim(
    "W5",
    "M",
    "On painted avenues, from a random start, at equal parameters, each trained to its plateau or a cap, DeepLab v3+ "
    "is ahead of FCN-8s by at least what the paper's decoder gains.",
    seeds=3,
    paper=PAPER,
    core=CORE,
    secondary=CONTROLLED,
    remarks={
        "undecided": "The settings name the trainings that the cap stopped while they were still rising. One of "
        "U-Net's met the rule early and ended far below its other two seeds."
    },
)
def at_equal_parameters(seeds: Seeds) -> Evidence:
    """As in W4, but with as many parameters each, so that v3+ takes more multiply-adds than the others."""
    return on_painted_avenues("parameters", seeds)


def on_painted_avenues(equal: str, seeds: Seeds) -> Evidence:
    """All families and the control on the small body, on painted avenues."""
    settings = {
        "scenes": f"{bench_painted.WORLD}, {bench_painted.SIDE} pixels",
        "network": "each family's head on a small body from a random start",
        "plateau": bench_painted.RULE,
        "equal": f"{equal}: {bench_painted.EQUAL[equal]:g}, within {WITHIN:.0%}",
    }
    runs = {
        seed: {name: photograph_training.kept(net, seed) for name, net in bench_painted.networks(equal).items()}
        for seed in seeds
    }
    return to_the_plateau(bench_painted.networks(equal), runs, bench_painted.SIDE, settings)


def on_photographs(body: Body, seeds: Seeds) -> Evidence:
    """All families and the control on one body, on the photographs of pets."""
    nets = body.students()
    settings = {
        **photograph_training.SETTINGS,
        "network": f"each family's head on {body.told}",
        "steps": "until the plateau",
        "rates of body and head": [body.rate, body.rate * body.head_factor],
        "plateau": body.plateau.told("val"),
        "of the test list": f"every {EVERY}th photograph",
        "boundary": real_photographs.BAND["boundary"],
        "equal": f"multiply-adds: {body.work / 1e6:g} million for a picture of {CROP} x {CROP}, within {WITHIN:.0%}",
    }
    runs = {seed: {name: photograph_training.kept(net, seed) for name, net in nets.items()} for seed in seeds}
    for run in (run for of_seed in runs.values() for run in of_seed.values()):
        run[FAST] = run["on the way"][: EARLY // body.plateau.every][-1]
    return to_the_plateau(nets, runs, CROP, settings, (FAST,))


def to_the_plateau(
    nets: Mapping[str, Painter | Student],
    runs: Mapping[int, Mapping[str, dict]],
    side: int,
    settings: dict,
    more: Sequence[str] = (),
) -> Evidence:
    """What the trainings of all seeds gave, and what the very networks that were trained cost."""

    def families(seed: int) -> dict[str, float]:
        asked = (*SCORES, "steps", *more)
        return {f"{what}, {name}": run[what] for what in asked for name, run in runs[seed].items()}

    def times(seed: int) -> dict[str, float]:
        built = {name: net.build(net.maps()) for name, net in nets.items()}
        return {f"time, {name}": ratio for name, ratio in forward_times(built, side, "FCN-8s").items()}

    values = over_seeds(list(runs), families) | over_seeds(list(runs), times)
    unsettled = [f"{name}, seed {seed}" for seed in runs for name, run in runs[seed].items() if not run["settled"]]
    return Evidence(
        settings={
            **settings,
            "stopped by the cap": unsettled or "none",
            "bench": {name: net.costs() for name, net in nets.items()},
            TRAININGS: sum(run["seconds"] for of_seed in runs.values() for run in of_seed.values()),
        },
        values=values,
    )
