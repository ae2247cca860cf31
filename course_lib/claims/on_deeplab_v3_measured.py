"""07 DeepLab v3 and v3+, measured: image pooling in ASPP."""

from functools import partial

from course_lib.claims.claim import Seeds, claim
from course_lib.claims.context_heads import STEPS, aspp_net, pair, trained
from course_lib.claims.evidence import Bound, Comparison, Evidence
from course_lib.claims.experiment import over_seeds


@claim(
    "V3",
    "M",
    "Image pooling added to ASPP helps where the evidence is global, and nowhere else.",
    seeds=3,
    paper="Chen et al. 2017 (v3): 76.58 without and 77.21 % mean IoU with image pooling on VOC (ResNet-101)",
)
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
        row["gain on skyline"] = row["skyline, with"] - row["skyline, without"]
        return row

    return Evidence(
        settings={"steps": STEPS, "score": "IoU of the pair that looks alike", "gap": 26},
        values=over_seeds(seeds, branches),
        comparisons=[Comparison("global evidence", "harbour, with", "harbour, without", 0.2)],
        bounds=[Bound("no gain nearby", "gain on skyline", low=-0.05, high=0.05)],
    )
