"""07 DeepLab v3 and v3+, measured: image pooling in ASPP, and the decoder that borrows edges from a low level."""

from functools import partial

import torch

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.context_heads import STEPS, aspp_net, pair, trained
from course_lib.evidence.cost import multiply_adds
from course_lib.evidence.small_training import answers, edge_iou, held_out, mean_iou, over_seeds, started, train
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l07_deeplab_v3_v3plus.networks import WAYS, SmallV3Plus


@claim(
    "V3",
    "M",
    "Image pooling added to ASPP helps where the evidence is global.",
    seeds=3,
    paper="Chen et al. 2017 (v3): 76.58 without and 77.21 % mean IoU with image pooling on VOC (ResNet-101)",
    core=Core("global evidence", "harbour, with", "harbour, without", bound=0.0063,
              why="the paper's own gain (76.58 to 77.21)"),
    secondary=(Secondary("evidence nearby", "skyline, with", "skyline, without"),),
    remarks={"holds": "Where the evidence lies within the rates, pooling brings nothing that three seeds could show."},
)  # fmt: skip
def image_pooling(seeds: Seeds) -> Evidence:
    """Varied: the last branch pools the whole picture, or does not; it is the same 1x1 layer in both,
    so that the parameters are equal.

    In the harbour (gap 26) the evidence lies beyond every rate of ASPP; in the skyline a building lies within them.
    """

    def branches(seed: int) -> dict[str, float]:
        row = {}
        for family, classes, first, knobs in (("harbour", 5, 3, {"gap": 26}), ("skyline", 4, 2, {})):
            for word, pooling in (("without", False), ("with", True)):
                net = trained(partial(aspp_net, classes, pooling), family, seed, **knobs)
                row[f"{family}, {word}"] = pair(net, family, first, first + 1, **knobs)["pair IoU"]
        return row

    return Evidence(
        settings={"steps": STEPS, "score": "IoU of the pair that looks alike", "gap": 26},
        values=over_seeds(seeds, branches),
    )


WIDER = (2, 4, 8)
BANDS = (1, *WIDER)


@claim(
    "V9",
    "M",
    "The decoder of v3+ improves boundaries over plain bilinear enlargement by 16.",
    seeds=3,
    paper="Chen et al. 2018 (v3+), section 4.4: the decoder gains 4.8 % mean IoU at the narrowest band (ResNet-101); "
    "table 3: 77.21 without and 78.85 % with it over all pixels",
    core=Core("over 16x, band of 1", "edge IoU, 1, decoder", "edge IoU, 1, plain 16x", bound=0.048,
              why="the paper's own effect at its narrowest band"),
    secondary=(
        *(Secondary(f"over 16x, band of {n}", f"edge IoU, {n}, decoder", f"edge IoU, {n}, plain 16x") for n in WIDER),
        Secondary("over zeros, band of 1", "edge IoU, 1, decoder", "edge IoU, 1, zeroed decoder"),
        Secondary("over 4x, band of 1", "edge IoU, 1, decoder", "edge IoU, 1, plain 4x"),
    ),
    remarks={
        "holds": "Nearly all of the gain comes from the low level: with zeros in its place the same layers gain "
        "little. A whole encoder at stride 4 has edges as good without any decoder, for more multiply-adds."
    },
)  # fmt: skip
def decoder_at_the_edges(seeds: Seeds) -> Evidence:
    """Varied: the way from the encoder to the picture's size. Equal: encoder, steps, pictures.

    The decoder has more layers than plain enlargement. The control is the same decoder with zeros where the low level
    would be: what the decoder gains over it is due to what it borrows. Enlargement by 4 is the dear rival: the whole
    encoder at stride 4 has the plain one's parameters and many times its multiply-adds.
    """
    scenes = held_out("street")

    def ways(seed: int) -> dict[str, float]:
        row = {}
        for way in WAYS:
            net = train(started(partial(SmallV3Plus, way), seed), "street", steps=300, seed=seed)
            prediction, label, _ = answers(net, scenes)
            row |= {f"edge IoU, {band}, {way}": edge_iou(prediction, label, 6, band) for band in BANDS}
            row[f"mIoU, {way}"] = mean_iou(prediction, label, 6)
        return row

    with torch.device("meta"):
        dear = {way: multiply_adds(SmallV3Plus(way), 64) for way in WAYS}
    return Evidence(
        settings={"scenes": "street", "steps": 300, "bands": "pixels on either side", "multiply-adds": dear},
        values=over_seeds(seeds, ways),
    )
