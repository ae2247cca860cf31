"""02 DeconvNet and SegNet, measured: what the stages of a decoder say of the class, of the shape and of the detail.

Thresholds and lengths of training were chosen on seeds from 100 on, which no row of the ledger uses.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.probe import remembered
from course_lib.evidence.small_training import BATCH, edge_iou, held_out, iou, over_seeds, started, train
from course_lib.evidence.verdict import Core, Evidence, Secondary, mean
from course_lib.lectures.l02_deconvnet_segnet.networks import CLASSES, MirroredStages
from course_lib.metrics import trimap
from course_lib.scenes import Scenes

STEPS = 150
STAGES = (1, 2, 3)
WAYS = ("switches", "bilinear")


@remembered
def on_street(way: str, seed: int) -> nn.Module:
    return train(started(partial(MirroredStages, way), seed), "street", steps=STEPS, seed=seed)


@torch.no_grad()
def stages_of(net: nn.Module, image: Tensor) -> list[dict[str, Tensor]]:
    parts = [net.stages(some) for some in image.split(BATCH)]
    return [{name: torch.cat([part[n][name] for part in parts]) for name in stage} for n, stage in enumerate(parts[0])]


def explained(maps: Tensor, label: Tensor, counted: Tensor | None = None) -> float:
    """The share of the maps' variance that the class explains: 1 when all pixels of a class answer alike."""
    stride = label.shape[-1] // maps.shape[-1]
    classes = F.one_hot(label[:, stride // 2 :: stride, stride // 2 :: stride].flatten(), CLASSES).double()
    values = maps.transpose(0, 1).flatten(1).double()
    weight = torch.ones_like(values) if counted is None else counted.transpose(0, 1).flatten(1).double()
    number, total = weight @ classes, (values * weight) @ classes
    middle = total.sum(1) ** 2 / number.sum(1)
    between = (total**2 / number.clamp_min(1)).sum(1) - middle
    return float(between.sum() / ((values**2 * weight).sum(1) - middle).sum())


@claim(
    "D4",
    "M",
    "Unpooling is example-specific, transposed convolution class-specific: beyond the zeros, the class explains more "
    "of a map once it is deconvolved.",
    seeds=3,
    paper="Noh et al. 2015, section 3.2 and figure 4 (activation maps, without a number)",
    core=Core("beyond the zeros", "all stages, deconvolved", "all stages, filled cells", bound=0.1,
              why="less than a tenth of the variance does not show in maps such as the paper's figure 4, its only "
              "evidence"),
    secondary=tuple(
        Secondary(f"stage {n}{word}", f"stage {n}, deconvolved, switches", f"stage {n}, {other}")
        for n in STAGES
        for word, other in (("", "enlarged, switches"), (", beyond the zeros", "filled cells"))
    ),
    remarks={
        "undecided": "Most of the leap is the zeros: they hide the class and do not destroy it. The filled cells of "
        "the first unpooled map say as much of the class as its deconvolved map; later stages add to it."
    },
)  # fmt: skip
def example_and_class(seeds: Seeds) -> Evidence:
    """Measured before and after the layers of each stage: the share of a map's variance that the true class explains.

    An unpooled map is zero in three cells of four, wherever the class is, and this alone makes pixels of one class
    differ. Two controls take that out: only the filled cells are counted; and the same network, trained with bilinear
    enlargement, has no empty cells. Equal: parameters, steps, pictures.
    """
    street = held_out("street")
    image, label, _ = street.batch(range(len(street)))

    def shares(seed: int) -> dict[str, float]:
        row = {}
        for way in WAYS:
            for number, stage in zip(STAGES, stages_of(on_street(way, seed), image)):
                row[f"stage {number}, enlarged, {way}"] = explained(stage["enlarged"], label)
                row[f"stage {number}, deconvolved, {way}"] = explained(stage["deconvolved"], label)
                if way == "switches":
                    row[f"stage {number}, filled cells"] = explained(stage["enlarged"], label, stage["filled"])
        for word, part in (("deconvolved", "deconvolved, switches"), ("filled cells", "filled cells")):
            row[f"all stages, {word}"] = mean([row[f"stage {n}, {part}"] for n in STAGES])
        return row

    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "score": "share of the variance that the class explains"},
        values=over_seeds(seeds, shares),
    )


@torch.no_grad()
def probed(train_maps: Tensor, train_label: Tensor, maps: Tensor, size: int) -> Tensor:
    """What one 1x1 layer can read from maps: fitted by least squares to the classes' shares, enlarged to labels."""
    stride = size // maps.shape[-1]
    shares = F.avg_pool2d(F.one_hot(train_label, CLASSES).permute(0, 3, 1, 2).float(), stride)
    known = F.pad(train_maps.transpose(0, 1).flatten(1).T.double(), (0, 1), value=1.0)
    wanted = shares.transpose(0, 1).flatten(1).T.double()
    ridge = 1e-3 * len(known) * torch.eye(known.shape[1], dtype=torch.double)
    weights = torch.linalg.solve(known.T @ known + ridge, known.T @ wanted).float()
    scores = torch.einsum("nchw,ck->nkhw", maps, weights[:-1]) + weights[-1][:, None, None]
    return enlarge(scores, size).argmax(1)


def enlarge(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, (size, size), mode="bilinear", align_corners=False)


def shape_iou(prediction: Tensor, label: Tensor) -> float:
    """Mean IoU of sky, road and bus farther than 3 pixels from every boundary: the coarse shape alone."""
    return iou(prediction, label.masked_fill(trimap(label, 3), 255), CLASSES, 0, 1, 2)


@claim(
    "D5",
    "M",
    "Shallow decoder layers give the coarse shape, deep ones the detail: the first stage holds more of the final shape "
    "than of the final edges.",
    seeds=3,
    paper="Noh et al. 2015, section 3.2 and figure 4 (activation maps, without a number)",
    core=Core("shape comes early", "shape, share at stage 1", "edges, share at stage 1", bound=0.1,
              why="a tenth of what the last stage shows: less would not be called earlier"),
    secondary=(
        Secondary("detail comes late", "edges, stage 3, switches", "edges, stage 1, switches"),
        Secondary("not the stride alone", "edges, truth through stride 4", "edges, stage 1, switches"),
        Secondary("the switches bring it", "edges gained, switches", "edges gained, bilinear"),
    ),
    remarks={
        "holds": "How much of the detail the stride or the switches account for, three seeds do not tell: some of it "
        "comes with bilinear enlargement, too."
    },
)  # fmt: skip
def coarse_then_fine(seeds: Seeds) -> Evidence:
    """Varied: the stage of the decoder that is read, by a 1x1 layer fitted on pictures of the training.

    A stage of stride 4 cannot show what is finer than 4 pixels. Two controls tell whether that is all there is to it:
    the truth through a map of the same stride, and the same network with bilinear enlargement, whose maps grow as
    large without being told where anything was. Equal: parameters, steps, pictures.
    """
    street = held_out("street")
    image, label, _ = street.batch(range(len(street)))
    allowed = enlarge(F.avg_pool2d(F.one_hot(label, CLASSES).permute(0, 3, 1, 2).float(), 4), 64).argmax(1)

    def readings(seed: int) -> dict[str, float]:
        row = {"edges, truth through stride 4": edge_iou(allowed, label, CLASSES)}
        known, truth, _ = Scenes("street", count=128, seed=seed).batch(range(128))
        for way in WAYS:
            net = on_street(way, seed)
            for n, fit, stage in zip(STAGES, stages_of(net, known), stages_of(net, image)):
                found = probed(fit["deconvolved"], truth, stage["deconvolved"], 64)
                row[f"shape, stage {n}, {way}"] = shape_iou(found, label)
                row[f"edges, stage {n}, {way}"] = edge_iou(found, label, CLASSES)
            row[f"edges gained, {way}"] = row[f"edges, stage 3, {way}"] - row[f"edges, stage 1, {way}"]
        for what in ("shape", "edges"):
            row[f"{what}, share at stage 1"] = row[f"{what}, stage 1, switches"] / row[f"{what}, stage 3, switches"]
        return row

    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "strides of the stages": [4, 2, 1]},
        values=over_seeds(seeds, readings),
    )
